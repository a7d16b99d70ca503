package sim

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Control is a case that was disturbed on purpose, and what that did to the engine and to the Kubernetes rule at its defaults.
// The demand, the plant and the optimum are those of the undisturbed case; what the policies are told is not.
type Control struct {
	// Name says what was done; the first of a list is "undisturbed".
	Name     string
	Headroom Harm
	HPA      Harm
}

// Harm is what a policy came to.
type Harm struct {
	Ratio         float64 // cost over that of the optimum
	Unserved      float64 // part of the demand, 0..1
	EventUnserved float64 // part of the excess around the true events, 0..1; NaN without events
}

// disturbance makes a disturbed case of a case.
type disturbance struct {
	name  string
	event bool // it is about the plan of events, of which HPA knows nothing
	make  func(c Case, chance *rand.Rand) (Case, error)
}

// Controls plays negative controls: the case as it is, and then with a plan of events that is wrong, with metrics that
// are missing, and with metrics that come late. Whoever trusts a plan or a metric must be told what it costs when they are wrong.
//
// Without a plan those about it are left out. What is drawn depends on Options.Seed and on the name of a control. As many
// runs play at a time as the processor has cores; the result does not depend on it. Options.Progress is called by the
// caller's goroutine alone, with the steps of all runs.
func Controls(ctx context.Context, c Case) ([]Control, error) {
	all := slices.Concat([]disturbance{{name: "undisturbed"}}, planDisturbances(), metricDisturbances())
	if len(c.plan()) == 0 {
		all = slices.DeleteFunc(all, func(d disturbance) bool { return d.event })
	}
	runs := []controlRun{{c: c, policy: Clairvoyant}}
	for _, d := range all {
		one := controlRun{c: c, control: d.name, policy: Headroom}
		if d.make != nil {
			var err error
			if one.c, err = d.make(c, rand.New(rand.NewPCG(c.Options.Seed, nameSeed(d.name)))); err != nil {
				return nil, fmt.Errorf("%s: %w", d.name, err)
			}
		}
		runs = append(runs, one)
		if !d.event {
			one.policy = KubeHPA
			runs = append(runs, one)
		}
	}
	n := c.Trace.Len()
	report := func(done int) { c.Options.report(done, len(runs)*n) }
	err := spread(ctx, len(runs), runtime.GOMAXPROCS(0), report, func(played func(steps int)) func(context.Context, int) error {
		return func(ctx context.Context, i int) error { return runs[i].play(ctx, played) }
	})
	if err != nil {
		return nil, err
	}
	against := &Comparison{Case: c, Optimum: runs[0].result}
	var controls []Control
	for _, run := range runs[1:] {
		harm := Harm{against.Ratio(run.result), run.result.Unserved, run.result.EventUnserved}
		if run.policy == KubeHPA {
			controls[len(controls)-1].HPA = harm
			continue
		}
		controls = append(controls, Control{Name: run.control, Headroom: harm})
		if len(controls) > 1 { // an HPA that is not played knows of no plan
			controls[len(controls)-1].HPA = controls[0].HPA
		}
	}
	return controls, nil
}

// controlRun is a policy that plays a disturbed case.
type controlRun struct {
	c               Case
	control, policy string
	result          Result
}

func (r *controlRun) play(ctx context.Context, played func(steps int)) error {
	c := r.c
	c.Options = c.Options.counting(c.Trace.Len(), played)
	var err error
	if r.result, err = c.Play(ctx, r.policy); err != nil {
		return fmt.Errorf("%s: %w", r.control, err)
	}
	r.result.Ordered, r.result.Ready, r.result.Draining = nil, nil, nil // nobody looks at them: the memory is another run's
	return nil
}

