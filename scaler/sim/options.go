package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Options are the terms of a simulation. Start from DefaultOptions: for several fields zero is a setting of its own.
type Options struct {
	// Capacity is the demand that one replica carries, in the trace's unit; more than 0. Default: DefaultCapacity.
	Capacity float64
	// Boot is the time from the order of a replica until it serves, 0 or more, rounded up to whole steps. Default 120 s.
	Boot time.Duration
	// Penalty is the cost of an hour of one replica's worth of unserved demand, in replica-hours; 0 or more. Default 20.
	Penalty float64
	// Lag is the time by which measurements come late, 0 or more, rounded up to whole steps. Default 0: at the start of a
	// step the demand of the one before is known.
	Lag time.Duration
	// Warmup is the part of the trace that is played but not scored, at least 0 and less than 1. Default 0.3.
	Warmup float64
	// ScoreFrom, unless it is zero, replaces Warmup: scoring starts at the first step that begins then or later.
	ScoreFrom time.Time
	// Announce is how long before its start an event becomes known to the engine, 0 or more. Default 24 h.
	Announce time.Duration
	// ScaleToZero allows a fleet without replicas, for every policy and for the optimum. Default false: at least one.
	ScaleToZero bool
	// Progress, unless it is nil, is called now and then with the number of steps done and the number there are.
	Progress func(done, total int)
}

// DefaultOptions returns the defaults that Options documents for a trace.
func DefaultOptions(t *Trace) Options {
	return Options{
		Capacity: DefaultCapacity(t),
		Boot:     120 * time.Second,
		Penalty:  20,
		Warmup:   0.3,
		Announce: 24 * time.Hour,
	}
}

// DefaultCapacity returns the larger of p95/40 and max/2000 of the demand, where p95 is the value at index floor(0.95 n)
// of the n known values in ascending order. Such a replica makes a fleet of some tens on most days and of 2000 at most. It
// is 0, which is no legal capacity, for a trace that never has any demand.
func DefaultCapacity(t *Trace) float64 {
	known := make([]float64, 0, len(t.Demand))
	for _, d := range t.Demand {
		if d >= 0 {
			known = append(known, d)
		}
	}
	if len(known) == 0 {
		return 0
	}
	slices.Sort(known)
	n := len(known)
	return max(known[n*95/100]/40, known[n-1]/2000)
}

// maxReplicas bounds the fleet that covers the peak: the time of the optimum grows with it.
const maxReplicas = 1_000_000

// Validate reports every fault of o at once, each with the field, its value and what was wanted. Faults of the trace itself
// are among them.
func (o Options) Validate(t *Trace) error {
	faults := []error{t.Validate()}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	peak := peakDemand(t.Demand)
	switch {
	case o.Capacity == 0 && peak == 0:
		fault("capacity 0: the trace has no demand to derive one from; wanted a finite number above 0")
	case !(o.Capacity > 0) || math.IsInf(o.Capacity, 0):
		fault("capacity %v: wanted a finite number above 0", o.Capacity)
	case peak/o.Capacity > maxReplicas:
		fault("capacity %v: the peak of %v takes more than %d replicas; wanted a larger capacity", o.Capacity, peak, maxReplicas)
	}
	if o.Boot < 0 {
		fault("boot %v: wanted 0 or more", o.Boot)
	}
	if !(o.Penalty >= 0) || math.IsInf(o.Penalty, 0) {
		fault("penalty %v: wanted a finite number of 0 or more", o.Penalty)
	}
	if o.Lag < 0 {
		fault("lag %v: wanted 0 or more", o.Lag)
	}
	if !(o.Warmup >= 0 && o.Warmup < 1) {
		fault("warmup %v: wanted at least 0 and less than 1", o.Warmup)
	}
	if n := len(t.Times); n > 0 && !o.ScoreFrom.IsZero() && o.ScoreFrom.After(t.Times[n-1]) {
		fault("score-from %s: wanted at most the start of the last step, %s",
			formatTimestamp(o.ScoreFrom, false), formatTimestamp(t.Times[n-1], false))
	}
	if o.Announce < 0 {
		fault("announce %v: wanted 0 or more", o.Announce)
	}
	return errors.Join(faults...)
}

// BootSteps returns the boot time in steps of the given length, rounded up.
func (o Options) BootSteps(step time.Duration) int { return ceilSteps(o.Boot, step) }

// LagSteps returns the lag of the measurements in steps of the given length, rounded up.
func (o Options) LagSteps(step time.Duration) int { return ceilSteps(o.Lag, step) }

// FirstScored returns the first step of a trace that is scored. It is the length of the trace where ScoreFrom lies behind
// the last step, which Validate refuses.
func (o Options) FirstScored(t *Trace) int {
	if o.ScoreFrom.IsZero() {
		return int(math.Floor(o.Warmup * float64(t.Len())))
	}
	i, _ := slices.BinarySearchFunc(t.Times, o.ScoreFrom, time.Time.Compare)
	return i
}

// floor is the smallest fleet.
func (o Options) floor() int {
	if o.ScaleToZero {
		return 0
	}
	return 1
}

func ceilSteps(d, step time.Duration) int {
	n := d / step
	if d%step > 0 {
		n++
	}
	return int(n)
}

// peakDemand is the largest known demand, 0 if there is none.
func peakDemand(demand []float64) float64 {
	peak := 0.0
	for _, d := range demand {
		if d > peak {
			peak = d
		}
	}
	return peak
}

// replicasFor is the smallest fleet that serves a demand; a hole has none.
func replicasFor(demand, capacity float64) int {
	if !(demand > 0) {
		return 0
	}
	return int(math.Ceil(demand / capacity))
}
