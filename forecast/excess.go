package forecast

import (
	"math"
	"slices"

	"github.com/headroom-go/headroom/internal/fp"
)

// masses is a standard normal in eleven points, dense towards the right tail, where head-room is decided: the points and
// the probability of the cell around each, cells meeting half way.
var masses = [...]struct{ z, p float64 }{
	{-1.8, 0.0668}, {-1.2, 0.1042}, {-0.7, 0.1375}, {-0.3, 0.1318}, {0, 0.1193}, {0.3, 0.114}, {0.6, 0.1145}, {1, 0.0968}, {1.4, 0.0656}, {1.9, 0.0356}, {2.5, 0.0139},
}

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

// excess computes the distribution of what announced events add to [from, to), unix nanoseconds, while ordinary demand is
// level. It reports false where no event has an effect. Overlapping events add, independently of each other.
func (c *calendar) excess(e *excess, from, to int64, level float64) bool {
	lo, hi := c.between(from, to)
	e.n = 0
	for i := lo; i < hi; i++ {
		var one cloud
		if !c.events[i].response(&one, &c.kinds[c.events[i].prior], from, to, level) {
			continue
		}
		if e.n == 0 {
			one.merge(e)
			continue
		}
		var other excess
		one.merge(&other)
		var sum cloud
		for i := range e.n {
			for j := range other.n {
				sum.add(e.x[i]+other.x[j], float64(e.p[i]*other.p[j]))
			}
		}
		sum.merge(e)
	}
	return e.n > 0
}

// startCells is the number of starts, of those that an uncertain event may have, that stand for all that this step would feel.
const startCells = 9

// leastLift is the least median effect, as a part of ordinary demand, that counts as an effect.
const leastLift = 1e-4

// response computes the distribution of what one event adds: its size is log-normal, its start uniform within its window.
func (a *announced) response(one *cloud, k *Kind, from, to int64, level float64) bool {
	t0, t1 := float64(float64(from-a.start)*1e-9), float64(float64(to-a.start)*1e-9)
	starts, lo, gap, chance := 1, 0.0, 0.0, 1.0
	if a.window > 0 {
		// Only the starts that this step would feel are divided into cells: over the whole of a wide window the cells would
		// be wider than the response, and the steps between them would feel nothing.
		lo = math.Max(-a.window, t0-a.length-k.after())
		hi := math.Min(a.window, t1-k.Delay.Std().Seconds())
		if hi <= lo {
			return false
		}
		starts, gap, chance = startCells, (hi-lo)/startCells, (hi-lo)/float64(2*a.window)
		one.add(0, 1-chance)
	}
	minutes := (t1 - t0) / 60
	felt := false
	for s := range starts {
		shift := 0.0
		if a.window > 0 {
			shift = lo + float64(gap*(float64(s)+0.5))
		}
		part := k.share(t0-shift, t1-shift, a.length)
		// Lift counts minutes of ordinary demand; this step receives part of them, spread over its own minutes.
		lift := float64(a.size*part) / minutes
		felt = felt || lift > leastLift
		for _, m := range masses {
			one.add(float64(float64(lift*level)*fp.Exp(float64(k.Spread*m.z))), float64(m.p*chance)/float64(starts))
		}
	}
	return felt
}

// cloud is a discrete distribution on the way, with more points than an excess keeps.
type cloud struct {
	points [maxPoints * maxPoints]point
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
				x = math.Max(x, e.x[e.n-1]) // rounding must not disturb the order
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
	for j := range e.n {
		k := 0
		for i := range at {
			x := at[i] - e.x[j]
			for k < NumLevels && q[k] <= x {
				k++
			}
			var p float64
			switch k {
			case NumLevels:
				p = 1
			case 0:
				p = 0
			default:
				p = Levels[k-1] + float64((Levels[k]-Levels[k-1])*(x-q[k-1]))/(q[k]-q[k-1])
			}
			below[i] += float64(e.p[j] * p)
		}
	}
	i := 0
	for k := range q {
		for i < gridPoints-1 && below[i] < Levels[k] {
			i++
		}
		v := at[i]
		if i > 0 && below[i] > below[i-1] && below[i] >= Levels[k] {
			v = at[i-1] + float64((at[i]-at[i-1])*math.Max(0, Levels[k]-below[i-1]))/(below[i]-below[i-1])
		}
		// An event never lowers a quantile: below its own resolution the grid must not either.
		q[k] = math.Max(q[k], v)
	}
}
