package fit

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// autocorrelation returns the correlation of x with itself at the lags 0 to most, from the pairs of which both are known;
// NaN is a gap. x has the mean 0. A lag with too few pairs, under a quarter of the known values, has none, NaN: where nights
// are never measured, little is known of what is half a day apart. It takes two transforms, not len(x)*most products.
func autocorrelation(x []float64, most int) []float64 {
	n := fastLength(len(x) + most + 1) // zeros to the end, so that it does not bite its own tail
	values, known := make([]float64, n), make([]float64, n)
	for i, v := range x {
		if !math.IsNaN(v) {
			values[i], known[i] = v, 1
		}
	}
	fft := fourier.NewFFT(n)
	sums, pairs := selfProducts(fft, values), selfProducts(fft, known)
	least := math.Max(2, math.Round(pairs[0]/float64(n))/4)
	r := make([]float64, most+1)
	for lag := range r {
		r[lag] = math.NaN()
		if c := math.Round(pairs[lag] / float64(n)); c >= least {
			r[lag] = sums[lag] / float64(n) / c
		}
	}
	variance := r[0]
	for lag := range r {
		r[lag] /= variance
	}
	return r
}

// selfProducts returns len(x) times the sums of x[i]*x[i+lag] by lag (Wiener and Khinchin).
func selfProducts(fft *fourier.FFT, x []float64) []float64 {
	c := fft.Coefficients(nil, x)
	for i, v := range c {
		c[i] = complex(real(v)*real(v)+imag(v)*imag(v), 0)
	}
	return fft.Sequence(x, c)
}

// hill returns the top of the hill of r between two lags, and how far it rises above the line between the values half a lag
// to its left and to its right. ok is false where there is no hill: nothing between the lags rises above the line by more
// than noise, and above its neighbours.
func hill(r []float64, from, to int, noise float64) (top int, rise float64, ok bool) {
	from, to = max(2, from), min(to, len(r)-2)
	if from > to {
		return 0, 0, false
	}
	mid := (from + to) / 2
	half := min(max(1, mid/2), len(r)-1-mid)
	left, right := r[mid-half], r[mid+half]
	if math.IsNaN(left + right) { // nothing is known half a day away from what is measured by day only
		left, right = 0, 0
	}
	above := func(lag int) float64 { return r[lag] - left - (right-left)*float64(lag-mid+half)/float64(2*half) }
	top = from
	for lag := from; lag <= to; lag++ {
		if above(lag) > above(top) {
			top = lag
		}
	}
	rise = above(top)
	return top, rise, rise > noise && rise > above(top-1) && rise >= above(top+1)
}
