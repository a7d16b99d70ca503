package policy

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Doubt holds the fleet when a signal falls to nothing at its peak and nobody confirms it: an exporter that restarts, a
// query that has lost a label and sums over nothing, count such a demand as zero and not as missing.
//
// A fall is absurd if the value is at most a tenth of what was held to be too little before it (see Reading.Low), that
// having been a replica's worth or more. It is believed at once if another signal has fallen as well, and
// doubted if all others stand; with no other signal to ask, what was held before alone denies it. A doubt ends when the fall has been
// seen for Span, silence not counted: then the fall is believed for as long as it lasts. The memory is the caller's.
type Doubt struct {
	Span    time.Duration // 0: nothing is doubted
	signals []doubted
	last    int64 // unix nanoseconds of the newest decision; 0 before the first
}

// Reading is what a signal says at a decision, in replicas.
type Reading struct {
	Value float64 // of the newest closed step; NaN if it is not known
	Low   float64 // what is hardly ever missed: the .05 quantile of the forecast that is made now, or Stood of what was measured lately; NaN if there is neither
	Fresh bool    // the sample is not stale
}

type doubted struct {
	low   float64 // the forecast before the fall; 0 before the first
	since int64   // unix nanoseconds of the first decision after it, or after it was over
	fell  bool
	over  bool // a fall was over not long ago
}

// Fallen is the share of the lowest likely demand that is absurd, standing the share that denies another's fall. Stood is
// the share of the least that was measured over Stand steps that a caller counts as likely, whatever the forecast says: a
// crowd that nobody announced makes the next hour so uncertain that no fall is too deep for its .05 quantile.
const (
	Fallen   = 0.1
	standing = 0.5
	Stood    = 0.5
	Stand    = 5
)

// NewDoubt returns a Doubt over so many signals.
func NewDoubt(span time.Duration, signals int) Doubt {
	return Doubt{Span: span, signals: make([]doubted, signals)}
}

// Denied says whether some signal's fall is to be doubted at a time in unix nanoseconds. There is one reading per signal.
func (d *Doubt) Denied(now int64, readings []Reading) bool {
	if d.Span == 0 {
		return false
	}
	falling, elapsed := false, max(0, now-d.last)
	for i := range d.signals {
		s, r := &d.signals[i], &readings[i]
		switch {
		case !r.Fresh || math.IsNaN(r.Value): // whatever was so stays so, and who says nothing repeats nothing
			if s.fell || s.over {
				s.since += elapsed
			}
			if s.low == 0 && r.Low > 0 { // at the beginning, until there is a sample: what the history holds likely
				s.low = r.Low
			}
		case s.low >= 1 && r.Value <= float64(Fallen*s.low):
			if !s.fell {
				s.fell, s.over, s.since = true, false, now
			}
		case s.fell:
			s.fell, s.over, s.since = false, true, now
		}
		falling = falling || s.fell && now-s.since < int64(d.Span)
	}
	d.last = max(now, d.last)
	denied := false
	for i := range d.signals {
		denied = denied || d.doubts(now, i, readings)
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

// Denial is why a fall is doubted, for an explanation.
type Denial struct {
	Signal int     // the one that has fallen
	By     int     // the first other one that stands; -1 where the forecast alone denies the fall
	Low    float64 // what was held too little before the fall, in replicas
	Until  int64   // unix nanoseconds of the time at which the fall is believed, if it lasts
}

// Denial returns which fall is doubted, and until when; of several the first. It is false if Denied is.
func (d *Doubt) Denial(now int64, readings []Reading) (Denial, bool) {
	for i := range d.signals {
		if !d.doubts(now, i, readings) {
			continue
		}
		s := &d.signals[i]
		by := -1
		for j := range d.signals {
			if r := &readings[j]; by < 0 && j != i && r.Fresh && !math.IsNaN(r.Value) && d.signals[j].low >= 1 {
				by = j // it stands, or it would confirm
			}
		}
		return Denial{i, by, s.low, s.since + int64(d.Span)}, true
	}
	return Denial{}, false
}

// doubts says whether the fall of signal i is doubted.
func (d *Doubt) doubts(now int64, i int, readings []Reading) bool {
	s := &d.signals[i]
	return s.fell && readings[i].Fresh && now-s.since < int64(d.Span) && !d.confirmed(i, readings)
}

// Below returns the value, in replicas, up to which a sample of signal i is not to be believed: that of a fall which is
// doubted or would be. It is -1 where all are believed: when the doubt is over, another signal has confirmed it, or there is no level to fall from.
func (d *Doubt) Below(now int64, i int, readings []Reading) float64 {
	s := &d.signals[i]
	if d.Span == 0 || s.low < 1 || s.fell && (now-s.since >= int64(d.Span) || d.confirmed(i, readings)) {
		return -1
	}
	return float64(Fallen * s.low)
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
func (d *Doubt) Forget() {
	clear(d.signals)
	d.last = 0
}

// State walks the memory for snapshots.
func (d *Doubt) State(c *state.Codec) {
	c.Int64(&d.last)
	for i := range d.signals {
		s := &d.signals[i]
		c.Float64(&s.low)
		c.Int64(&s.since)
		c.Bool(&s.fell)
		c.Bool(&s.over)
	}
}
