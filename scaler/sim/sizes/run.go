package sizes

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Controller decides how many nodes of each machine there should be.
//
// Decide is called once per step, in order, from the second step on. nodes comes with the nodes on order, one number for each of
// Case.Machines, and is left with those that are wanted. An error ends the run.
type Controller interface {
	Decide(s *Step, nodes []int) error
}

// Step is what a controller may know when it decides. It is valid during the call, and its slices are not to be written.
type Step struct {
	Index  int       // number of the step, from 0
	Time   time.Time // its start
	Length time.Duration
	// Times are the starts of the steps up to this one. Demand is what has been measured, as in sim.Step: NaN for a hole, up
	// to the step before less the lag.
	Times  []time.Time
	Demand []float64
	// Ready and Nodes are the nodes of each machine that serve, and those on order, ready or not.
	Ready, Nodes []int
}

// newest returns the last demand that is visible, NaN for a hole or if there is none.
func (s *Step) newest() float64 {
	if len(s.Demand) == 0 {
		return math.NaN()
	}
	return s.Demand[len(s.Demand)-1]
}

// capacity returns what all nodes on order carry, and those that serve.
func (s *Step) capacity(machines []Machine) (ordered, ready float64) {
	for k, n := range s.Nodes {
		ordered += float64(n) * machines[k].Capacity
		ready += float64(s.Ready[k]) * machines[k].Capacity
	}
	return ordered, ready
}

// Run plays the trace through a controller and scores it. The fleet begins as one of package sim does, with nodes of machine start alone.
//
// Nodes of each machine boot for its boot time and are billed from their order; the newest that is not ready goes first. All
// that are ready serve together. One node at least is kept, of the machine that has most of the capacity on order, and no
// machine has more than its Max.
func Run(ctx context.Context, c Case, start int, controller Controller) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	t, n, kinds := c.Trace, c.Trace.Len(), len(c.Machines)
	plants := make([]*policy.Plant, kinds)
	for k := range plants {
		first := 0
		m := &c.Machines[k]
		if k == start {
			first = 1
			if d := t.Demand[0]; d > 0 {
				first += int(math.Ceil(d / m.Capacity))
			}
			first = m.atMost(first)
		}
		plants[k] = policy.NewPlant(min(c.terms(m).BootSteps(t.Step), n), first, 0)
	}
	nodes, ready := c.uniform(0, make([]int32, n)), c.uniform(0, make([]int32, n))
	lag := min(c.Options.LagSteps(t.Step), n)
	step := Step{Length: t.Step, Ready: make([]int, kinds), Nodes: make([]int, kinds)}
	want := make([]int, kinds)
	for i := range n {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			c.report(i, n)
		}
		if i > 0 {
			for k, p := range plants {
				p.Arrive()
				step.Ready[k], step.Nodes[k], want[k] = p.Ready(), p.Ordered(), p.Ordered()
			}
			seen := max(i-lag, 0)
			step.Index, step.Time, step.Times = i, t.Times[i], t.Times[:i+1:i+1]
			step.Demand = t.Demand[:seen:seen]
			if err := controller.Decide(&step, want); err != nil {
				return Result{}, fmt.Errorf("step %d (%s): %w", i, t.Spelling[i], err)
			}
			c.order(plants, step.Nodes, want)
		}
		for k, p := range plants {
			nodes[i][k], ready[i][k] = int32(p.Ordered()), int32(p.Ready())
		}
	}
	c.report(n, n)
	r := Result{Machine: c.only(nodes), Nodes: nodes, Ready: ready, Scores: c.score(nodes, ready, false)}
	return r, nil
}

// order makes a fleet as it is wanted, as far as it may be.
func (c *Case) order(plants []*policy.Plant, was, want []int) {
	total := 0
	for k := range want {
		want[k] = c.Machines[k].atMost(max(want[k], 0))
		total += want[k]
	}
	if total == 0 {
		want[largest(c.Machines, was)] = 1
	}
	for k, p := range plants {
		p.Order(want[k])
	}
}

// atMost bounds a count by Max.
func (m *Machine) atMost(n int) int {
	if m.Max > 0 {
		return min(n, m.Max)
	}
	return n
}

// only returns the machine that all nodes of all steps are of, -1 if there are several.
func (c *Case) only(nodes [][]int32) int {
	machine := -1
	for _, at := range nodes {
		for k, n := range at {
			if n > 0 && machine != k {
				if machine >= 0 {
					return -1
				}
				machine = k
			}
		}
	}
	return machine
}

func (c *Case) report(done, total int) {
	if c.Options.Progress != nil {
		c.Options.Progress(done, total)
	}
}

// fixedCount is a controller of package sim for the nodes of one machine.
type fixedCount struct {
	machine int
	count   sim.Controller
	step    sim.Step
}

// OneSize returns a controller that has nodes of one machine alone, as many as a controller of package sim wants. It is shown
// no Served.
func OneSize(machine int, count sim.Controller) Controller {
	return &fixedCount{machine: machine, count: count}
}

// Decide implements Controller.
func (f *fixedCount) Decide(s *Step, nodes []int) error {
	f.step = s.forCount(policy.Fleet{Ready: s.Ready[f.machine], Starting: s.Nodes[f.machine] - s.Ready[f.machine]})
	n, err := f.count.Decide(&f.step)
	nodes[f.machine] = max(n, 1)
	return err
}

// forCount is the step as a controller of package sim sees it, with this fleet.
func (s *Step) forCount(fleet policy.Fleet) sim.Step {
	return sim.Step{Index: s.Index, Time: s.Time, Length: s.Length, Times: s.Times, Demand: s.Demand, Fleet: fleet}
}
