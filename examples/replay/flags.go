package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/ingest"
	"github.com/headroom-go/headroom/scaler/sim/sizes"
)

// flags are the command line. Other tools call it, so names and meanings are stable.
type flags struct {
	trace, events, config, timeline, report, catalog string
	capacity, penalty, warmup                        number
	boot, lag, announce                              forecast.Duration
	scoreFrom                                        moment
	bootTimes                                        sim.BootTimes
	failed                                           number
	giveUp, drain, activation                        forecast.Duration
	most                                             int
	zero                                             bool
	signal                                           sim.Signal
	seed                                             uint64
	policies, format, days, compare                  string
	controls                                         bool
	quiet                                            bool
	sweep                                            axes
	inject                                           injection
	fit                                              bool
	out                                              string
	input                                            ingest.Options
	step                                             forecast.Duration
	stream                                           bool
	disruption                                       number
	streamed                                         *sim.Stream // what -stream plays, once it is open

	explicit map[string]bool // the flags that were given
	names    []string        // the policies
	pair     []string        // the two of -compare, nil without
}

// number is a float64 whose parse error says what was wanted.
type number float64

func (n *number) UnmarshalText(b []byte) error {
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("wanted a number")
	}
	*n = number(v)
	return nil
}

func (n number) MarshalText() ([]byte, error) {
	if n == 0 { // no default of its own: the usage then shows none
		return nil, nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// moment is a time whose parse error says what was wanted.
type moment struct{ time.Time }

func (m *moment) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil || t.IsZero() {
		return fmt.Errorf("wanted RFC 3339 such as 2017-10-16T07:00:00Z")
	}
	m.Time = t
	return nil
}

func (m moment) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return m.Time.MarshalText()
}

// newFlagSet binds f to a set of flags that prints nothing by itself.
func newFlagSet(f *flags) *flag.FlagSet {
	set := flag.NewFlagSet("replay", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&f.trace, "trace", "", "play the trace in `FILE`, plain or .gz: CSV, JSON lines, OpenMetrics text, or the JSON of Prometheus or Datadog (default: a generated week)")
	set.StringVar(&f.input.TimeColumn, "time-column", "", "read times from the column or field of this `name` (default: a usual name, or the first)")
	set.StringVar(&f.input.ValueColumn, "value-column", "", "read demand from the column or field of this `name` (default: value, or the only one of numbers)")
	set.StringVar(&f.input.Series, "series", "", "of several series in the trace play the one of this `name`, or of this part of a name; sum adds them all")
	set.StringVar(&f.input.Kind, "kind", ingest.Auto, "the trace is a `gauge, counter or count`: counters and counts per interval become rates per second; auto: by the name")
	set.TextVar(&f.step, "step", forecast.Duration(0), "put the trace on a grid with steps of this `time` (default: its own, and timestamp,value as it stands)")
	set.BoolVar(&f.stream, "stream", false, "read the trace again for each policy instead of keeping it: for a year of seconds; needs -capacity, has no optimum")
	set.StringVar(&f.events, "events", "", "announce the events in `FILE`: CSV with a column timestamp; needs -trace")
	set.TextVar(&f.capacity, "capacity", number(0), "demand that one replica carries, as a `number` (default: larger of p95/40 and max/2000 of the trace)")
	set.TextVar(&f.boot, "boot", forecast.Duration(120*time.Second), "`time` from the order of a replica until it serves")
	set.TextVar(&f.penalty, "penalty", number(20), "cost of unserved demand over the cost of the replicas for it, as a `number`")
	set.TextVar(&f.lag, "lag", forecast.Duration(0), "`time` by which measurements come late")
	set.TextVar(&f.warmup, "warmup", number(0.3), "`part` of the trace that is played before scoring starts, 0 to less than 1")
	set.TextVar(&f.scoreFrom, "score-from", moment{}, "score from this `time` on (RFC 3339), whatever -warmup says")
	set.TextVar(&f.announce, "announce", forecast.Duration(24*time.Hour), "`time` before its start at which an event becomes known")
	set.TextVar(&f.bootTimes, "boot-times", sim.BootTimes{}, "`times` that boots take: quantiles such as 60s:0.5,120s:0.9,300s:0.99 or lognormal:MEDIAN,P95; policies are told -boot (then by default the 0.95 quantile)")
	set.TextVar(&f.failed, "failed-starts", number(0), "`share` of starts that never serve")
	set.TextVar(&f.giveUp, "give-up", forecast.Duration(15*time.Minute), "`time` until a failed start, billed and counted as starting, is given up")
	set.TextVar(&f.drain, "drain", forecast.Duration(0), "`time` for which a released replica is billed on, and serves nothing")
	set.IntVar(&f.most, "cap", 0, "largest `number` of replicas there are, whatever is ordered (default: no bound)")
	set.BoolVar(&f.zero, "zero", false, "allow a fleet without replicas (the engine goes there only if its configuration says when)")
	set.TextVar(&f.activation, "activation", forecast.Duration(0), "`time` in which demand raises a fleet without replicas to one by itself, with -zero (default: it does not)")
	set.TextVar(&f.signal, "signal", sim.SignalDemand, "feed the forms of the HPA with demand or with `utilisation`, which ends at 100 %")
	set.Uint64Var(&f.seed, "seed", 0, "`seed` of all that is drawn")
	set.StringVar(&f.config, "config", "", "read the engine's configuration from `FILE`, JSON or YAML; explicit flags win over it")
	set.StringVar(&f.policies, "policies", "all", "play the policies in this `list`: all, or names with commas between")
	set.StringVar(&f.format, "format", "table", "print a `table or json`; with -sweep and -inject also csv")
	set.Var(&f.sweep, "sweep", "play the engine with each value of `PATH=VALUES`, such as penalty=5:50:5 or boot=30s,2m; again for a second axis")
	set.Var(&f.inject, "inject", "plant events into the trace, and map where announcing them, detecting them and head-room win: `TERMS` such as \"amplitude=3 rise=0s,2m,10m boot=30s,2m,15m decay=8m jitter=30s scatter=0.5 every=4h\", all optional but the first")
	set.BoolVar(&f.fit, "fit", false, "propose seasons, gains, bins and experts from the first six tenths of the trace, and price them on the rest")
	set.StringVar(&f.out, "out", "", "write the results to `FILE` instead of standard output")
	set.StringVar(&f.days, "days", "", "print what each day cost, by `date or worst` (of the first policy)")
	set.StringVar(&f.compare, "compare", "", "print the difference between two `policies`, A,B, by day, with a 95 % interval")
	set.BoolVar(&f.controls, "controls", false, "play headroom and hpa again with plans and metrics that are wrong, and print the harm")
	set.StringVar(&f.timeline, "timeline", "", "write the engine's ordered count at every step to `FILE`, CSV time,desired")
	set.StringVar(&f.report, "report", "", "write an HTML report to `FILE` (default: "+defaultReport+" if no flag is given, else none)")
	set.StringVar(&f.catalog, "catalog", "", "choose among the VM sizes in `FILE`, CSV or JSON with prices, also a cloud's export; -capacity is then what a core carries, costs are money (policies: "+strings.Join(sizes.Policies(), ", ")+")")
	set.TextVar(&f.disruption, "disruption", number(0), "`price` of taking a node out, with -catalog")
	set.BoolVar(&f.quiet, "quiet", false, "show no progress")
	return set
}

