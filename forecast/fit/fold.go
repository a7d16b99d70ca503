package fit

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// around returns x less its moving average over about period steps, which takes out the level, the trend and every longer
// season (the first step of the classical decomposition). Gaps stay gaps; a window that is less than half known is one too.
func around(x []float64, period int) []float64 {
	sums, counts := make([]float64, len(x)+1), make([]int, len(x)+1)
	for i, v := range x {
		sums[i+1], counts[i+1] = sums[i], counts[i]
		if !math.IsNaN(v) {
			sums[i+1] += v
			counts[i+1]++
		}
	}
	out := make([]float64, len(x))
	for i, v := range x {
		from := max(0, min(i-period/2, len(x)-period)) // at the ends the window leans inwards
		to := min(len(x), from+period)
		n := counts[to] - counts[from]
		if 2*n < to-from || n == 0 {
			out[i] = math.NaN()
			continue
		}
		out[i] = v - (sums[to]-sums[from])/float64(n)
	}
	return out
}

// mostPhases is the number of phases to which a cycle is folded at most, enough for a week in hours.
const mostPhases = 168

// phase returns the phase of step i, 0 to phases-1, and its cycle.
func phase(i int, period float64, phases int) (ph, cycle int) {
	turns := float64(i) / period
	cycle = int(turns)
	return min(phases-1, int((turns-float64(cycle))*float64(phases)+1e-9)), cycle
}

// fold returns what the other cycles say about each value of x: the share of the variance of x that the profile of all
// other cycles explains, at most 1, negative where it explains nothing. Of noise it is negative, however many phases there
// are, which the share that a profile explains of its own cycles is not.
func fold(x []float64, period float64) float64 {
	phases := max(2, min(mostPhases, int(math.Round(period))))
	type cell struct {
		sum float64
		n   int
	}
	cycles := int(float64(len(x))/period) + 1
	own, all := make([]cell, cycles*phases), make([]cell, phases)
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		ph, c := phase(i, period, phases)
		own[c*phases+ph].sum += v
		own[c*phases+ph].n++
		all[ph].sum += v
		all[ph].n++
	}
	var left, total float64
	m := mean(x)
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		ph, c := phase(i, period, phases)
		mine := own[c*phases+ph]
		others := all[ph].n - mine.n
		if others == 0 {
			continue
		}
		e := v - (all[ph].sum-mine.sum)/float64(others)
		left += e * e
		total += (v - m) * (v - m)
	}
	if total == 0 {
		return 0
	}
	return 1 - left/total
}

// removeSeason takes the mean profile of a period out of x, in place: the whole profile, or if the period has more than
// twice so many phases only its first harmonics, so that a short season that divides the period stays for its own turn.
func removeSeason(x []float64, period float64, harmonics int) {
	phases := max(2, int(math.Round(period)))
	profile, n := make([]float64, phases), make([]int, phases)
	for i, v := range x {
		if !math.IsNaN(v) {
			ph, _ := phase(i, period, phases)
			profile[ph] += v
			n[ph]++
		}
	}
	for ph := range profile {
		if n[ph] > 0 {
			profile[ph] /= float64(n[ph])
		}
	}
	if phases > 2*harmonics {
		fft := fourier.NewFFT(phases)
		c := fft.Coefficients(nil, profile)
		for k := harmonics + 1; k < len(c); k++ {
			c[k] = 0
		}
		fft.Sequence(profile, c)
		for ph := range profile {
			profile[ph] /= float64(phases)
		}
	}
	for i := range x {
		ph, _ := phase(i, period, phases)
		x[i] -= profile[ph]
	}
}

// variance is that of the known values around 0.
func variance(x []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += v * v
			n++
		}
	}
	return sum / math.Max(1, float64(n))
}
