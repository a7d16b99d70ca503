package forecast

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Verdict says what a Series did with a sample.
type Verdict uint8

// The verdicts of Series.Add.
const (
	Accepted  Verdict = iota // began a step or was added to the open one
	Replaced                 // same time as the newest sample of the open step: the new value took its place
	Filled                   // late, and its step was a gap: the history has it now, though the experts have moved on
	Duplicate                // late, and its step has a value already: dropped
	Old                      // older than the history reaches: dropped
	Far                      // further ahead of the newest sample than a year: a broken clock, dropped
)

// maxJump is how far ahead of the newest sample a sample may lie. A clock that is wrong by years must not wipe out the
// history, and a workload that was silent for so long has nothing left worth remembering: start a new engine.
const maxJump = int64(366 * 24 * time.Hour)

// earlyPart is the part of a step (1/earlyPart) by which a sample may come before the start of its step, so that jitter
// in the sampling does not make a double step and an empty one.
const earlyPart = 8

// Series puts samples on a fixed grid of steps and remembers the newest of them. The first sample's time is the start of
// step 0, whatever it is: the grid follows the data, not the clock face.
//
// The value of a step is the mean of its samples, and its peak the largest of them (in single precision); a step that has no sample, or NaN
// alone, is a gap. A step is closed, and then final, when a later step begins or when Advance says that its time is
// over. A step without any sample is closed only by a later sample: before that nobody knows whether it is missing or
// late.
type Series struct {
	step   int64     // nanoseconds
	mean   []float64 // ring over step index modulo length; NaN is a gap
	peak   []float32
	begun  bool
	origin int64 // start of step 0, unix nanoseconds
	last   int64 // newest closed step, -1 before the first
	newest int64 // time of the newest sample, unix nanoseconds
	known  bool  // there was a sample that is a number
	number int64 // time of the newest of them, unix nanoseconds

	open      bool // step openIdx is collecting
	openIdx   int64
	openSum   float64 // of all its samples but the newest
	openPeak  float64 // the same
	openCount int64   // the same
	openLast  float64 // value of the newest sample; NaN for a known gap

	disbelief float64 // a step that closes with this value or less becomes a gap; negative: none does
	denied    float64 // what the newest closed step would have been; NaN if it was believed
}

// NewSeries returns a Series with steps of the given length that remembers the newest n closed steps.
func NewSeries(step time.Duration, n int) *Series {
	s := &Series{step: int64(step), mean: make([]float64, n), peak: make([]float32, n), last: -1, disbelief: -1, denied: math.NaN()}
	s.forget()
	return s
}

// forget makes every remembered step a gap.
func (s *Series) forget() {
	for i := range s.mean {
		s.mean[i], s.peak[i] = math.NaN(), float32(math.NaN())
	}
}

// Index returns the step that holds t. It is 0 for every t before the first sample was added.
func (s *Series) Index(t time.Time) int64 {
	if !s.begun {
		return 0
	}
	return s.index(t.UnixNano())
}

func (s *Series) index(nano int64) int64 {
	d := nano - s.origin + s.step/earlyPart
	k := d / s.step
	if d%s.step < 0 {
		k--
	}
	return k
}

// Start returns the nominal start of step k in unix nanoseconds.
func (s *Series) Start(k int64) int64 { return s.origin + k*s.step }

// Last returns the newest closed step, -1 before the first.
func (s *Series) Last() int64 { return s.last }

// Newest returns the time of the newest sample, and false before the first.
func (s *Series) Newest() (time.Time, bool) { return time.Unix(0, s.newest).UTC(), s.begun }

// NewestNumber returns the time of the newest sample that was not a known gap, and false before the first: who says every
// minute that there is no value has not measured anything.
func (s *Series) NewestNumber() (time.Time, bool) { return time.Unix(0, s.number).UTC(), s.known }

// At returns the mean and the peak of closed step k; both are NaN for a gap and for a step that is not remembered.
func (s *Series) At(k int64) (mean, peak float64) {
	if k < 0 || k > s.last || k <= s.last-int64(len(s.mean)) {
		return math.NaN(), math.NaN()
	}
	i := k % int64(len(s.mean))
	return s.mean[i], float64(s.peak[i])
}

// far says whether t lies further ahead of the newest sample than any real one could.
func (s *Series) far(t time.Time) bool { return s.begun && t.UnixNano()-s.newest > maxJump }

// Advance closes the open step if now lies beyond it, and says whether it did.
func (s *Series) Advance(now time.Time) bool {
	if !s.open || s.Index(now) <= s.openIdx {
		return false
	}
	mean, peak := s.openValue()
	s.open = false
	if mean <= s.disbelief {
		s.push(s.openIdx, math.NaN(), math.NaN())
		s.denied = mean
		return true
	}
	s.push(s.openIdx, mean, peak)
	return true
}

