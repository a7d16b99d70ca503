package fit

import (
	"fmt"
	"math"
)

// DoubleSeasonConfig holds the gains of a double-seasonal Holt-Winters model, all within 0 to 1.
type DoubleSeasonConfig struct {
	Alpha, Beta  float64 // of level and trend
	Gamma, Omega float64 // of the short and the long season
	Phi          float64 // autocorrelation of the errors at lag one, |Phi| < 1; 0 is the model without it
}

// DoubleSeason is the multiplicative double-seasonal Holt-Winters method with an AR(1) adjustment of its errors:
//
//	f = (l + b) S W + phi e          e the newest error of (l + b) S W alone
//	l' = alpha y/(S W) + (1-alpha)(l + b)
//	b' = beta (l' - l) + (1-beta) b
//	S' = gamma y/(l' W) + (1-gamma) S
//	W' = omega y/(l' S) + (1-omega) W     with the old S
//
// Source: Taylor, Short-term electricity demand forecasting using double seasonal exponential smoothing, Journal of the
// Operational Research Society 54 (2003).
type DoubleSeason struct {
	cfg          DoubleSeasonConfig
	level, slope float64
	short, long  ring
	err          float64 // newest error before the AR adjustment
	sse          float64 // of the one-step errors
}

var _ Model = (*DoubleSeason)(nil)

// NewDoubleSeason returns a model with the given states before the first value: one cycle of factors of each season, of
// which the first applies to it. Errors: a gain out of range, an empty cycle, a long cycle that is not a whole number of
// short ones.
func NewDoubleSeason(cfg DoubleSeasonConfig, level, slope float64, short, long []float64) (*DoubleSeason, error) {
	for _, g := range []struct {
		name string
		gain float64
	}{{"Alpha", cfg.Alpha}, {"Beta", cfg.Beta}, {"Gamma", cfg.Gamma}, {"Omega", cfg.Omega}} {
		if !(g.gain >= 0 && g.gain <= 1) {
			return nil, fmt.Errorf("double season: %s: %v; wanted 0 to 1", g.name, g.gain)
		}
	}
	if !(math.Abs(cfg.Phi) < 1) {
		return nil, fmt.Errorf("double season: Phi: %v; wanted between -1 and 1", cfg.Phi)
	}
	if len(short) < 2 || len(long) <= len(short) || len(long)%len(short) != 0 {
		return nil, fmt.Errorf("double season: cycles of %d and %d values; wanted at least 2, and the long one several times the short one", len(short), len(long))
	}
	return &DoubleSeason{cfg: cfg, level: level, slope: slope, short: newRing(short), long: newRing(long)}, nil
}

// Update implements Model.
func (m *DoubleSeason) Update(y float64) float64 {
	if math.IsNaN(y) {
		m.level += m.slope
		m.err *= m.cfg.Phi
		m.short.skip()
		m.long.skip()
		return math.NaN()
	}
	e := y - m.Forecast(1)
	m.sse += e * e
	c := m.cfg
	s, w := m.short.ahead(1), m.long.ahead(1)
	m.err = y - (m.level+m.slope)*s*w
	level := c.Alpha*(y/(s*w)) + (1-c.Alpha)*(m.level+m.slope)
	m.slope = c.Beta*(level-m.level) + (1-c.Beta)*m.slope
	m.level = level
	m.short.set(c.Gamma*(y/(level*w)) + (1-c.Gamma)*s)
	m.long.set(c.Omega*(y/(level*s)) + (1-c.Omega)*w)
	return e
}

// Forecast implements Model.
func (m *DoubleSeason) Forecast(h int) float64 {
	f := (m.level + float64(h)*m.slope) * m.short.ahead(h) * m.long.ahead(h)
	return f + math.Pow(m.cfg.Phi, float64(h))*m.err
}

// SSE returns the sum of the squared one-step errors so far.
func (m *DoubleSeason) SSE() float64 { return m.sse }
