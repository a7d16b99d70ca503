// Command vmsize lets the engine choose how many nodes of which size a workload has: over a season in which demand grows fourfold and a TV
// campaign airs, with each change of sizes explained in money, and over a steady load with a spike every day, beside the rule
// of the Kubernetes Vertical Pod Autoscaler. It needs no network; all demand is generated, and the prices of the catalogue
// mean nothing beyond their order.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/sizes"
)

func main() {
	weeks := flag.Int("weeks", 8, "weeks of the season, 2 to 52")
	flag.Parse()
	if *weeks < 2 || *weeks > 52 || flag.NArg() > 0 {
		log.Fatalf("-weeks %d: wanted 2 to 52, and no other arguments", *weeks)
	}
	if err := run(context.Background(), os.Stdout, *weeks); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, weeks int) error {
	if err := playSeason(ctx, out, weeks); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return playSpikes(ctx, out)
}

const (
	penalty  = 20
	perCore  = 10.0 // visits a minute
	agents   = 0.1  // cores that agents take on every node besides what it keeps for itself
	bootTime = 3 * time.Minute
)

// caseOf is a trace with the sizes of the sample, the first of them the cheapest.
func caseOf(t *sim.Trace) (sizes.Case, error) {
	machines, err := sizes.Machines(sizes.Sample(), sizes.Load{
		PerDemand: sizing.Resources{CPU: 1 / perCore}, Base: sizing.Resources{CPU: agents}, Target: 1, Boot: bootTime,
	})
	if err != nil {
		return sizes.Case{}, err
	}
	o := sim.DefaultOptions(t)
	o.Boot, o.Penalty, o.Capacity, o.Warmup = bootTime, penalty, perCore, 0
	cfg, err := sim.EngineConfig(scaler.Config{}, t, o)
	return sizes.Case{Trace: t, Options: o, Machines: machines, Config: cfg}, err
}

// teller is the engine as a controller that tells of each change of the plan of sizes.
type teller struct {
	*sizes.Sizer
	out     io.Writer
	changes int
}

// Decide implements sizes.Controller.
func (t *teller) Decide(s *sizes.Step, nodes []int) error {
	if err := t.Sizer.Decide(s, nodes); err != nil {
		return err
	}
	if t.Changes > t.changes {
		t.changes = t.Changes
		d := t.Decision()
		fmt.Fprintf(t.out, "%s  %s\n", d.Time.Format("Mon 02 Jan 15:04"), d.Explain().Sizes)
	}
	return nil
}

// playSeason tells the season and compares what it cost.
func playSeason(ctx context.Context, out io.Writer, weeks int) error {
	t, events, err := season(weeks)
	if err != nil {
		return err
	}
	c, err := caseOf(t)
	if err != nil {
		return err
	}
	c.Events = events
	fmt.Fprintf(out, "A season of %d weeks, %d TV spots in its third quarter, every plan of sizes:\n\n", weeks, len(events))
	z, err := sizes.NewSizer(c, scaler.Sizes{})
	if err != nil {
		return err
	}
	engine, err := sizes.Run(ctx, c, 0, &teller{Sizer: z, out: out})
	if err != nil {
		return err
	}
	optimum, err := sizes.Optimum(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nChanges in %[2]d weeks: %[1]d. What the season cost, in the prices of the catalogue:\n\n", z.Changes, weeks)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "policy\tsize\tnodes\tunserved\tall\tover the optimum")
	line := func(name, size string, r sizes.Result) {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\t%.0f\t%.3f\n", name, size, r.Run+r.Boot, r.Unserved, r.Cost, r.Cost/optimum.Cost)
	}
	line("headroom", "chosen", engine)
	for k := range 4 { // the family with less memory: this workload needs no more
		one, err := c.Of(k)
		if err != nil {
			return err
		}
		e, err := sim.NewEngineController(one.Config, c.Events, c.Options.Announce)
		if err != nil {
			return err
		}
		r, err := sizes.Run(ctx, c, k, sizes.OneSize(k, e))
		if err != nil {
			return err
		}
		line("headroom", c.Machines[k].Name+" throughout", r)
	}
	hpa, _, err := sizes.Fixed(ctx, c, sim.KubeHPA)
	if err != nil {
		return err
	}
	line("Kubernetes HPA", c.Machines[hpa.Machine].Name+", best in hindsight", hpa)
	return w.Flush()
}

// playSpikes compares with VPA on a base load with a fourfold spike every day.
func playSpikes(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "A steady load with a fourfold spike at the same time every day, which nobody announces: 14 days, the last 7 scored.")
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "spike\tpolicy\tspike minutes short\tnodes\tunserved\tall")
	for _, minutes := range []int{10, 30, 60} {
		t, err := spikes(14, minutes)
		if err != nil {
			return err
		}
		c, err := caseOf(t)
		if err != nil {
			return err
		}
		c.Options.Warmup = 0.5
		line := func(name string, r sizes.Result) {
			short, all := shortMinutes(c, r)
			fmt.Fprintf(w, "%d min\t%s\t%d of %d\t%.0f\t%.0f\t%.0f\n", minutes, name, short, all, r.Run+r.Boot, r.Unserved, r.Cost)
		}
		r, err := c.Play(ctx, sizes.HeadroomSizes)
		if err != nil {
			return err
		}
		line("headroom", r)
		vpa, err := sizes.NewVertical(c, sizes.VPA, vpaNodes, 0)
		if err != nil {
			return err
		}
		if r, err = sizes.Run(ctx, c, 0, vpa); err != nil {
			return err
		}
		line(fmt.Sprintf("VPA, %d nodes", vpaNodes), r)
		r, count, err := sizes.VerticalBest(ctx, c, sizes.VPA, 0)
		if err != nil {
			return err
		}
		line(fmt.Sprintf("VPA, %d nodes: best in hindsight", count), r)
		r, err = c.Play(ctx, sizes.HPAAndVPA)
		if err != nil {
			return err
		}
		line("VPA's size, HPA's count", r)
		if r, err = sizes.Optimum(ctx, c); err != nil {
			return err
		}
		line("optimum", r)
	}
	return w.Flush()
}

// shortMinutes counts the scored minutes of spikes, and those of them in which more was asked for than what served could carry.
func shortMinutes(c sizes.Case, r sizes.Result) (short, all int) {
	for i := c.Options.FirstScored(c.Trace); i < c.Trace.Len(); i++ {
		if c.Trace.Demand[i] < 250 { // between the load and a spike
			continue
		}
		all++
		serves := 0.0
		for k, n := range r.Ready[i] {
			serves += float64(n) * c.Machines[k].Capacity
		}
		if c.Trace.Demand[i] > serves {
			short++
		}
	}
	return short, all
}

// vpaNodes is how many nodes VPA is given: it changes their size alone.
const vpaNodes = 4
