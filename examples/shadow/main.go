// Command shadow runs the engine beside a Kubernetes HPA without touching anything, on the data of a Prometheus server, and
// prints for every hour what each has cost. Without flags it plays two days of generated demand that a server of its own
// answers for, in virtual time, and needs no network; with -prometheus it plays what a real server remembers, and with -follow it
// goes on from there, in real time, until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/scaler"
)

// terms are the command line.
type terms struct {
	server, tokenFile     string // of Prometheus
	demand, ready, wanted string // queries
	plan                  string // file of announced events
	from, to              time.Time
	backfill, step, boot  time.Duration
	capacity, penalty     float64
	target                int
	follow                bool
	explain               int

	announced []forecast.Event // of plan, or generated
}

func main() { command.Main(run) }

// run is the command without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command.ExitCode(shadow(ctx, args, stdout, stderr), "shadow", stdout, stderr, func(w io.Writer) {
		flags(&terms{}, new(string), new(string), w).Usage()
	})
}

// shadow parses the command line and plays it.
func shadow(ctx context.Context, args []string, out, errs io.Writer) error {
	t, err := parse(args, time.Now())
	if err != nil {
		return err
	}
	if t.server == "" {
		story, err := generate()
		if err != nil {
			return err
		}
		address, stop, err := story.serve()
		if err != nil {
			return err
		}
		defer stop()
		story.on(&t, address)
	}
	return play(ctx, t, out, slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// flags are the command line; from and to take the times as text.
func flags(t *terms, from, to *string, usage io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("shadow", flag.ContinueOnError)
	f.SetOutput(usage)
	f.StringVar(&t.server, "prometheus", "", "`address` of a Prometheus server, such as http://localhost:9090 (none: generated demand)")
	f.StringVar(&t.tokenFile, "token-file", "", "`file` with a bearer token for it")
	f.StringVar(&t.demand, "query", "", "`expression` of demand: all that comes in, of all replicas together")
	f.StringVar(&t.ready, "ready", "", "`expression` of the replicas that serve, such as kube_deployment_status_replicas_ready{deployment=\"shop\"} (none: the HPA is played, too)")
	f.StringVar(&t.wanted, "desired", "", "`expression` of the replicas that are wanted, such as kube_deployment_spec_replicas{deployment=\"shop\"}")
	f.StringVar(&t.plan, "events", "", "`file` of announced events: media plan, YAML, JSON or iCalendar")
	f.StringVar(from, "from", "", "`time` (RFC 3339) at which to begin (two days before the end)")
	f.StringVar(to, "to", "", "`time` (RFC 3339) at which to end (now)")
	f.DurationVar(&t.backfill, "backfill", 8*24*time.Hour, "history that the engine learns from before it begins")
	f.DurationVar(&t.step, "step", time.Minute, "interval of samples and decisions")
	f.DurationVar(&t.boot, "boot", 2*time.Minute, "time from an order until a replica serves")
	f.Float64Var(&t.capacity, "capacity", 10, "demand that one replica carries")
	f.Float64Var(&t.penalty, "penalty", 20, "price of a replica's worth of unserved demand, in prices of a replica")
	f.IntVar(&t.target, "hpa-target", 70, "utilisation in percent that a played HPA aims at")
	f.BoolVar(&t.follow, "follow", false, "go on in real time until interrupted")
	f.IntVar(&t.explain, "explain", 3, "`number` of decisions to explain at the end")
	return f
}

func parse(args []string, now time.Time) (terms, error) {
	var t terms
	var from, to string
	f := flags(&t, &from, &to, io.Discard)
	if err := f.Parse(args); err != nil {
		return t, err
	}

	var faults scaler.Faults
	check := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	check(f.NArg() == 0, "arguments", fmt.Sprintf("%q", f.Args()), "flags alone")
	check((t.server == "") == (t.demand == ""), "-query", fmt.Sprintf("%q", t.demand), "an expression with -prometheus, and none without")
	check((t.ready == "") == (t.wanted == ""), "-desired", fmt.Sprintf("%q", t.wanted), "an expression with -ready, and none without")
	check(t.server != "" || t.ready == "" && t.plan == "" && !t.follow && from == "" && to == "", "-prometheus", `""`,
		"an address for -ready, -desired, -events, -from, -to and -follow")
	check(!t.follow || to == "", "-to", to, "none with -follow")
	check(t.step >= time.Second, "-step", t.step.String(), "1s or more") // the rest of what they must be says the engine
	check(t.target > 0, "-hpa-target", fmt.Sprint(t.target), "more than 0")
	check(t.explain >= 0, "-explain", fmt.Sprint(t.explain), "0 or more")
	moment := func(field, text string, standard time.Time) time.Time {
		if text == "" {
			return standard
		}
		at, err := time.Parse(time.RFC3339, text)
		check(err == nil, field, text, "RFC 3339, such as 2026-03-07T18:00:00Z")
		return at
	}
	t.to = moment("-to", to, now)
	t.from = moment("-from", from, t.to.Add(-48*time.Hour))
	check(t.from.Before(t.to), "-from", t.from.Format(time.RFC3339), "before the end, "+t.to.Format(time.RFC3339))
	if len(faults) > 0 {
		return t, faults
	}
	t.from, t.to = t.from.Truncate(t.step), t.to.Truncate(t.step)
	return t, nil
}

// events reads the plan.
func (t *terms) events() error {
	if t.plan == "" {
		return nil
	}
	data, err := os.ReadFile(t.plan)
	if err != nil {
		return err
	}
	plan, err := calendar.Read(data, t.plan, calendar.ReadConfig{From: t.from.Add(-t.backfill), To: t.to.AddDate(0, 1, 0), Window: 30 * time.Second})
	t.announced = plan.Events()
	return err
}

// source asks the server one thing.
func (t *terms) source(query string, logger *slog.Logger) (adapters.Source, error) {
	return prometheus.NewSource(prometheus.SourceConfig{URL: t.server, TokenFile: t.tokenFile, Query: query, Step: t.step, Logger: logger})
}
