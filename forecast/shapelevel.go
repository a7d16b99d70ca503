package forecast

import (
	"github.com/headroom-go/headroom/internal/state"
)

// shapeLevel is the level of a series whose shape is known: of each bin, its value over the share of the mean that its slot
// usually has, averaged fast (over half a main season) and slowly (over four). It forecasts the slow level and what is left
// of the difference, and on request a part of its drift, which is capped in time: an undamped trend is the surest way
// to be far wrong (Gardner and McKenzie 1985; half the slope as in the Theta method of Assimakopoulos and Nikolopoulos 2000).
type shapeLevel struct {
	fast, slow float64
	slope      float64 // of the slow level per bin
	seen       float64
}

// shapeReturn is the share of the difference between the fast and the slow level that is left a bin later, at 24 bins a
// season.
const shapeReturn = 0.97

// update learns a bin of value v whose slot has share of the mean of a season of n bins. A slot of little demand says
// little about the level.
func (l *shapeLevel) update(v, share, n float64) {
	l.seen = min(l.seen+1, 8*n)
	z := v / max(share, minSize)
	start := 1.0
	if l.seen > 1 {
		start = min(1, share) / l.seen
	}
	l.fast += float64(min(1, max(float64(2*share)/n, start)) * (z - l.fast))
	before := l.slow
	l.slow += float64(min(1, max(float64(0.25*share)/n, start)) * (z - l.slow))
	if l.seen > n {
		l.slope += float64(0.2 / n * (l.slow - before - l.slope))
	}
}

// at returns the level h bins ahead, with a part of the drift; n is the bins of a season. The drift goes on for two
// seasons at most.
func (l *shapeLevel) at(h, n, part float64) float64 {
	left := 1 / (1 + float64(float64(1-shapeReturn)*24*h/n)) // a slow return, without a power
	return max(0, l.slow+float64((l.fast-l.slow)*left)+float64(part*float64(l.slope*min(h, 2*n))))
}

func (l *shapeLevel) fields(c *state.Codec) {
	c.Float64(&l.fast)
	c.Float64(&l.slow)
	c.Float64(&l.slope)
	c.Float64(&l.seen)
}
