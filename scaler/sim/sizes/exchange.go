package sizes

import "math"

// Exchange brings a fleet to the nodes of one machine while it serves all the time.
//
// What is missing is ordered of that machine, and where there is too much the others go first: a count that rises and falls
// exchanges its nodes by itself, for nothing. Beyond that, at most Budget of the nodes are starting in place of others at
// a time, one at least, and a node goes only when what is left and ready carries what is wanted. With a budget of 0 nodes change
// by that attrition alone.
type Exchange struct {
	Budget float64 // share of the nodes, 0 up to 1
	Paused bool    // nothing is begun beyond attrition; what has been stays
}

// Toward changes nodes, which come as s.Nodes, towards count nodes of machine to.
func (e Exchange) Toward(machines []Machine, s *Step, to, count int, nodes []int) {
	const whole = 1e-9 // of a node, lost in rounding
	unit := machines[to].Capacity
	need := float64(count) * unit
	ordered, ready := s.capacity(machines)
	if short := need - ordered; short > whole*unit {
		n := int(math.Ceil(short/unit - whole))
		nodes[to] += n
		ordered += float64(n) * unit
	} else {
		// Others first, the largest price for what they carry before the rest.
		for {
			worst, price := -1, 0.0
			for k, n := range nodes {
				if p := machines[k].Price / machines[k].Capacity; n > 0 && k != to && p > price && e.spare(&machines[k], n > s.Ready[k], ordered, ready, need) {
					worst, price = k, p
				}
			}
			if worst < 0 {
				break
			}
			ordered, ready = take(machines, s, nodes, worst, ordered, ready)
		}
		keep := 0
		if e.Budget > 0 { // those that are to take the place of others stay
			keep = count
		}
		for nodes[to] > keep && e.spare(&machines[to], nodes[to] > s.Ready[to], ordered, ready, need) {
			ordered, ready = take(machines, s, nodes, to, ordered, ready)
		}
	}
	if e.Budget <= 0 || e.Paused {
		return
	}
	others := ordered-float64(nodes[to])*unit > whole*unit
	if missing := count - nodes[to]; others && missing > 0 {
		starting := nodes[to] - s.Ready[to]
		n := int(float64(e.Budget*float64(count))+whole) - starting
		if starting <= 0 {
			n = max(n, 1)
		}
		nodes[to] += min(max(n, 0), missing)
	}
}

// spare says whether a node of m may go: what is on order suffices without it, and if it serves so does what is ready.
func (e Exchange) spare(m *Machine, starting bool, ordered, ready, need float64) bool {
	edge := need * (1 - 1e-9)
	return ordered-m.Capacity >= edge && (starting || ready-m.Capacity >= edge)
}

// take takes one node of machine k and returns what is left on order and ready.
func take(machines []Machine, s *Step, nodes []int, k int, ordered, ready float64) (float64, float64) {
	if nodes[k] <= s.Ready[k] { // no other is starting
		ready -= machines[k].Capacity
	}
	nodes[k]--
	return ordered - machines[k].Capacity, ready
}
