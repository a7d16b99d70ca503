package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/compat"
)

// Controller decides how many replicas there should be.
//
// Decide is called once per step, in order, from the second step on. It returns the number of replicas to have ordered;
// the plant raises it to its smallest fleet. To leave the fleet alone, return s.Fleet.Ordered(). An error ends the run.
type Controller interface {
	Decide(s *Step) (int, error)
}

// Step is what a controller may know when it decides. The slices are the trace's own up to what is visible: read them, do
// not write. A Step is valid during the call that it is passed to.
type Step struct {
	// Index is the number of the step, from 0, and Time its start.
	Index int
	Time  time.Time
	// Length is the length of a step.
	Length time.Duration
	// Times holds the start of each step up to this one.
	Times []time.Time
	// Demand holds what has been measured so far: Demand[j] is the load during step j, NaN if it is a hole. It ends with
	// step Index-1 less the lag, and is empty while nothing has been seen.
	Demand []float64
	// First is the step that Times, Demand and Served begin with: 0, but for a Stream, which shows the newest alone.
	First int
	// Served holds the replicas that were ready in each of those steps. A Stream has none.
	Served []int32
	// Fleet is the fleet after this step's arrivals. Its Boot is zero: the configured boot time holds.
	Fleet policy.Fleet
}

// Result is a run: what the fleet was at each step of the trace, and the scores.
type Result struct {
	// Name is the policy's name in tables, "" if Run was called with a controller of the caller's.
	Name string
	// Ordered and Ready are the replicas ordered, which are billed, and those serving, for each step.
	Ordered, Ready []int32
	// Draining are the replicas that were released and are billed on, for each step; nil where Options.Drain is 0.
	Draining []int32
	// Found are the parameters of an HPA that a search in hindsight found to be the cheapest, nil for others.
	Found *compat.HPAParams
	// Watermarks are those that WPABest found to be the cheapest, as parts of a replica's capacity, nil for others.
	Watermarks *compat.WPAMetric
	// Tried is how every setting of a search in hindsight did, in the order of the search; nil for others.
	Tried []Tried
	Scores
}

// progressEvery is the number of steps between two looks at the context and two calls of Options.Progress.
const progressEvery = 1024

// Run plays a trace through a controller and scores it.
//
// The events are not shown to the controller: whoever makes one that uses them (see NewEngineController) gives them to it. They are
// needed for the score EventUnserved; nil is fine. Run fails if the options are not valid for the trace, if ctx ends, or if
// the controller fails; the error of a controller names the step.
func Run(ctx context.Context, t *Trace, events []forecast.Event, o Options, c Controller) (Result, error) {
	if err := o.Validate(t); err != nil {
		return Result{}, err
	}
	path := newPath(t, o)
	if err := play(ctx, t, o, c, path); err != nil {
		return Result{}, err
	}
	r := Result{Ordered: path.ordered, Ready: path.ready, Draining: path.draining}
	r.Scores = path.score(t, events, o)
	return r, nil
}

// path is what a fleet was at each step of a trace.
type path struct {
	ordered, ready []int32
	draining       []int32 // nil where none does
}

func newPath(t *Trace, o Options) path {
	p := path{ordered: make([]int32, t.Len()), ready: make([]int32, t.Len())}
	if o.Drain > 0 {
		p.draining = make([]int32, t.Len())
	}
	return p
}

// score judges the path.
func (p path) score(t *Trace, events []forecast.Event, o Options) Scores {
	s := score(t, events, o, p.ordered, p.ready)
	if p.draining != nil {
		billed := int64(0)
		for _, n := range p.draining[o.FirstScored(t):] {
			billed += int64(n)
		}
		hours := float64(billed) * t.Step.Hours()
		s.ReplicaHours += hours
		s.Cost += hours
	}
	return s
}

// plant is the mechanics of a fleet, as policy.Plant has them.
type plant interface {
	Arrive() int
	Order(n int) int
	Ready() int
	Starting() int
	Ordered() int
}

// newPlant returns the fleet with which a trace begins; many is the same fleet where it can do more than a plant.
func newPlant(t *Trace, o Options) (p plant, many *cohorts) {
	if !o.simple() {
		many = newCohorts(&o, t, firstFleet(t.Demand[0], o.Capacity))
		return many, many
	}
	return newSimplePlant(t.Demand[0], t.Len(), t.Step, o), nil
}

// firstFleet is the fleet with which a trace begins whose first demand is d.
func firstFleet(d, capacity float64) int { return replicasFor(d, capacity) + 1 }

// newSimplePlant is newPlant for n steps where every start takes the boot time. An order that would arrive behind the end
// of the trace never does: no need for memory until then.
func newSimplePlant(d float64, n int, step time.Duration, o Options) *policy.Plant {
	return policy.NewPlant(min(o.BootSteps(step), n), firstFleet(d, o.Capacity), o.floor())
}

// play is Run into memory of the caller's, made by newPath, and without scores.
func play(ctx context.Context, t *Trace, o Options, c Controller, into path) error {
	n := t.Len()
	lag := min(o.LagSteps(t.Step), n)
	plant, many := newPlant(t, o)
	shown := t.Demand
	if o.Shown != nil {
		shown = o.Shown
	}
	step := Step{Length: t.Step}
	for i := range n {
		if i%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			o.report(i, n)
		}
		if i > 0 {
			plant.Arrive()
			step.Index, step.Time, step.Times = i, t.Times[i], t.Times[:i+1:i+1]
			seen := max(i-lag, 0)
			step.Demand, step.Served = shown[:seen:seen], into.ready[:seen:seen]
			step.Fleet = policy.Fleet{Ready: plant.Ready(), Starting: plant.Starting()}
			want, err := c.Decide(&step)
			if err != nil {
				return fmt.Errorf("step %d (%s): %w", i, t.Spelling[i], err)
			}
			plant.Order(want)
		}
		if many != nil {
			many.Activate(t.Demand[i])
			if into.draining != nil {
				into.draining[i] = int32(many.Draining())
			}
		}
		into.ordered[i], into.ready[i] = int32(plant.Ordered()), int32(plant.Ready())
	}
	o.report(n, n)
	return nil
}

func (o Options) report(done, total int) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}
