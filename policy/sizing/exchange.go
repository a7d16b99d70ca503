package sizing

import "math"

// Kind is a size as a Planner sees it. Its Capacity is in replicas.
type Kind struct {
	Candidate
	// Class is the index of the boot time of its nodes, in the order in which Situation.Demand has them.
	Class int
	// Open says that nodes of it may be ordered. Those that are there are priced and used all the same.
	Open bool
	// Learned says that what a node carries was measured, or is not to be.
	Learned bool
}

// Pool is the nodes of one size.
type Pool struct {
	Ready int // that serve
	Nodes int // on order, ready or not: as they are, and after Exchange.Next as they should be
	Want  int // of the plan, once it is carried out
}

// Exchange brings a fleet to the nodes of a plan while it serves all the time.
//
// What is missing is ordered of the sizes that the plan has, and where there is too much the others go first: a count that
// rises and falls exchanges nodes by itself, for nothing. Beyond that, at most Share of the nodes are starting in place
// of others at a time, one at least, and a node goes only when what is left and ready carries what is wanted.
type Exchange struct {
	Share  float64 // of the nodes, above 0 up to 1
	Paused bool    // nothing is begun beyond attrition; what has been stays
}

// whole is the part of a node or a replica that is lost in rounding.
const whole = 1e-9

// Next changes the Nodes of pools, one for each of kinds, by a step towards what they Want. The plan is for so many replicas, and
// what it wants must carry them, or all that may be ordered.
func (e Exchange) Next(kinds []Kind, pools []Pool, replicas float64) {
	var ordered, ready float64
	total, starting := 0, 0
	for k := range pools {
		p := &pools[k]
		ordered += float64(float64(p.Nodes) * kinds[k].Capacity)
		ready += float64(float64(min(p.Ready, p.Nodes)) * kinds[k].Capacity)
		total += p.Want
	}
	if ordered < replicas-whole {
		for ordered < replicas-whole {
			k := lacking(kinds, pools)
			if k < 0 {
				return
			}
			n := min(pools[k].Want-pools[k].Nodes, int(math.Ceil((replicas-ordered)/kinds[k].Capacity-whole)))
			pools[k].Nodes += n
			ordered += float64(float64(n) * kinds[k].Capacity)
		}
	} else {
		for {
			k := surplus(kinds, pools, ordered, ready, replicas)
			if k < 0 {
				break
			}
			if pools[k].Nodes <= pools[k].Ready { // no other is starting
				ready -= kinds[k].Capacity
			}
			pools[k].Nodes--
			ordered -= kinds[k].Capacity
		}
	}
	others := false
	for k := range pools {
		starting += max(0, pools[k].Nodes-pools[k].Ready)
		others = others || pools[k].Nodes > pools[k].Want
	}
	if !others { // what is missing now takes nobody's place: a smallest number of nodes asks for it, or a trial
		for k := range pools {
			pools[k].Nodes = max(pools[k].Nodes, pools[k].Want)
		}
		return
	}
	if e.Paused {
		return
	}
	room := int(float64(e.Share*float64(total))+whole) - starting
	if starting == 0 {
		room = max(room, 1)
	}
	for room > 0 {
		k := lacking(kinds, pools)
		if k < 0 {
			return
		}
		n := min(room, pools[k].Want-pools[k].Nodes)
		pools[k].Nodes += n
		room -= n
	}
}

// lacking returns the size that is cheapest for what it carries of those with fewer nodes than the plan has, -1 for none.
func lacking(kinds []Kind, pools []Pool) int {
	best, least := -1, math.Inf(1)
	for k := range pools {
		if rate := kinds[k].rate(); pools[k].Nodes < pools[k].Want && rate < least {
			best, least = k, rate
		}
	}
	return best
}

// surplus returns the size that is dearest for what it carries of those with more nodes than the plan has, of which one may go: what is
// on order suffices without it, and if it serves so does what is ready. It returns -1 for none.
func surplus(kinds []Kind, pools []Pool, ordered, ready, replicas float64) int {
	worst, most := -1, -1.0
	edge := float64(replicas * (1 - whole))
	for k := range pools {
		p := &pools[k]
		if p.Nodes <= p.Want || ordered-kinds[k].Capacity < edge || p.Nodes <= p.Ready && ready-kinds[k].Capacity < edge {
			continue
		}
		if rate := kinds[k].rate(); rate > most {
			worst, most = k, rate
		}
	}
	return worst
}

// rate is the price of an hour of the capacity for one replica, infinity for a node that carries nothing.
func (c *Candidate) rate() float64 {
	if !(c.Capacity > 0) {
		return math.Inf(1)
	}
	return c.Price / c.Capacity
}
