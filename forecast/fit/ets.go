package fit

import (
	"errors"
	"fmt"
	"math"
)

// Component is the way in which a part of an ETS model enters.
type Component uint8

// The components of an ETS model.
const (
	None Component = iota
	Additive
	Multiplicative
)

// String returns the letter of the taxonomy: N, A or M.
func (c Component) String() string { return [...]string{"N", "A", "M"}[c] }

// ETSConfig is the form and the parameters of an ETS model. The zero value is not a model: Error wants to be Additive or
// Multiplicative.
type ETSConfig struct {
	Error  Component // Additive or Multiplicative: only residuals, likelihood and variance depend on it
	Trend  Component // None or Additive; a multiplicative trend explodes and is not offered
	Damped bool      // the trend fades by Phi a step
	Season Component
	Period int // steps of a season; wanted with a Season only

	Alpha, Beta, Gamma float64 // gains of level, trend and season in the state-space form; Beta <= Alpha, Gamma <= 1-Alpha
	Phi                float64 // damping of the trend, wanted with Damped only
}

// String names the form as the literature does, such as ETS(M,Ad,M).
func (c ETSConfig) String() string {
	d := ""
	if c.Damped {
		d = "d"
	}
	return fmt.Sprintf("ETS(%v,%v%s,%v)", c.Error, c.Trend, d, c.Season)
}

// Validate returns every fault of c, or nil.
func (c ETSConfig) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("ETS: "+format, args...)) }
	if c.Error != Additive && c.Error != Multiplicative {
		fault("Error: %d; wanted Additive or Multiplicative", c.Error)
	}
	if c.Trend != None && c.Trend != Additive {
		fault("Trend: %d; wanted None or Additive", c.Trend)
	}
	if c.Season > Multiplicative {
		fault("Season: %d; wanted None, Additive or Multiplicative", c.Season)
	}
	if c.Damped && c.Trend == None {
		fault("Damped: true without a Trend; wanted a Trend to damp")
	}
	if c.Season != None && c.Period < 2 {
		fault("Period: %d; wanted at least 2 steps", c.Period)
	}
	share := func(name string, v float64) {
		if !(v >= 0 && v <= 1) {
			fault("%s: %v; wanted 0 to 1", name, v)
		}
	}
	share("Alpha", c.Alpha)
	if c.Trend != None {
		share("Beta", c.Beta)
	}
	if c.Season != None {
		share("Gamma", c.Gamma)
	}
	if c.Damped {
		share("Phi", c.Phi)
	}
	return errors.Join(faults...)
}

// ETS is an exponential smoothing model in its innovations state-space form with one source of error:
//
//	mu = (l + phi b) + s   or   (l + phi b) * s;   d = y - mu
//	l' = l + phi b + alpha d      b' = phi b + beta d      s' = s + gamma d                (additive season)
//	l' = l + phi b + alpha d/s    b' = phi b + beta d/s    s' = s + gamma d/(l + phi b)    (multiplicative season)
//
// The residual is d for an additive error and d/mu for a multiplicative one; the states are the same.
// Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), table 2.2 and 2.3.
type ETS struct {
	cfg          ETSConfig
	phi          float64
	level, slope float64
	season       ring
	n            int     // values learned
	sse          float64 // sum of squared residuals
	logs         float64 // sum of log|mu|
}

var _ Model = (*ETS)(nil)

// NewETS returns a model that has seen nothing but has the given states: level and slope before the first value, and one
// cycle of the season, of which cycle[0] applies to the first value. slope and cycle are ignored where cfg has no such
// part. Errors: those of cfg.Validate, and a cycle of another length than the period.
func NewETS(cfg ETSConfig, level, slope float64, cycle []float64) (*ETS, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &ETS{cfg: cfg, phi: 1, level: level}
	if cfg.Damped {
		m.phi = cfg.Phi
	}
	if cfg.Trend != None {
		m.slope = slope
	}
	if cfg.Season != None {
		if len(cycle) != cfg.Period {
			return nil, fmt.Errorf("ETS: cycle of %d values; wanted Period = %d", len(cycle), cfg.Period)
		}
		m.season = newRing(cycle)
	}
	return m, nil
}

