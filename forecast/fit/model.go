package fit

import "math"

// Model is a forecasting model that is fed one value a step.
type Model interface {
	// Update learns the value of the next step and returns its one-step error, the value less what Forecast(1) said. NaN
	// is a gap: the phase of the seasons moves on, nothing is learned and the error is NaN.
	Update(y float64) float64
	// Forecast returns the mean h steps after the newest value, h >= 1.
	Forecast(h int) float64
}

// Run feeds y to m and returns the one-step errors, in the unit of y, appended to dst.
func Run(m Model, dst, y []float64) []float64 {
	for _, v := range y {
		dst = append(dst, m.Update(v))
	}
	return dst
}

// Path appends the forecasts for 1 to h steps ahead to dst.
func Path(m Model, dst []float64, h int) []float64 {
	for i := 1; i <= h; i++ {
		dst = append(dst, m.Forecast(i))
	}
	return dst
}

// ring is one cycle of a season: next is the value that applies to the coming step.
type ring struct {
	values []float64
	next   int
}

// newRing copies a cycle, of which the first value applies to the coming step.
func newRing(cycle []float64) ring { return ring{values: append([]float64(nil), cycle...)} }

// ahead returns the value for h steps ahead, h >= 1.
func (r *ring) ahead(h int) float64 { return r.values[(r.next+h-1)%len(r.values)] }

// set stores the value of the step that is learned now and moves on.
func (r *ring) set(v float64) {
	r.values[r.next] = v
	r.next = (r.next + 1) % len(r.values)
}

// skip moves on without a value.
func (r *ring) skip() { r.next = (r.next + 1) % len(r.values) }

// normalQuantile returns the quantile of the standard normal distribution at p, 0 < p < 1.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
