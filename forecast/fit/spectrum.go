package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"
)

// periodogram is the power of a series by frequency, over its own background.
type periodogram struct {
	n     int       // length that was transformed; frequency k is k cycles in n steps
	power []float64 // by k, in no particular unit
	ratio []float64 // power over the median of its neighbourhood in log-frequency
}

// newPeriodogram transforms x, whose gaps are zeros, with a Hann taper: without one the power of a strong season or of a
// slow drift leaks over the whole spectrum.
func newPeriodogram(x []float64) *periodogram {
	n := fastLength(len(x))
	tapered := make([]float64, n)
	copy(tapered, x)
	window.Hann(tapered[:len(x)])
	p := &periodogram{n: n}
	for _, c := range fourier.NewFFT(n).Coefficients(nil, tapered) {
		p.power = append(p.power, real(c)*real(c)+imag(c)*imag(c))
	}
	p.ratio = overBackground(p.power)
	return p
}

// fastLength is the smallest n2 >= n whose only prime factors are 2, 3 and 5: a transform of a length with a large prime
// factor takes quadratic time.
func fastLength(n int) int {
	for ; ; n++ {
		m := n
		for _, p := range [...]int{2, 3, 5} {
			for m%p == 0 && m > 1 {
				m /= p
			}
		}
		if m == 1 {
			return n
		}
	}
}

// overBackground divides each power by the mean that exponentially distributed noise would have there, which is a median of
// the neighbourhood over ln 2: lines do not move a median, and demand is never white. The neighbourhood of k is k/1.5 to
// 1.5 k, and at least ten frequencies to each side; the side with more noise counts, because a median of ten is uncertain.
func overBackground(power []float64) []float64 {
	ratio := make([]float64, len(power))
	var side []float64
	median := func(from, to int) float64 {
		from, to = max(1, from), min(len(power), to)
		if to-from < 5 {
			return 0
		}
		side = append(side[:0], power[from:to]...)
		slices.Sort(side)
		return side[len(side)/2]
	}
	for from := 1; from < len(power); {
		to := min(len(power), from+max(1, from/16)) // one background serves so many frequencies
		background := math.Max(median(from-max(10, from/3), from), median(to, to+max(10, to/2))) / math.Ln2
		for k := from; k < to; k++ {
			if background > 0 {
				ratio[k] = power[k] / background
			} else if power[k] > 0 {
				ratio[k] = math.Inf(1)
			}
		}
		from = to
	}
	return ratio
}

// threshold is the ratio that noise reaches at one frequency once in a hundred series.
func (p *periodogram) threshold() float64 { return math.Log(float64(len(p.power)) / 0.01) }

// line returns the power of the line at a period, in steps, 0 if there is none.
func (p *periodogram) line(period float64) float64 {
	f := float64(p.n) / period
	k := int(math.Round(f))
	for j := max(1, k-1); j <= k+1 && j < len(p.ratio); j++ {
		if p.ratio[j] >= p.threshold() && p.top(j) && math.Abs(float64(p.n)/p.period(j)-f) < 0.75 {
			return p.power[j]
		}
	}
	return 0
}

// top says whether frequency k stands above its neighbours.
func (p *periodogram) top(k int) bool {
	return p.power[k] >= p.power[k-1] && (k+1 == len(p.power) || p.power[k] > p.power[k+1])
}

// peaks returns the frequencies with periods from least to most steps that stand above their neighbours and above the
// threshold, the strongest first, at most limit of them.
func (p *periodogram) peaks(least, most float64, limit int) []int {
	from := max(1, int(math.Ceil(float64(p.n)/most)))
	to := min(len(p.power)-1, int(float64(p.n)/least)+1)
	var found []int
	for k := from; k <= to; k++ {
		if p.ratio[k] >= p.threshold() && p.top(k) {
			found = append(found, k)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int {
		switch {
		case p.power[a] > p.power[b]:
			return -1
		case p.power[a] < p.power[b]:
			return 1
		}
		return 0
	})
	return found[:min(len(found), limit)]
}

// period returns the period of peak k in steps, refined by a parabola through the logarithms of three powers. It is known
// to about half a frequency, period^2/(2n).
func (p *periodogram) period(k int) float64 {
	f := float64(k)
	if k > 1 && k+1 < len(p.power) && p.power[k-1] > 0 && p.power[k+1] > 0 {
		a, b, c := math.Log(p.power[k-1]), math.Log(p.power[k]), math.Log(p.power[k+1])
		if d := a - 2*b + c; d < 0 {
			f += math.Max(-0.5, math.Min(0.5, (a-c)/(2*d)))
		}
	}
	return float64(p.n) / f
}
