package sizes

import (
	"math"

	"github.com/headroom-go/headroom/scaler/sim"
)

// Scores judge a policy over the scored steps of a trace, in the currency of the prices.
type Scores struct {
	Cost     float64 // all of the following four
	Run      float64 // nodes, from their order on
	Boot     float64 // of the optimum: the boot times of nodes that come in; of others it is in Run
	Out      float64 // nodes that were taken out
	Unserved float64 // demand that was not served

	UnservedShare float64 // part of all demand that was not served, 0..1; 0 where there was none
	ChangesPerDay float64 // steps whose nodes on order differ from those of the step before
	SizesPerDay   float64 // steps in which the size of which most is ordered differs from the step before
	SizesPerWeek  float64 // changes of the plan of sizes, of an engine that has one
}

// Result is a run.
type Result struct {
	Name    string // the policy's name
	Machine int    // the size that was in use throughout, an index of Case.Machines; -1 where sizes changed
	// Nodes and Ready are the nodes ordered, which are billed, and those that serve: for each step, one number for each of
	// Case.Machines.
	Nodes, Ready [][]int32
	Scores
}

// score judges the nodes of each step. clairvoyant adds the boot times, which others pay in their nodes.
func (c *Case) score(nodes, ready [][]int32, clairvoyant bool) Scores {
	var s Scores
	t, hours, worth := c.Trace, c.Trace.Step.Hours(), c.Worth()
	first := c.Options.FirstScored(t)
	demand, unserved, changes, sizes := 0.0, 0.0, 0, 0
	for i := first; i < t.Len(); i++ {
		capacity, changed := 0.0, false
		for k, n := range nodes[i] {
			m := &c.Machines[k]
			s.Run += float64(float64(n)*m.Price) * hours
			capacity += float64(float64(ready[i][k]) * m.Capacity)
			if i == first {
				continue
			}
			was := nodes[i-1][k]
			changed = changed || n != was
			if n < was {
				s.Out += float64(float64(was-n) * m.Out)
			} else if clairvoyant {
				s.Boot += float64(float64(n-was) * m.in())
			}
		}
		if d := t.Demand[i]; d >= 0 {
			demand += d
			unserved += math.Max(0, d-capacity)
		}
		if changed {
			changes++
			if largest(c.Machines, nodes[i]) != largest(c.Machines, nodes[i-1]) {
				sizes++
			}
		}
	}
	s.Unserved = float64(unserved*hours) * worth
	s.Cost = s.Run + s.Boot + s.Out + s.Unserved
	if demand > 0 {
		s.UnservedShare = unserved / demand
	}
	days := float64(t.Len()-first) * hours / 24
	s.ChangesPerDay, s.SizesPerDay = float64(changes)/days, float64(sizes)/days
	return s
}

// largest is the machine of which nodes have most capacity, the first of equals.
func largest[T int | int32](machines []Machine, nodes []T) int {
	best, most := 0, -1.0
	for k, n := range nodes {
		if has := float64(n) * machines[k].Capacity; has > most {
			best, most = k, has
		}
	}
	return best
}

// uniform turns the counts of a fleet of one machine into nodes of all machines.
func (c *Case) uniform(machine int, counts []int32) [][]int32 {
	all := make([][]int32, len(counts))
	flat := make([]int32, len(counts)*len(c.Machines))
	for i, n := range counts {
		all[i], flat = flat[:len(c.Machines):len(c.Machines)], flat[len(c.Machines):]
		all[i][machine] = n
	}
	return all
}

// in returns a run of package sim with one machine as a result with sizes.
func (c *Case) in(machine int, r sim.Result) Result {
	nodes, ready := c.uniform(machine, r.Ordered), c.uniform(machine, r.Ready)
	return Result{Name: r.Name, Machine: machine, Nodes: nodes, Ready: ready, Scores: c.score(nodes, ready, r.Name == sim.Clairvoyant)}
}
