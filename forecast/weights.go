package forecast

import (
	"math"
	"time"
)

// Weight is the part that an expert has in the forecast of a lead time.
type Weight struct {
	Expert   Expert
	Weight   float64 // 0..1; those of all experts add to 1. 0 for one that sleeps or is left out
	Forecast float64 // demand, before announced events; NaN from one that sleeps
}

// Weights writes what the experts of the shortest learned lead time of at least lead say and how much they count, in the
// order of Expert, into dst, which it reallocates only when its capacity is too small. The forecasts are those of the step
// at the end of that lead time, as seen from the newest step that is known; the weights are those with which they are
// mixed. It returns no rows before the first forecast. Leads are those of Config.Leads: they count from the start of the
// newest closed step.
func (f *Forecaster) Weights(dst []Weight, lead time.Duration) []Weight {
	l := f.lead((int64(lead) + f.series.step - 1) / f.series.step)
	if l.now.target < 0 {
		return dst[:0]
	}
	n := len(l.mix.rivals)
	if cap(dst) < n {
		dst = make([]Weight, n)
	}
	dst = dst[:n]
	var (
		x      [numFeatures]float64
		expert [NumExperts]float64
		total  float64
	)
	_, limit := l.ask(&f.base, l.now.target-l.steps, &x, &expert)
	for i := range dst {
		r := &l.mix.rivals[i]
		w := Weight{Expert: Expert(i), Forecast: float64(expert[i] * f.unit)}
		switch {
		case !awake(expert[i], limit):
			w.Forecast = math.NaN()
		case !r.out:
			w.Weight = float64(r.weight)
			total += w.Weight
		}
		dst[i] = w
	}
	if total > 0 {
		for i := range dst {
			dst[i].Weight /= total
		}
	}
	return dst
}
