// Command multicluster runs one deployment file on two clusters, eu and us, side by side: it compares the fingerprints of their
// engines, says in words in what the clusters differ, and shows what that comes to while both see the same evening with the
// same TV spot. It needs no network and ends after 20 minutes of virtual time.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
)

//go:embed clusters.yaml
var clusters []byte

//go:embed plan.yaml
var plan []byte

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// begin is a Saturday evening, eight minutes before the spot.
var begin = time.Date(2026, 3, 7, 20, 7, 0, 0, time.UTC)

func run(ctx context.Context, out io.Writer) error {
	noSecrets := func(string) (string, bool) { return "", false }
	eu, e1 := deploy.Load(clusters, "eu", noSecrets)
	us, e2 := deploy.Load(clusters, "us", noSecrets)
	if err := errors.Join(e1, e2); err != nil {
		return err
	}
	comparison := deploy.Diff(eu, us)
	fmt.Fprintf(out, "%s\n", comparison)

	now := begin
	parts := deploy.Parts{
		Clock: func() time.Time { return now },
		Sources: map[string]func(deploy.Part) (adapters.Source, error){
			"demand": func(p deploy.Part) (adapters.Source, error) { return demand(p.Step) },
		},
		Actuators: map[string]func(deploy.Part) (adapters.Actuator, error){
			"fleet": func(p deploy.Part) (adapters.Actuator, error) {
				return memory.NewActuator(memory.ActuatorConfig{Step: p.Step, Boot: p.Boot, Start: 12, Clock: func() time.Time { return now }})
			},
		},
		Calendars: map[string]func(deploy.Part) (calendar.Loader, error){"plan": func(deploy.Part) (calendar.Loader, error) { return planned{}, nil }},
	}
	inEU, e1 := eu.Build(parts)
	inUS, e2 := us.Build(parts)
	if err := errors.Join(e1, e2); err != nil {
		return err
	}

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tvisits/s\tshop eu\tshop us\tsearch eu\tsearch us\t")
	alike := true
	for ; now.Before(begin.Add(20 * time.Minute)); now = now.Add(time.Minute) { // Assembly.Run does this by the clock
		for _, a := range []*deploy.Assembly{inEU, inUS} {
			if err := errors.Join(a.Sync(ctx, now), a.Group.Tick(ctx, now)); err != nil {
				return err
			}
		}
		fmt.Fprintf(table, "%s\t%.0f\t%s\t%s\t%s\t%s\t\n", now.Format("15:04"), visits(now.Add(-time.Minute)),
			replicas(inEU, "shop"), replicas(inUS, "shop"), replicas(inEU, "search"), replicas(inUS, "search"))
		alike = alike && replicas(inEU, "search") == replicas(inUS, "search")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range comparison.Workloads {
		if p.Workload == "search" && p.Equal() && alike {
			fmt.Fprintln(out, "\nsearch has the same fingerprint in both, has seen the same, and has decided the same in each minute.")
		}
	}
	return nil
}

// planned is the calendar that both clusters read.
type planned struct{}

// Load implements calendar.Loader.
func (planned) Load(context.Context) (calendar.Content, error) {
	return calendar.Content{Data: plan}, nil
}

// replicas are those that a workload wants.
func replicas(a *deploy.Assembly, workload string) string {
	runner, _ := a.Group.Runner(workload)
	return fmt.Sprint(runner.Report().Decision.Replicas)
}

// demand is what the metrics of both clusters show: a day, and the evening to come.
func demand(step time.Duration) (adapters.Source, error) {
	source, err := memory.NewSource(memory.SourceConfig{Step: step})
	if err != nil {
		return nil, err
	}
	for at := begin.Add(-24 * time.Hour); at.Before(begin.Add(time.Hour)); at = at.Add(step) {
		source.Append(forecast.Sample{Time: at, Value: visits(at)})
	}
	return source, nil
}

// visits is the demand in the minute that begins at t: a day that rises and falls, a ripple, and what the spot brings.
func visits(t time.Time) float64 {
	minute := t.Hour()*60 + t.Minute()
	n := 40 + min(minute, 1440-minute)/6 + minute*37%13
	response := []int{25, 190, 130, 60, 30, 15, 5}
	if i := minute - (20*60 + 15); i >= 0 && i < len(response) && t.Day() == begin.Day() {
		n += response[i]
	}
	return float64(n)
}
