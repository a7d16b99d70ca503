package forecast

import (
	"github.com/headroom-go/headroom/internal/state"
)

// maxLags bounds the lags of an autoregression.
const maxLags = lagDays

// autoregression is a linear regression of a bin on bins before it, learned by recursive least squares with Huber weights
// and iterated to the target: for lags that reach into the future its own forecasts stand in. Two sets of lags are used,
// each on the values and on their logarithms: the neighbours of now, of a main and of a long season ago; and the same slot
// of the last eight main seasons. (Regression on lags is the strongest single expert on hourly series; see Montgomery,
// Jennings and Kulahci, Introduction to Time Series Analysis and Forecasting, for the form, and Ljung for the recursion.)
type autoregression struct {
	rls[float32]
	lags [maxLags]int64
	n    int
	log  bool
}

// newAutoregression begins as the seasonal naive forecast: the coefficient of the main season is 1.
func newAutoregression(lags []int64, forget float64, b *bins, log bool) autoregression {
	a := autoregression{rls: newRLS[float32](len(lags)+1, forget, 2.5, 10), log: log}
	for _, l := range lags {
		a.lags[a.n] = l
		a.n++
		if l == b.main {
			a.theta[a.n] = 1
		}
	}
	return a
}

// reach is how far back it looks.
func (a *autoregression) reach() int64 {
	var r int64
	for _, l := range a.lags[:a.n] {
		r = max(r, l)
	}
	return r
}

// update learns bin i, which is closed. norm is the size of the series, on whose scale coefficients are learned.
func (a *autoregression) update(b *bins, i int64, norm float64) {
	if !b.has(i - a.reach()) {
		return
	}
	if a.log {
		norm = 1
	}
	var x [maxLags + 1]float64
	x[0] = 1
	inv := 1 / norm
	for j, l := range a.lags[:a.n] {
		x[j+1] = float64(b.at(i-l, a.log) * inv)
	}
	a.rls.update(x[:a.n+1], float64(b.at(i, a.log)*inv))
}

// path fills dst with the transformed forecasts of the bins after the newest, or reports false while it is too early. It
// stays inside the range of the ring and half of that more: an iterated regression that is slightly unstable explodes.
func (a *autoregression) path(dst []float64, b *bins, norm, low, high float64) bool {
	if a.seen == 0 || !b.has(b.next-a.reach()) {
		return false
	}
	if a.log {
		norm, low, high = 1, transform(low, true), transform(high, true)
	}
	constant := float64(a.theta[0] * norm)
	for h := range dst {
		v := constant
		for j, l := range a.lags[:a.n] {
			var y float64
			if back := int64(h) - l; back >= 0 {
				y = dst[back]
			} else {
				y = b.at(b.next+back, a.log)
			}
			v += float64(a.theta[j+1] * y)
		}
		dst[h] = max(low, min(v, high))
	}
	return true
}

func (a *autoregression) fields(c *state.Codec) { a.rls.fields(c) }
