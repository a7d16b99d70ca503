package fit

import (
	"fmt"
	"math"
)

// HoltWintersConfig is the form and the gains of a Holt-Winters model.
type HoltWintersConfig struct {
	Season Component // None is Holt's linear method
	Period int       // steps of the season, at least 2; ignored without one
	Trend  bool

	Alpha float64 // gain of the level, 0 to 1
	Beta  float64 // of the trend towards the change of the level, 0 to 1; its state-space gain is Alpha*Beta
	Gamma float64 // of the season towards the value without the new level, 0 to 1; its state-space gain is (1-Alpha)*Gamma
}

// HoltWinters is the method in its original smoothing form, as R's stats::HoltWinters has it:
//
//	l' = alpha (y - s) + (1-alpha)(l + b)     additive season; multiplicative: y/s
//	b' = beta (l' - l) + (1-beta) b
//	s' = gamma (y - l') + (1-gamma) s         additive season; multiplicative: y/l'
//
// With an additive season it is an ETS with an additive error and other names for its gains; with a multiplicative one it
// is not, since s' divides by the new level.
// Source: Winters, Forecasting sales by exponentially weighted moving averages (1960); Hyndman and Athanasopoulos,
// Forecasting: Principles and Practice, 3rd ed., section 8.3.
type HoltWinters struct {
	cfg          HoltWintersConfig
	level, slope float64
	season       ring
	n            int
	sum, sse     float64 // of errors, and of their squares
}

var _ Model = (*HoltWinters)(nil)

// NewHoltWinters returns a model with the given states before the first value; cycle[0] applies to it. slope and cycle are
// ignored where cfg has no such part. It is an error if a gain is not within 0 to 1 or the cycle is not Period long.
func NewHoltWinters(cfg HoltWintersConfig, level, slope float64, cycle []float64) (*HoltWinters, error) {
	for _, g := range []struct {
		name string
		gain float64
	}{{"Alpha", cfg.Alpha}, {"Beta", cfg.Beta}, {"Gamma", cfg.Gamma}} {
		if !(g.gain >= 0 && g.gain <= 1) {
			return nil, fmt.Errorf("Holt-Winters: %s: %v; wanted 0 to 1", g.name, g.gain)
		}
	}
	m := &HoltWinters{cfg: cfg, level: level}
	if cfg.Trend {
		m.slope = slope
	}
	if cfg.Season != None {
		if cfg.Period < 2 || len(cycle) != cfg.Period {
			return nil, fmt.Errorf("Holt-Winters: cycle of %d values and Period %d; wanted the same number, at least 2", len(cycle), cfg.Period)
		}
		m.season = newRing(cycle)
	}
	return m, nil
}

// Update implements Model.
func (m *HoltWinters) Update(y float64) float64 {
	before := m.level
	if math.IsNaN(y) {
		m.level += m.slope
		if m.cfg.Season != None {
			m.season.skip()
		}
		return math.NaN()
	}
	e := y - m.Forecast(1)
	a, g := m.cfg.Alpha, m.cfg.Gamma
	switch m.cfg.Season {
	case None:
		m.level = a*y + (1-a)*(before+m.slope)
	case Additive:
		s := m.season.ahead(1)
		m.level = a*(y-s) + (1-a)*(before+m.slope)
		m.season.set(g*(y-m.level) + (1-g)*s)
	case Multiplicative:
		s := m.season.ahead(1)
		m.level = a*(y/s) + (1-a)*(before+m.slope)
		m.season.set(g*(y/m.level) + (1-g)*s)
	}
	if m.cfg.Trend {
		m.slope = m.cfg.Beta*(m.level-before) + (1-m.cfg.Beta)*m.slope
	}
	m.n++
	m.sum += e
	m.sse += e * e
	return e
}

// Forecast implements Model.
func (m *HoltWinters) Forecast(h int) float64 {
	f := m.level + float64(h)*m.slope
	switch m.cfg.Season {
	case Additive:
		f += m.season.ahead(h)
	case Multiplicative:
		f *= m.season.ahead(h)
	}
	return f
}

// SSE returns the sum of the squared one-step errors so far.
func (m *HoltWinters) SSE() float64 { return m.sse }

// Variance returns that of the error h steps ahead; NaN for a multiplicative season and before the second value. The
// variance of a one-step error is that of the errors around their own mean, with n-1 as divisor, as R's predict has it.
func (m *HoltWinters) Variance(h int) float64 {
	if m.cfg.Season == Multiplicative || m.n < 2 {
		return math.NaN()
	}
	n := float64(m.n)
	sum := 1.0
	for j := 1; j < h; j++ {
		c := m.cfg.Alpha
		if m.cfg.Trend {
			c += m.cfg.Alpha * m.cfg.Beta * float64(j)
		}
		if m.cfg.Season != None && j%m.cfg.Period == 0 {
			c += (1 - m.cfg.Alpha) * m.cfg.Gamma
		}
		sum += c * c
	}
	return (m.sse - m.sum*m.sum/n) / (n - 1) * sum
}

// Quantile returns the quantile at p of the value h steps ahead if errors are normal; NaN where Variance is.
func (m *HoltWinters) Quantile(h int, p float64) float64 {
	return m.Forecast(h) + normalQuantile(p)*math.Sqrt(m.Variance(h))
}
