package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// Smoothing are the gains of the double-seasonal Holt-Winters experts, per bin of the slow clock, 0 to 1 each.
type Smoothing struct {
	Level float64 `json:"level,omitempty"` // of the level [0.03]
	Main  float64 `json:"main,omitempty"`  // of the main season [0.1]
	Long  float64 `json:"long,omitempty"`  // of the long season [0.3]
	AR    float64 `json:"ar,omitempty"`    // share of an error that is left one bin later [0.85]
}

// WithDefaults returns s in which every zero field has its default.
func (s Smoothing) WithDefaults() Smoothing {
	or := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	or(&s.Level, 0.03)
	or(&s.Main, 0.1)
	or(&s.Long, 0.3)
	or(&s.AR, 0.85)
	return s
}

// smoother is double-seasonal exponential smoothing in error-correction form, with a first-order autoregression of the
// errors and without a trend:
//
//	f = level + first[i] + second[j];  d' = y - f;  e = d' - ar d
//	level += a e;  first[i] += g e;  second[j] += w e;  d = d'
//
// and h bins ahead level + first + second + ar^h d. That is the additive form of Taylor (2003), Short-term electricity
// demand forecasting using double seasonal exponential smoothing, J. Oper. Res. Soc. 54, with the error correction of De
// Livera, Hyndman and Snyder (2011). In logs it is the multiplicative form. A trend is left out on purpose: over a day it
// does more harm than good.
//
// Errors are clipped at four times the usual one, so that a spike does not become the season. Seasons are in single
// precision; a test runs the same code in double precision against reference values.
type smoother[F float32 | float64] struct {
	Smoothing
	level, d      float64
	first, second []F
	ready         bool
	usual         float64 // exponentially weighted absolute error
	seen          float64
}

// smootherClip is the error, over the usual one, at which it is clipped; smootherTrust errors must have been seen before.
const (
	smootherClip  = 4
	smootherTrust = 20
)

func newSmoother[F float32 | float64](gains Smoothing, b *bins) smoother[F] {
	return smoother[F]{Smoothing: gains, first: make([]F, b.main), second: make([]F, b.long)}
}

// begin sets the level and the main season to those of the newest main season of b, in logs or as they are.
func (s *smoother[F]) begin(b *bins, shift int64, log bool) {
	s.level = b.mean(b.next, b.main, log)
	for i := b.next - b.main; i < b.next; i++ {
		s.first[slot(i, shift, b.main)] = F(b.at(i, log) - s.level)
	}
	s.ready = true
}

// season returns the two seasons at bin i.
func (s *smoother[F]) season(i, shift int64) float64 {
	v := float64(s.first[slot(i, shift, int64(len(s.first)))])
	if len(s.second) > 0 {
		v += float64(s.second[slot(i, shift, int64(len(s.second)))])
	}
	return v
}

// update learns that bin i had the transformed value y.
func (s *smoother[F]) update(y float64, i, shift int64) {
	d := y - (s.level + s.season(i, shift))
	e := d - float64(s.AR*s.d)
	s.seen = min(s.seen+1, 50)
	if s.seen > smootherTrust {
		limit := float64(smootherClip * s.usual)
		e = max(-limit, min(e, limit))
		d = max(-2*limit, min(d, 2*limit))
	}
	s.usual += (math.Abs(e) - s.usual) / s.seen
	s.level += float64(s.Level * e)
	p := &s.first[slot(i, shift, int64(len(s.first)))]
	*p += F(s.Main * e)
	if len(s.second) > 0 {
		p := &s.second[slot(i, shift, int64(len(s.second)))]
		*p += F(s.Long * e)
	}
	s.d = d
}

// gap passes over a bin without a value.
func (s *smoother[F]) gap() { s.d = float64(s.AR * s.d) }

// anchor moves the level so that bin i, the first one after a long silence, is what was to be expected.
func (s *smoother[F]) anchor(y float64, i, shift int64) {
	s.level, s.d = y-s.season(i, shift), 0
}

// at returns the transformed forecast of bin i, h bins after the newest; decay is AR to the power of h.
func (s *smoother[F]) at(i, shift int64, decay float64) float64 {
	return s.level + s.season(i, shift) + float64(decay*s.d)
}

func (s *smoother[F]) fields(c *state.Codec) {
	c.Float64(&s.level)
	c.Float64(&s.d)
	for _, season := range [...][]F{s.first, s.second} {
		for i := range season {
			v := float32(season[i])
			c.Float32(&v)
			season[i] = F(v)
		}
	}
	c.Bool(&s.ready)
	c.Float64(&s.usual)
	c.Float64(&s.seen)
}

// transform takes a value, in replicas, to the scale on which an expert works: as it is, or log(1+v). The one keeps idle
// series from exploding that a plain logarithm would not.
func transform(v float64, log bool) float64 {
	if log {
		return fp.Log1p(v)
	}
	return v
}

// back is the inverse of transform; it returns nothing negative.
func back(v float64, log bool) float64 {
	if log {
		v = fp.Exp(v) - 1
	}
	return max(0, v)
}
