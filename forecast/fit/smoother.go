package fit

import (
	"math"

	"github.com/headroom-go/headroom/forecast"
)

// Smoother is the double-seasonal Holt-Winters expert of package forecast as a model of its own, in bins of the slow clock:
//
//	f = level + first + second;  d' = y - f;  e = d' - AR d
//	level += Level e;  first += Main e;  second += Long e;  d = d'
//
// and h bins ahead level + first + second + AR^h d, on the values as they are or on their logarithms. Errors beyond four
// times the usual one are clipped, so that a spike does not become the season. Sources: Taylor (2003), see DoubleSeason; De
// Livera, Hyndman and Snyder (2011), see TBATS.
type Smoother struct {
	gains         forecast.Smoothing
	log           bool
	unit          float64
	level, d      float64
	first, second ring
	start         []float64 // the first cycle, until it is whole
	main          int
	usual, seen   float64
}

var _ Model = (*Smoother)(nil)

// NewSmoother returns a model with seasons of main and long bins, long 0 for none. In logarithms it models log(1+y/unit).
// The first main season is the start of level and season; before its end there is no forecast (NaN).
func NewSmoother(gains forecast.Smoothing, main, long int, log bool, unit float64) *Smoother {
	m := &Smoother{gains: gains, log: log, unit: unit, main: main, first: newRing(make([]float64, main))}
	if long > 0 {
		m.second = newRing(make([]float64, long))
	}
	return m
}

// Update implements Model.
func (m *Smoother) Update(y float64) float64 {
	e := y - m.Forecast(1)
	m.learn(m.transform(y))
	return e
}

func (m *Smoother) transform(y float64) float64 {
	if m.log {
		return math.Log1p(y / m.unit)
	}
	return y
}

// learn takes the next transformed value and returns its transformed error, NaN for a gap and before the first whole cycle.
func (m *Smoother) learn(z float64) float64 {
	if len(m.start) < m.main {
		m.begin(z)
		return math.NaN()
	}
	if math.IsNaN(z) {
		m.d *= m.gains.AR
		m.first.skip()
		m.skipLong()
		return math.NaN()
	}
	s, w := m.first.ahead(1), m.long(1)
	d := z - (m.level + s + w)
	e := d - m.gains.AR*m.d
	raw := e
	m.seen = math.Min(m.seen+1, 50)
	if m.seen > 20 {
		limit := 4 * m.usual
		e = math.Max(-limit, math.Min(e, limit))
		d = math.Max(-2*limit, math.Min(d, 2*limit))
	}
	m.usual += (math.Abs(e) - m.usual) / m.seen
	m.level += m.gains.Level * e
	m.first.set(s + m.gains.Main*e)
	if m.second.values != nil {
		m.second.set(w + m.gains.Long*e)
	}
	m.d = d
	return raw
}

// begin collects the first cycle; gaps in it begin at its mean.
func (m *Smoother) begin(z float64) {
	m.start = append(m.start, z)
	m.skipLong()
	if len(m.start) < m.main {
		return
	}
	m.level = mean(m.start)
	if math.IsNaN(m.level) { // a cycle without any value: begin with the next one
		m.start = m.start[:0]
		return
	}
	for _, v := range m.start {
		if math.IsNaN(v) {
			v = m.level
		}
		m.first.set(v - m.level)
	}
}

func (m *Smoother) long(h int) float64 {
	if m.second.values == nil {
		return 0
	}
	return m.second.ahead(h)
}

func (m *Smoother) skipLong() {
	if m.second.values != nil {
		m.second.skip()
	}
}

// Forecast implements Model. It is NaN before the end of the first main season, and never negative.
func (m *Smoother) Forecast(h int) float64 {
	z := m.ahead(h)
	if m.log {
		z = math.Expm1(z) * m.unit
	}
	return math.Max(0, z)
}

// ahead is the transformed forecast.
func (m *Smoother) ahead(h int) float64 {
	if len(m.start) < m.main {
		return math.NaN()
	}
	return m.level + m.first.ahead(h) + m.long(h) + math.Pow(m.gains.AR, float64(h))*m.d
}
