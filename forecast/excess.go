package forecast

import (
	"slices"
)

// maxPoints bounds the support of the distribution of the excess.
const maxPoints = 16

// cuts are the cumulative probabilities at which merging ends a point: finer towards the right tail.
var cuts = [maxPoints - 1]float64{.08, .16, .26, .36, .46, .56, .64, .72, .79, .85, .895, .93, .96, .98, .992}

// excess is a discrete distribution of the demand that announced events add to one step.
type excess struct {
	x, p [maxPoints]float64
	n    int
}

// mean returns the expected excess.
func (e *excess) mean() float64 {
	var m float64
	for i := range e.n {
		m += float64(e.x[i] * e.p[i])
	}
	return m
}

// excess computes the distribution of what the i-th event adds to [from, to), unix nanoseconds. long and now are the
// long-run and the present ordinary demand, per step of seconds, for an event that nobody has looked at yet. It reports
// false where the event has no effect.
func (c *calendar) excess(e *excess, i int, from, to int64, long, now, seconds float64) bool {
	a := &c.events[i]
	var part, chance [maxStarts]float64
	if !c.parts(&part, &chance, a, from, to) {
		return false
	}
	if a.airing >= 0 {
		c.air[a.airing].receive(e, &part, &chance)
		return true
	}
	var fresh airing
	c.begin(&fresh, a, long, now, seconds)
	fresh.receive(e, &part, &chance)
	return true
}

// parts fills in which part of its response an event sends between from and to if it starts in each cell of its window: with
// probability chance[s], part[s] of it, and otherwise nothing, for a wide cell has starts that this step does not feel. It
// reports false where no start is felt.
func (c *calendar) parts(part, chance *[maxStarts]float64, a *announced, from, to int64) bool {
	r := &c.models[a.prior].response
	t0, t1 := float64(float64(from-a.start)*1e-9), float64(float64(to-a.start)*1e-9)
	n := a.starts()
	if n == 1 {
		part[0], chance[0] = r.share(t0, t1, a.length), 1
		return part[0] > 0
	}
	felt := false
	width := a.cell()
	for s := range n {
		begin := float64(width*float64(s)) - a.window
		if a.length >= width {
			middle := begin + float64(0.5*width)
			part[s], chance[s] = r.share(t0-middle, t1-middle, a.length), 1
		} else {
			// The mean over all starts of the cell is what an event as long as the cell would send.
			mean := r.smear(t0-begin, t1-begin, width)
			// Starts that are felt: not so early that nine tenths have come before, not so late that nothing has yet.
			lo, hi := max(begin, t0-r.body()), min(begin+width, t1)
			chance[s] = max(0.02, min(1, (hi-lo)/width))
			part[s] = mean / chance[s]
		}
		felt = felt || part[s] > 0
	}
	return felt
}

// cell is the width of the cells of an uncertain start, in seconds.
func (a *announced) cell() float64 { return 2 * a.window / maxStarts }

// receive computes the distribution of what one event adds to a step; see parts.
func (g *airing) receive(e *excess, part, chance *[maxStarts]float64) {
	if g.start[0] == 1 {
		e.n = g.few.n
		for i := range g.few.n {
			e.x[i], e.p[i] = float64(float64(g.few.x[i]*g.scale)*part[0]), g.few.p[i]
		}
		return
	}
	var all cloud
	nothing := 0.0
	for s, p := range g.start {
		if part[s] == 0 {
			nothing += p
			continue
		}
		nothing += float64(p * (1 - chance[s]))
		for i := range g.few.n {
			all.add(float64(float64(g.few.x[i]*g.scale)*part[s]), float64(float64(p*chance[s])*g.few.p[i]))
		}
	}
	all.add(0, nothing)
	all.merge(e)
}

// cloud is a discrete distribution on the way, with more points than an excess keeps.
type cloud struct {
	points [maxPoints*maxStarts + 1]point
	n      int
}

type point struct{ x, p float64 }

func (s *cloud) add(x, p float64) {
	s.points[s.n] = point{x, p}
	s.n++
}

// merge joins neighbouring points until at most maxPoints are left. It keeps the total probability and the mean.
func (s *cloud) merge(e *excess) {
	pts := s.points[:s.n]
	slices.SortFunc(pts, func(a, b point) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return 0
	})
	var total float64
	for _, q := range pts {
		total += q.p
	}
	e.n = 0
	var below, p, px float64
	cut := 0
	for i, q := range pts {
		below += q.p
		p += q.p
		px += float64(q.p * q.x)
		last := i == len(pts)-1
		if !last && (cut >= len(cuts) || below < float64(cuts[cut]*total)) {
			continue
		}
		if p > 0 {
			x := px / p
			if e.n > 0 {
				x = max(x, e.x[e.n-1]) // rounding must not disturb the order
			}
			e.x[e.n], e.p[e.n] = x, p/total
			e.n++
		}
		p, px = 0, 0
		for cut < len(cuts) && below >= float64(cuts[cut]*total) {
			cut++
		}
	}
}

// gridPoints is the number of places at which the distribution of a sum is computed.
const gridPoints = 64

// addTo replaces the quantiles q of ordinary demand by those of ordinary demand plus e.
//
// P(base + excess <= x) is a mean of shifted copies of the distribution of the base, computed at places that grow
// geometrically from the lowest to the highest possible sum and inverted by linear interpolation.
func (e *excess) addTo(q *[NumLevels]float64) {
	var at, below [gridPoints]float64
	low, high := q[0]+e.x[0], q[NumLevels-1]+e.x[e.n-1]
	if high-low < 1e-9 {
		for i := range q {
			q[i] += e.x[0]
		}
		return
	}
	for i := range at {
		f := float64(i) / (gridPoints - 1)
		at[i] = low + float64(float64(high-low)*float64(f*f))
	}
	var slope [NumLevels]float64 // of the distribution of the base below each quantile
	for k := 1; k < NumLevels; k++ {
		if q[k] > q[k-1] {
			slope[k] = (Levels[k] - Levels[k-1]) / (q[k] - q[k-1])
		}
	}
	for j := range e.n {
		k, i := 0, 0
		for ; i < gridPoints; i++ {
			x := at[i] - e.x[j]
			for k < NumLevels && q[k] <= x {
				k++
			}
			if k == NumLevels {
				break // here and further up the base is surely below
			}
			if k > 0 {
				below[i] += float64(e.p[j] * (Levels[k-1] + float64(slope[k]*(x-q[k-1]))))
			}
		}
		for ; i < gridPoints; i++ {
			below[i] += e.p[j]
		}
	}
	i := 0
	for k := range q {
		for i < gridPoints-1 && below[i] < Levels[k] {
			i++
		}
		v := at[i]
		if i > 0 && below[i] > below[i-1] && below[i] >= Levels[k] {
			v = at[i-1] + float64((at[i]-at[i-1])*max(0, Levels[k]-below[i-1]))/(below[i]-below[i-1])
		}
		// An event never lowers a quantile: below its own resolution the grid must not either.
		q[k] = max(q[k], v)
	}
}
