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

// Heaviest writes the experts that count most, those of Weights with the largest weights first, into dst and returns how many
// it wrote. It asks no expert anew, so Forecast is NaN; at lead times of which not every step is scored it takes those for
// asleep that slept at the newest step that is.
func (f *Forecaster) Heaviest(dst []Weight, lead time.Duration) int {
	l := f.lead((int64(lead) + f.series.step - 1) / f.series.step)
	if l.now.target < 0 {
		return 0
	}
	i := int(((l.now.target - l.steps) / l.stride) % int64(len(l.pending)))
	limit := float64(l.pending[i].limit)
	n, total := 0, 0.0
	for e, said := range l.said(i) {
		r := &l.mix.rivals[e]
		if r.out || !awake(float64(said), limit) {
			continue
		}
		w := float64(r.weight)
		total += w
		at := n
		for at > 0 && dst[at-1].Weight < w {
			at--
		}
		if at == len(dst) {
			continue
		}
		n = min(n+1, len(dst))
		copy(dst[at+1:n], dst[at:])
		dst[at] = Weight{Expert(e), w, math.NaN()}
	}
	for i := range dst[:n] {
		dst[i].Weight /= total
	}
	return n
}