// Update implements Model.
func (m *ETS) Update(y float64) float64 {
	q := m.level
	if m.cfg.Trend != None {
		q += m.phi * m.slope
	}
	if math.IsNaN(y) {
		m.level = q
		if m.cfg.Trend != None {
			m.slope *= m.phi
		}
		if m.cfg.Season != None {
			m.season.skip()
		}
		return math.NaN()
	}
	mu := m.Forecast(1)
	d := y - mu
	toLevel := d
	switch m.cfg.Season {
	case Additive:
		m.season.set(m.season.ahead(1) + m.cfg.Gamma*d)
	case Multiplicative:
		s := m.season.ahead(1)
		toLevel = d / s
		m.season.set(s + m.cfg.Gamma*d/q)
	}
	m.level = q + m.cfg.Alpha*toLevel
	if m.cfg.Trend != None {
		m.slope = m.phi*m.slope + m.cfg.Beta*toLevel
	}
	r := d
	if m.cfg.Error == Multiplicative {
		r = d / mu
		m.logs += math.Log(math.Abs(mu))
	}
	m.n++
	m.sse += r * r
	return d
}

// Residual turns a one-step error d, made when the forecast was mu, into the residual of the model: d for an additive error,
// d/mu for a multiplicative one.
func (m *ETS) Residual(d, mu float64) float64 {
	if m.cfg.Error == Multiplicative {
		return d / mu
	}
	return d
}

// Forecast implements Model. For a multiplicative season it is the forecast of the states by themselves, as every
// implementation gives it, which differs from the mean by terms of the order of the residuals' variance.
func (m *ETS) Forecast(h int) float64 {
	mu := m.level
	if m.cfg.Trend != None {
		mu += m.slope * damping(m.phi, h)
	}
	switch m.cfg.Season {
	case Additive:
		mu += m.season.ahead(h)
	case Multiplicative:
		mu *= m.season.ahead(h)
	}
	return mu
}

// damping is phi + phi^2 + ... + phi^h.
func damping(phi float64, h int) float64 {
	if phi == 1 {
		return float64(h)
	}
	return phi * (1 - math.Pow(phi, float64(h))) / (1 - phi)
}

// SSE returns the sum of the squared residuals so far.
func (m *ETS) SSE() float64 { return m.sse }

// sigma2 is the mean squared residual, with the number of values as divisor.
func (m *ETS) sigma2() float64 { return m.sse / float64(m.n) }

// Deviance returns what maximum likelihood makes small: n log(SSE), plus 2 sum log|mu| for a multiplicative error. It is
// -2 log likelihood but for a constant of n. Source: Hyndman and others (2008), section 5.1.
func (m *ETS) Deviance() float64 { return float64(m.n)*math.Log(m.sse) + 2*m.logs }

// Variance returns that of the error h steps ahead, for models whose every part is additive; NaN for the others, for which
// there is no exact formula, and while nothing is learned. The variance of a residual is taken as SSE/n.
// Source: Hyndman and others (2008), table 6.2.
func (m *ETS) Variance(h int) float64 {
	if m.cfg.Error != Additive || m.cfg.Season == Multiplicative || m.n == 0 {
		return math.NaN()
	}
	sum, phis, pow := 1.0, 0.0, 1.0
	for j := 1; j < h; j++ {
		pow *= m.phi
		phis += pow
		c := m.cfg.Alpha
		if m.cfg.Trend != None {
			c += m.cfg.Beta * phis
		}
		if m.cfg.Season != None && j%m.cfg.Period == 0 {
			c += m.cfg.Gamma
		}
		sum += c * c
	}
	return m.sigma2() * sum
}

// Quantile returns the quantile at p of the value h steps ahead if residuals are normal; NaN where Variance is.
func (m *ETS) Quantile(h int, p float64) float64 {
	return m.Forecast(h) + normalQuantile(p)*math.Sqrt(m.Variance(h))
}

// State returns level, slope, and the cycle of the season from the newest value backwards, which is the order of R's
// forecast package. Parts that the model does not have are left out.
func (m *ETS) State() []float64 {
	s := []float64{m.level}
	if m.cfg.Trend != None {
		s = append(s, m.slope)
	}
	if m.cfg.Season != None {
		for h := m.cfg.Period; h >= 1; h-- {
			s = append(s, m.season.ahead(h))
		}
	}
	return s
}
