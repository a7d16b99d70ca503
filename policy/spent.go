package policy

// numWindows is the number of windows of Spent: an hour, a day, a week.
const numWindows = 3

// Spent is what a policy has cost over the last hour, day and week, in replica-hours: sums that forget exponentially with
// this mean life, so that before it has passed they are the cost so far.
type Spent struct {
	Hour, Day, Week float64
}

// Next returns the first step that has not been scored and still can be. It is beyond Step if there is none.
func (s *Shadows) Next() int64 {
	s.next = max(s.next, s.step-s.Patience())
	return s.next
}

// Patience returns how many steps behind the newest one a step can still be scored.
func (s *Shadows) Patience() int64 { return int64(s.lag + slack) }

// Score charges every policy for step Next, in which demand was z replicas' worth, NaN if nobody knows: then replicas are
// paid for and nothing goes unserved.
func (s *Shadows) Score(z float64) {
	var demand [numLayers]float64
	for b := range demand {
		demand[b] = demandWithin(z, b)
	}
	at, before := s.slot(s.next), s.slot(s.next-1)
	for i := range s.runs {
		ready := int(s.fleet(served)[at])
		if i != own {
			ready = s.serving(s.fleet(i), at)
		}
		s.charge(&s.runs[i], s.fleet(i), at, before, ready, &demand)
	}
	if s.beside != nil {
		for i, r := range [besideRings]*run{&s.beside.today, &s.beside.race} {
			fleet := s.fleet(todayRing + i)
			s.charge(r, fleet, at, before, s.serving(fleet, at), &demand)
		}
	}
	s.next++
	s.elect()
}

// Skip leaves step Next uncharged, because nobody will know its demand in time.
func (s *Shadows) Skip() { s.next++ }

// serving returns the replicas of a fleet that serve in the step of a slot.
func (s *Shadows) serving(counts []int32, at int) int {
	least := counts[at]
	for range s.boot {
		if at--; at < 0 {
			at = len(counts) - 1
		}
		least = min(least, counts[at])
	}
	return int(least)
}

// charge adds the cost of the step of a slot, in which so many replicas served.
func (s *Shadows) charge(r *run, fleet []int32, at, before, ready int, demand *[numLayers]float64) {
	was, ordered := int(fleet[before]), int(fleet[at])
	change := -1
	if was != ordered {
		change = layerOf(max(was, ordered))
	}
	var sum float64
	for b := range numLayers {
		cost := float64(within(ordered, b))
		if short := demand[b] - float64(within(ready, b)); short > 0 {
			cost += float64(s.penalty * short)
		}
		cost = float64(cost * s.hours)
		if b == change {
			cost += s.change
		}
		r.layer[b] = float64(r.layer[b]*s.longer) + cost
		sum += cost
	}
	for i, v := range r.spent {
		r.spent[i] = float32(float64(float64(v)*s.keep[i]) + sum)
	}
}

// whole returns the cost of all layers.
func (r *run) whole() float64 {
	var sum float64
	for _, c := range r.layer {
		sum += c
	}
	return sum
}

// Spent returns what a policy has cost, 0 <= i < NumShadows, and Today where there is such a rule.
func (s *Shadows) Spent(i int) Spent { return s.run(i).bill() }

// SpentHPA returns what the Kubernetes rule at its defaults would have cost, alone and without announced events.
func (s *Shadows) SpentHPA() Spent { return s.runs[base].bill() }

// SpentOwn returns what the fleet that is really there has cost.
func (s *Shadows) SpentOwn() Spent { return s.runs[own].bill() }

func (r *run) bill() Spent {
	return Spent{float64(r.spent[0]), float64(r.spent[1]), float64(r.spent[2])}
}
