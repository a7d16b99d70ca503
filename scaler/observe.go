package scaler

import (
	"math"
	"strconv"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/state"
)

// Counts say what became of the samples of one signal. Each sample that Observe was given is counted once, under one of
// the verdicts of forecast.Counts (of which Duplicate, Old and Far were dropped without an error: late, older than the
// history reaches, or more than a year ahead) or under one of the refusals. Gaps, which counts steps, and Unknown are beside that.
type Counts struct {
	forecast.Counts

	Unknown uint64 // of those that were not refused: without a value (NaN), known gaps

	Negative uint64 // refused: below zero
	Infinite uint64 // refused: infinite, or above 1e18
	Undated  uint64 // refused: not between the years 1700 and 2250
}

// Refused returns how many samples Observe answered with an error.
func (c Counts) Refused() uint64 { return c.Negative + c.Infinite + c.Undated }

// refused is the part of Counts that the engine counts itself.
type refused struct{ unknown, negative, infinite, undated uint64 }

// fields walks the counts for snapshots.
func (r *refused) fields(c *state.Codec) {
	c.Uint64(&r.unknown)
	c.Uint64(&r.negative)
	c.Uint64(&r.infinite)
	c.Uint64(&r.undated)
}

// maxValue keeps squares and sums of demand inside float64, and counts inside an int.
const maxValue = 1e18

// Observe gives the engine one sample of a signal (its index in Config.Signals). Sample.Time is the start of the interval
// that the value describes. NaN is a known gap. Samples that are late, double or irregular are sorted out as package
// forecast says, without an error; Counts tells how many there were. The error is a *SampleError where the signal does
// not exist or the value is negative or infinite, and then nothing was changed but Counts.
func (e *Engine) Observe(signal int, s forecast.Sample) error {
	if signal < 0 || signal >= len(e.signals) {
		return &SampleError{signal, s.Value, "a signal from 0 to " + strconv.Itoa(len(e.signals)-1)}
	}
	r := &e.signals[signal].refused
	switch {
	case s.Time.Year() < 1700 || s.Time.Year() > 2250:
		r.undated++
		return &SampleError{signal, s.Value, "a time between the years 1700 and 2250"}
	case math.IsInf(s.Value, 0):
		r.infinite++
		return &SampleError{signal, s.Value, "a finite value of 0 or more, or NaN for a gap"}
	case s.Value < 0:
		r.negative++
		return &SampleError{signal, s.Value, "a finite value of 0 or more, or NaN for a gap"}
	case s.Value > maxValue:
		r.infinite++
		return &SampleError{signal, s.Value, "at most 1e18"}
	case math.IsNaN(s.Value):
		r.unknown++
	}
	e.signals[signal].forecast.Observe(s.Time, s.Value)
	return nil
}

// Counts returns what became of the samples of a signal; it is zero for a signal that does not exist.
func (e *Engine) Counts(signal int) Counts {
	if signal < 0 || signal >= len(e.signals) {
		return Counts{}
	}
	s := &e.signals[signal]
	r := s.refused
	return Counts{Counts: s.forecast.Counts(), Unknown: r.unknown, Negative: r.negative, Infinite: r.infinite, Undated: r.undated}
}
