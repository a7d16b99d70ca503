package policy

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Doubt holds the fleet when a signal falls to nothing at its peak and nobody confirms it: an exporter that restarts, a
// query that has lost a label and sums over nothing, count such a demand as zero and not as missing.
//
// A fall is absurd if the value is at most a tenth of what the forecast before it held to be too little (its .05
// quantile), that having been a replica's worth or more. It is believed at once if another signal has fallen as well, and
// doubted if all others stand; with no other signal to ask, the forecast alone denies it. A doubt ends after Span: then
// the fall is believed for as long as it lasts. The memory is the caller's.
type Doubt struct {
	Span    time.Duration // 0: nothing is doubted
	signals []doubted
}

// Reading is what a signal says at a decision, in replicas.
type Reading struct {
	Value float64 // of the newest closed step; NaN if it is not known
	Low   float64 // the .05 quantile of the forecast that is made now; NaN if there is none
	Fresh bool    // the sample is not stale
}

type doubted struct {
	low   float64 // the forecast before the fall; 0 before the first
	since int64   // unix nanoseconds of the first decision after it, or after it was over
	fell  bool
	over  bool // a fall was over not long ago
}

// fallen is the share of the lowest likely demand that is absurd, and standing the share that denies another's fall.
const (
	fallen   = 0.1
	standing = 0.5
)

// NewDoubt returns a Doubt over so many signals.
func NewDoubt(span time.Duration, signals int) Doubt {
	return Doubt{span, make([]doubted, signals)}
}

// Denied says whether some signal's fall is to be doubted at a time in unix nanoseconds. There is one reading per signal.
func (d *Doubt) Denied(now int64, readings []Reading) bool {
	if d.Span == 0 {
		return false
	}
	falling := false
	for i := range d.signals {
		s, r := &d.signals[i], &readings[i]
		switch {
		case !r.Fresh || math.IsNaN(r.Value):
			// Not known: whatever was so stays so.
		case s.low >= 1 && r.Value <= float64(fallen*s.low):
			if !s.fell {
				s.fell, s.over, s.since = true, false, now
			}
		case s.fell:
			s.fell, s.over, s.since = false, true, now
		}
		falling = falling || s.fell && now-s.since < int64(d.Span)
	}
	denied := false
	for i := range d.signals {
		s := &d.signals[i]
		if s.fell && readings[i].Fresh && now-s.since < int64(d.Span) && !d.confirmed(i, readings) {
			denied = true
		}
	}
	// While one falls the others are compared with what they were before.
	for i := range d.signals {
		if r := &readings[i]; !falling && r.Fresh && !math.IsNaN(r.Value) && !math.IsNaN(r.Low) {
			d.signals[i].learn(now, r.Low, d.Span)
		}
	}
	return denied
}

// learn notes the forecast of a signal that stands. Shortly after a fall it has learned from that: what it held before counts
// for a while, so that the next fall, its own or another's, is measured by it.
func (s *doubted) learn(now int64, low float64, span time.Duration) {
	if s.fell {
		return
	}
	s.over = s.over && now-s.since < int64(span)
	if !s.over || low > s.low {
		s.low = low
	}
}

// confirmed says whether another signal has fallen with signal i, or does not stand as it did.
func (d *Doubt) confirmed(i int, readings []Reading) bool {
	for j := range d.signals {
		s, r := &d.signals[j], readings[j]
		if j == i || !r.Fresh || math.IsNaN(r.Value) || s.low < 1 {
			continue
		}
		if r.Value < float64(standing*s.low) {
			return true
		}
	}
	return false
}

// Forget begins anew, as if nothing had been measured yet.
func (d *Doubt) Forget() { clear(d.signals) }

// State walks the memory for snapshots.
func (d *Doubt) State(c *state.Codec) {
	for i := range d.signals {
		s := &d.signals[i]
		c.Float64(&s.low)
		c.Int64(&s.since)
		c.Bool(&s.fell)
		c.Bool(&s.over)
	}
}
