package fit

import (
	"fmt"
	"math"
)

// Harmonics is one season of a TBATS model.
type Harmonics struct {
	Period         float64 // steps, at least 2, not necessarily whole
	K              int     // number of harmonics, at least 1 and at most half of Period
	Gamma1, Gamma2 float64 // gains of the two states of each harmonic
}

// TBATSConfig is the form and the gains of a TBATS model without transformation and without ARMA errors.
type TBATSConfig struct {
	Alpha   float64
	Trend   bool
	Beta    float64 // gain of the trend
	Phi     float64 // damping of the trend, 0 to 1; 1 is none
	Seasons []Harmonics
}

// TBATS is an exponential smoothing model whose seasons are sums of rotating harmonics, so that a long season has a small
// state and a period need not be whole:
//
//	f = l + phi b + sum s_j;   e = y - f
//	l' = l + phi b + alpha e   b' = phi b + beta e
//	s_j' =  s_j cos w_j + c_j sin w_j + gamma1 e
//	c_j' = -s_j sin w_j + c_j cos w_j + gamma2 e      w_j = 2 pi j / period
//
// f is made of the states after the last value, before they turn: that is the timing of R's forecast package.
// Source: De Livera, Hyndman and Snyder, Forecasting time series with complex seasonal patterns using exponential
// smoothing, Journal of the American Statistical Association 106 (2011).
type TBATS struct {
	cfg          TBATSConfig
	level, slope float64
	waves        []wave
}

// wave is a harmonic: its two states and the rotation of a step.
type wave struct {
	s, c           float64
	omega          float64 // radians a step
	cos, sin       float64 // of omega
	gamma1, gamma2 float64
}

var _ Model = (*TBATS)(nil)

// NewTBATS returns a model from its seed states, in the order of R's forecast package: level, slope if there is a trend,
// then for each season the K states s and the K states c. It is an error if their number or a part of cfg is not what it
// must be.
func NewTBATS(cfg TBATSConfig, seed []float64) (*TBATS, error) {
	n := 1
	if cfg.Trend {
		n++
		if !(cfg.Phi >= 0 && cfg.Phi <= 1) {
			return nil, fmt.Errorf("TBATS: Phi: %v; wanted 0 to 1", cfg.Phi)
		}
	}
	for i, h := range cfg.Seasons {
		if !(h.Period >= 2) || h.K < 1 || float64(2*h.K) > h.Period {
			return nil, fmt.Errorf("TBATS: Seasons[%d]: Period %v with %d harmonics; wanted at least 2 steps, and 1 harmonic to half of them", i, h.Period, h.K)
		}
		n += 2 * h.K
	}
	if len(seed) != n {
		return nil, fmt.Errorf("TBATS: %d seed states; wanted %d", len(seed), n)
	}
	m := &TBATS{cfg: cfg, level: seed[0]}
	seed = seed[1:]
	if cfg.Trend {
		m.slope, seed = seed[0], seed[1:]
	}
	for _, h := range cfg.Seasons {
		for j := range h.K {
			w := wave{s: seed[j], c: seed[h.K+j], omega: 2 * math.Pi * float64(j+1) / h.Period, gamma1: h.Gamma1, gamma2: h.Gamma2}
			w.sin, w.cos = math.Sincos(w.omega)
			m.waves = append(m.waves, w)
		}
		seed = seed[2*h.K:]
	}
	return m, nil
}

// Update implements Model.
func (m *TBATS) Update(y float64) float64 {
	e := y - m.Forecast(1)
	known := e
	if math.IsNaN(y) {
		known = 0
	}
	if m.cfg.Trend {
		m.level += m.cfg.Phi * m.slope
		m.slope = m.cfg.Phi*m.slope + m.cfg.Beta*known
	}
	m.level += m.cfg.Alpha * known
	for i := range m.waves {
		w := &m.waves[i]
		w.s, w.c = w.s*w.cos+w.c*w.sin+w.gamma1*known, w.c*w.cos-w.s*w.sin+w.gamma2*known
	}
	return e
}

// Forecast implements Model.
func (m *TBATS) Forecast(h int) float64 {
	f := m.level
	if m.cfg.Trend {
		f += m.slope * damping(m.cfg.Phi, h)
	}
	for i := range m.waves {
		w := &m.waves[i]
		sin, cos := math.Sincos(w.omega * float64(h-1))
		f += w.s*cos + w.c*sin
	}
	return f
}

// State returns the states in the order of NewTBATS.
func (m *TBATS) State() []float64 {
	x := []float64{m.level}
	if m.cfg.Trend {
		x = append(x, m.slope)
	}
	waves := m.waves
	for _, h := range m.cfg.Seasons {
		for _, w := range waves[:h.K] {
			x = append(x, w.s)
		}
		for _, w := range waves[:h.K] {
			x = append(x, w.c)
		}
		waves = waves[h.K:]
	}
	return x
}