// Disbelieve makes gaps of the steps that close from now on with the value v or less, until it is called again; with a
// negative v all are believed. A gap is what an exporter leaves that counts as nothing what it does not see.
func (s *Series) Disbelieve(v float64) { s.disbelief = v }

// Said returns the mean of the newest closed step as it was measured, whether it was believed or not; NaN for a gap.
func (s *Series) Said() float64 {
	if s.denied >= 0 {
		return s.denied
	}
	mean, _ := s.At(s.last)
	return mean
}

// openValue is the mean and the peak of the open step, which takes no more samples.
func (s *Series) openValue() (mean, peak float64) {
	s.sum(s.openLast)
	if s.openCount == 0 {
		return math.NaN(), math.NaN()
	}
	return s.openSum / float64(s.openCount), s.openPeak
}

// push closes step k with a value; the steps between the newest closed one and k become gaps.
func (s *Series) push(k int64, mean, peak float64) {
	n := int64(len(s.mean))
	if k-s.last > n {
		s.forget()
	} else {
		for j := s.last + 1; j < k; j++ {
			s.mean[j%n], s.peak[j%n] = math.NaN(), float32(math.NaN())
		}
	}
	s.mean[k%n], s.peak[k%n] = mean, float32(peak)
	s.last, s.denied = k, math.NaN()
}

// Add takes a sample whose value is NaN (a known gap) or finite and not negative; the caller has checked that. It closes
// the steps before the sample's own. Samples may come in any order; only Accepted and Replaced reach the experts.
func (s *Series) Add(t time.Time, v float64) Verdict {
	nano := t.UnixNano()
	verdict := s.add(t, nano, v)
	if verdict <= Filled && !math.IsNaN(v) && (!s.known || nano > s.number) {
		s.known, s.number = true, nano
	}
	return verdict
}

func (s *Series) add(t time.Time, nano int64, v float64) Verdict {
	if !s.begun {
		s.begun, s.origin, s.newest = true, nano, nano
		s.begin(0, v)
		return Accepted
	}
	if s.far(t) {
		return Far
	}
	s.Advance(t)
	k := s.Index(t)
	switch {
	case k <= s.last:
		return s.late(k, v)
	case !s.open:
		if k > s.last+1 {
			s.push(k-1, math.NaN(), math.NaN())
		}
		s.begin(k, v)
	case nano == s.newest:
		s.openLast = v
		return Replaced
	case nano < s.newest:
		s.sum(v)
		return Accepted
	default:
		s.sum(s.openLast)
		s.openLast = v
	}
	s.newest = nano
	return Accepted
}

// begin opens step k with its first sample.
func (s *Series) begin(k int64, v float64) {
	s.open, s.openIdx, s.openSum, s.openPeak, s.openCount, s.openLast = true, k, 0, 0, 0, v
}

// sum adds a sample of the open step that will not be replaced any more.
func (s *Series) sum(v float64) {
	if math.IsNaN(v) {
		return
	}
	s.openSum += v
	s.openPeak = max(s.openPeak, v)
	s.openCount++
}

// late keeps a late sample where it fills a gap of the history.
func (s *Series) late(k int64, v float64) Verdict {
	if k < 0 || k <= s.last-int64(len(s.mean)) {
		return Old
	}
	i := k % int64(len(s.mean))
	if !math.IsNaN(s.mean[i]) || math.IsNaN(v) || v <= s.disbelief {
		return Duplicate
	}
	s.mean[i], s.peak[i] = v, float32(v)
	if k == s.last {
		s.denied = math.NaN()
	}
	return Filled
}

// fields walks the state for snapshots.
func (s *Series) fields(c *state.Codec) {
	c.Values(s.mean)
	c.Values32(s.peak)
	c.Bool(&s.begun)
	c.Int64(&s.origin)
	c.Int64(&s.last)
	c.Int64(&s.newest)
	c.Bool(&s.known)
	c.Int64(&s.number)
	c.Bool(&s.open)
	c.Int64(&s.openIdx)
	c.Float64(&s.openSum)
	c.Float64(&s.openPeak)
	c.Int64(&s.openCount)
	c.Value(&s.openLast)
	c.Float64(&s.disbelief)
	c.Value(&s.denied)
	if !c.Reading() {
		return
	}
	// The newest sample lies in the open step, or in the newest closed one; the two are neighbours.
	newest := s.last
	if s.open {
		newest = s.openIdx
	}
	switch {
	case s.begun && s.index(s.newest) != newest, s.open && s.openIdx != s.last+1, s.last < -1, !s.begun && (s.open || s.last != -1):
		c.Fail(errSeries)
		*s = *NewSeries(time.Duration(s.step), len(s.mean))
	}
}
