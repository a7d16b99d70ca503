package sizes

import (
	"context"
)

// Optimum returns the cheapest path of (size, count) for somebody who knows the whole trace and whose nodes are all of one size
// at a time.
//
// It minimises the price of the nodes and of unserved demand over the scored steps alone, the boot time of each node that
// comes in (exactly, not in whole steps), and what it costs to take nodes out. A change of size brings in all nodes of the new one and
// takes out all of the old one. The first fleet is free. Whoever knows the future orders early, so a node serves in the
// step in which it is counted. There is one node at least, and none beyond the peak or the machine's Max. With one machine and no
// price of taking out it is sim.Optimum times the price. Nodes and Ready of the result are equal; before the first scored step they hold
// its fleet. Of equally cheap paths it takes, from the last step backwards, the one that stays as it is.
//
// The time is O(steps * sizes * counts): with prices of change that are linear in the count, the least cost of coming from
// any count of the same size is two sweeps, and from any other size one number, the cheapest fleet to give up. For the path
// the costs of every sqrt(steps)-th step are kept and those between are computed again: memory is O(sqrt(steps) * sizes *
// counts), and the work twice as much. See Mixed for what fleets of several sizes could save.
func Optimum(ctx context.Context, c Case) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	first, t := c.Options.FirstScored(c.Trace), c.Trace
	w := newProgramme(&c)
	path, err := w.path(ctx, t.Demand[first:], func(done int) {
		if c.Options.Progress != nil {
			c.Options.Progress(done, t.Len()-first)
		}
	})
	if err != nil {
		return Result{}, err
	}
	nodes := c.uniform(0, make([]int32, t.Len()))
	machine := int(w.states[path[0]].machine)
	for i := range nodes {
		s := w.states[path[max(0, i-first)]]
		nodes[i][s.machine] = s.count
		if int(s.machine) != machine {
			machine = -1
		}
	}
	return Result{Name: Clairvoyant, Machine: machine, Nodes: nodes, Ready: nodes, Scores: c.score(nodes, nodes, true)}, nil
}

// Clairvoyant is the name of the result of Optimum.
const Clairvoyant = "clairvoyant"