// nameSeed is the FNV-1a hash of a name (Fowler, Noll and Vo): controls draw apart from each other, whichever are played.
func nameSeed(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// planDisturbances are those of the plan of events.
func planDisturbances() []disturbance {
	plan := func(name string, edit func(events []forecast.Event, t *Trace, chance *rand.Rand) []forecast.Event) disturbance {
		return disturbance{name, true, func(c Case, chance *rand.Rand) (Case, error) {
			c.Announced = edit(slices.Clone(c.plan()), c.Trace, chance)
			slices.SortStableFunc(c.Announced, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
			return c, nil
		}}
	}
	all := []disturbance{
		plan("no plan", func([]forecast.Event, *Trace, *rand.Rand) []forecast.Event { return []forecast.Event{} }),
		plan("as many phantoms beside the plan", func(events []forecast.Event, t *Trace, chance *rand.Rand) []forecast.Event {
			return append(events, phantoms(events, t, chance)...)
		}),
		plan("a plan of phantoms", phantoms),
		plan("labels and weights shuffled", func(events []forecast.Event, _ *Trace, chance *rand.Rand) []forecast.Event {
			from := slices.Clone(events)
			for i, k := range chance.Perm(len(events)) {
				events[i].Labels, events[i].Weight = from[k].Labels, from[k].Weight
			}
			return events
		}),
	}
	for _, by := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} {
		for _, shift := range []time.Duration{-by, by} {
			name := "announced " + strconv.Itoa(int(by.Minutes())) + " min too early"
			if shift > 0 {
				name = "announced " + strconv.Itoa(int(by.Minutes())) + " min too late"
			}
			all = append(all, plan(name, func(events []forecast.Event, _ *Trace, _ *rand.Rand) []forecast.Event {
				return shifted(events, shift)
			}))
		}
	}
	return append(all, plan("announced for the next day", func(events []forecast.Event, _ *Trace, _ *rand.Rand) []forecast.Event {
		return shifted(events, 24*time.Hour)
	}))
}

// shifted moves every event. events is the caller's own.
func shifted(events []forecast.Event, by time.Duration) []forecast.Event {
	for i := range events {
		events[i].Start = events[i].Start.Add(by)
	}
	return events
}

// phantoms are as many events as there are, like them in all but their time, which is anywhere in the trace.
func phantoms(events []forecast.Event, t *Trace, chance *rand.Rand) []forecast.Event {
	span := t.Times[t.Len()-1].Sub(t.Times[0])
	ghosts := slices.Clone(events)
	for i := range ghosts {
		ghosts[i].ID = "phantom-" + strconv.Itoa(i+1)
		ghosts[i].Start = t.Times[0].Add(time.Duration(chance.Float64() * float64(span)))
	}
	return ghosts
}

// metricDisturbances are those of the metrics.
func metricDisturbances() []disturbance {
	return []disturbance{
		{"metrics missing for an hour around each day's peak", false, func(c Case, _ *rand.Rand) (Case, error) {
			c.Options.Shown = withoutPeaks(c.Trace, c.Options.Shown)
			return c, nil
		}},
		{"metrics one step later, engine not told", false, func(c Case, _ *rand.Rand) (Case, error) {
			c.Options.Lag += c.Trace.Step
			return c, nil
		}},
		{"ten times the metric delay, engine not told", false, func(c Case, _ *rand.Rand) (Case, error) {
			c.Options.Lag = tenfold(c)
			return c, nil
		}},
		{"ten times the metric delay, engine told", false, func(c Case, _ *rand.Rand) (Case, error) {
			c.Options.Lag = tenfold(c)
			var err error
			c.Config, err = EngineConfig(c.Config, c.Trace, c.Options)
			return c, err
		}},
	}
}

// tenfold is ten times the lag, or ten steps where there is none.
func tenfold(c Case) time.Duration {
	if c.Options.Lag == 0 {
		return 10 * c.Trace.Step
	}
	return 10 * c.Options.Lag
}

// withoutPeaks is what is shown, nil for the demand, without the half hours before and after the largest demand of each day
// in UTC; that step itself is always gone.
func withoutPeaks(t *Trace, shown []float64) []float64 {
	if shown == nil {
		shown = t.Demand
	}
	shown = slices.Clone(shown)
	half := stepsWithin(30*time.Minute, t.Step)
	for _, s := range daySpans(t, Options{}) {
		peak := -1
		for i := s.from; i < s.to; i++ {
			if t.Demand[i] >= 0 && (peak < 0 || t.Demand[i] > t.Demand[peak]) {
				peak = i
			}
		}
		if peak < 0 {
			continue
		}
		shown[peak] = math.NaN()
		for i := max(peak-half, 0); i < min(peak+half, t.Len()); i++ {
			shown[i] = math.NaN()
		}
	}
	return shown
}

// WriteControls writes controls as text: a line for each, with what the engine and HPA came to.
func WriteControls(w io.Writer, controls []Control) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	width := len("control")
	for _, c := range controls {
		width = max(width, len(c.Name))
	}
	fmt.Fprintf(tab, "%-*s\t%s\tunserved\tevents\t%s\tunserved\tevents\t\n", width, "control", Headroom, KubeHPA)
	for _, c := range controls {
		fmt.Fprintf(tab, "%-*s\t", width, c.Name)
		for _, h := range []Harm{c.Headroom, c.HPA} {
			fmt.Fprintf(tab, "%s\t%s\t%s\t", decimal(h.Ratio, 3, ""), decimal(100*h.Unserved, 3, "%"), decimal(100*h.EventUnserved, 1, "%"))
		}
		fmt.Fprintln(tab)
	}
	return tab.Flush()
}

// controlJSON is a control as -format json writes it.
type controlJSON struct {
	Name     string   `json:"name"`
	Headroom harmJSON `json:"headroom"`
	HPA      harmJSON `json:"hpa"`
}

type harmJSON struct {
	Ratio         *float64 `json:"ratio"`
	Unserved      *float64 `json:"unserved"`
	EventUnserved *float64 `json:"event_unserved"`
}

func (c Control) json() controlJSON {
	harm := func(h Harm) harmJSON { return harmJSON{orNull(h.Ratio), orNull(h.Unserved), orNull(h.EventUnserved)} }
	return controlJSON{c.Name, harm(c.Headroom), harm(c.HPA)}
}
