package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// pareto is the distribution of scaled errors beyond the .98 quantile, where a histogram has too few to count: a generalised
// Pareto distribution fitted to the excesses over that quantile by their exponentially weighted moments (Hosking and Wallis
// 1987; peaks over threshold as in Siffer et al. 2017, SPOT):
//
//	xi = (1 - m^2/v)/2,  sigma = m (1 + m^2/v)/2,  z(q) = t + sigma/xi ((q/.02)^-xi - 1)
//
// with m and v the mean and the variance of the excesses and q the probability beyond z. It begins as the exponential tail
// (xi = 0) of the prior of shape, which counts for tailPrior excesses.
type pareto struct {
	from   float64             // the .98 quantile, tracked
	mean   float64             // of the excesses over it
	square float64             // mean of their squares
	seen   float64             // excesses, capped, with those of the prior
	over   [tailLevels]float64 // of the levels above .98: distance from there, in mean excesses
}

const (
	tailFrom   = NumLevels - 1 - tailLevels // index of .98 in Levels
	tailLevels = 4                          // levels above it: .99, .995, .998, .999
	tailBelow  = tailFrom - 6               // index of .9 in Levels
	tailDepth  = 1.6094379124341003         // ln 5: mean excesses between .9 and .98 if the tail is exponential
	tailPrior  = 20
	tailMemory = 200 // excesses that count
	tailGain   = 0.1 // step of the tracked quantile, in scaled errors
	tailMost   = 100 // an error of so many times the usual says no more than that
	tailLimit  = 0.5 // of |xi|: beyond that the variance would not exist
)

// newPareto returns the tail of the prior: exponential with that mean above from.
func newPareto(from, mean float64) pareto {
	t := pareto{from: from, mean: mean, square: float64(2 * mean * mean), seen: tailPrior}
	t.fit()
	return t
}

// update learns a scaled error.
func (t *pareto) update(u float64) {
	if u <= t.from {
		t.from -= float64((1 - Levels[tailFrom]) * tailGain)
		return
	}
	excess := min(u-t.from, tailMost)
	t.from += float64(Levels[tailFrom] * tailGain)
	t.seen = min(t.seen+1, tailMemory)
	t.mean += (excess - t.mean) / t.seen
	t.square += (float64(excess*excess) - t.square) / t.seen
	t.fit()
}

// fit brings over up to date.
func (t *pareto) fit() {
	m2 := float64(t.mean * t.mean)
	ratio := 1.0
	if v := t.square - m2; v > 0 {
		ratio = m2 / v
	}
	xi := max(-tailLimit, min(0.5*(1-ratio), tailLimit))
	sigma := 1 - xi // the mean of the distribution is sigma/(1-xi)
	for i := range t.over {
		log := fp.Log((1 - Levels[tailFrom]) / (1 - Levels[tailFrom+1+i]))
		if math.Abs(xi) < 1e-6 {
			t.over[i] = float64(sigma * log)
			continue
		}
		t.over[i] = float64(sigma / xi * (fp.Exp(float64(xi*log)) - 1))
	}
}

func (t *pareto) fields(c *state.Codec) {
	c.Float64(&t.from)
	c.Float64(&t.mean)
	c.Float64(&t.square)
	c.Float64(&t.seen)
	if c.Reading() {
		t.fit()
	}
}