// usage prints the flags, which were asked for.
func usage(w io.Writer) {
	fmt.Fprintln(w, "replay plays a demand trace through autoscaling policies and prints what each would have cost.")
	fmt.Fprintf(w, "Policies: %s.\n", strings.Join(sim.Policies(), ", "))
	set := newFlagSet(new(flags))
	set.SetOutput(w)
	set.PrintDefaults()
}

// parseFlags reads the command line and checks what can be checked without a file being read.
func parseFlags(args []string) (*flags, error) {
	f := &flags{explicit: map[string]bool{}}
	set := newFlagSet(f)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	set.Visit(func(given *flag.Flag) { f.explicit[given.Name] = true })
	if set.NArg() > 0 {
		return nil, fmt.Errorf("argument %q: wanted flags only, such as -trace %s", set.Arg(0), set.Arg(0))
	}
	for _, name := range []string{"trace", "events", "config", "timeline", "report", "catalog", "out"} {
		if f.explicit[name] && set.Lookup(name).Value.String() == "" {
			return nil, fmt.Errorf("-%s is empty: wanted the name of a file", name)
		}
	}
	if f.events != "" && f.trace == "" {
		return nil, fmt.Errorf("-events %s: wanted -trace too; the generated trace has its own events", f.events)
	}
	if err := f.checkMode(); err != nil {
		return nil, err
	}
	if err := f.checkInput(); err != nil {
		return nil, err
	}
	var err error
	if f.catalog == "" {
		if f.names, err = sim.ParsePolicies(f.policies); err != nil {
			return nil, fmt.Errorf("-policies: %w", err)
		}
	}
	if err := f.checkCatalog(); err != nil {
		return nil, err
	}
	if f.explicit["days"] && f.days != "date" && f.days != "worst" {
		return nil, fmt.Errorf("-days %q: wanted date or worst", f.days)
	}
	if f.explicit["compare"] {
		if f.pair, err = f.comparePair(); err != nil {
			return nil, fmt.Errorf("-compare %q: %w", f.compare, err)
		}
	}
	if err := f.checkStream(); err != nil {
		return nil, err
	}
	if f.timeline != "" {
		if !slices.Contains(f.names, sim.Headroom) {
			return nil, fmt.Errorf("-timeline %s: it holds the engine's decisions; wanted %s among -policies", f.timeline, sim.Headroom)
		}
		if err := f.checkOutput(f.timeline); err != nil {
			return nil, fmt.Errorf("-timeline %s: %w", f.timeline, err)
		}
	}
	if f.out != "" {
		if err := f.checkOutput(f.out); err != nil {
			return nil, fmt.Errorf("-out %s: %w", f.out, err)
		}
	}
	if len(f.explicit) == 0 || len(f.explicit) == 1 && f.explicit["quiet"] {
		f.report = defaultReport
	}
	if f.report != "" {
		if err := f.checkOutput(f.report); err != nil {
			return nil, fmt.Errorf("-report %s: %w", f.report, err)
		}
		if f.timeline != "" && filepath.Clean(f.timeline) == filepath.Clean(f.report) {
			return nil, fmt.Errorf("-report %s: -timeline goes there; wanted another file", f.report)
		}
	}
	return f, nil
}

// defaultReport is where the report of a call without flags goes; -quiet does not count.
const defaultReport = "headroom-report.html"

// checkOutput finds what would keep a file from being written before a long run, not after it.
func (f *flags) checkOutput(path string) error {
	if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
		return fmt.Errorf("wanted a file in a directory that exists")
	}
	there, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // a new file
	case err != nil:
		return err
	case there.IsDir():
		return errors.New("it is a directory; wanted a file")
	}
	for _, input := range []string{f.trace, f.events, f.config, f.catalog} {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, there) {
			return fmt.Errorf("it is an input; wanted another file")
		}
	}
	return nil
}
