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
	// Activation, unless it is 0, is an activator as Knative has one: demand that finds no replica at all raises the count
	// to one by itself, which serves so much later, rounded up to whole steps; until then no policy takes it back. What
	// waits for it counts as unserved. It needs ScaleToZero. Default 0: a fleet of none stays so until its policy orders.
	Activation time.Duration
	// BootTimes, unless it is zero, is how the boot times of replicas scatter; Boot is then what the policies are told. See
	// Seed. Default zero: every replica takes Boot.
	BootTimes BootTimes
	// FailedStarts is the share of starts that never serve, at least 0 and less than 1. A failed start is billed, and
	// counts as starting, until it is given up; nobody can tell it from the others before. Default 0.
	FailedStarts float64
	// GiveUp is when a failed start is given up, more than 0 where there are FailedStarts, rounded up to whole steps.
	// Default 15 min, the time after which the Kubernetes cluster autoscaler no longer waits for a node
	// (--max-node-provision-time).
	GiveUp time.Duration
	// Drain is how long a ready replica that was released is billed on, 0 or more, rounded up to whole steps. It takes no
	// new demand meanwhile, as a terminating pod, which has left the endpoints of its service, and it cannot be had back
	// (Kubernetes grants 30 s by default, terminationGracePeriodSeconds). Default 0.
	Drain time.Duration
	// Cap, unless it is 0, is the largest fleet there is, for every policy and for the optimum: orders beyond it are obeyed
	// up to it, and a controller sees what it got. Draining replicas are not counted. Default 0: no bound.
	Cap int
	// Signal is what the forms of the Kubernetes HPA are fed with. Default SignalDemand.
	Signal Signal
	// Seed is the seed of what is drawn for starts.
	Seed uint64
	// Shown, unless it is nil, is what controllers are shown in place of the demand, one value for each step: metrics that
	// went missing (NaN) or lie. The plant serves the demand all the same.
	Shown []float64
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
		GiveUp:   15 * time.Minute,
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
	o.validatePlant(t, fault)
	return errors.Join(faults...)
}

// validatePlant reports the faults of what the fleet does.
func (o Options) validatePlant(t *Trace, fault func(format string, args ...any)) {
	switch {
	case o.Activation < 0:
		fault("activation %v: wanted 0 or more", o.Activation)
	case o.Activation > 0 && !o.ScaleToZero:
		fault("activation %v: wanted scale to zero too, because only a fleet of none is activated", o.Activation)
	}
	if err := o.BootTimes.Validate(); err != nil {
		fault("boot times: %w", err)
	}
	if !(o.FailedStarts >= 0 && o.FailedStarts < 1) {
		fault("failed starts %v: wanted at least 0 and less than 1", o.FailedStarts)
	}
	if o.GiveUp < 0 || o.GiveUp == 0 && o.FailedStarts > 0 {
		fault("give up %v: wanted more than 0", o.GiveUp)
	}
	if o.Drain < 0 {
		fault("drain %v: wanted 0 or more", o.Drain)
	}
	if o.Cap < 0 || o.Cap > math.MaxInt32 {
		fault("cap %d: wanted 1 to %d, or 0 for none", o.Cap, math.MaxInt32)
	}
	if o.Signal != SignalDemand && o.Signal != SignalUtilisation {
		fault("signal %d: wanted SignalDemand or SignalUtilisation", o.Signal)
	}
	if o.Shown == nil {
		return
	}
	if len(o.Shown) != len(t.Demand) {
		fault("shown: %d values; wanted %d, one for each step", len(o.Shown), len(t.Demand))
	}
	for i, d := range o.Shown {
		if d < 0 || math.IsInf(d, 0) {
			fault("shown[%d] %v: wanted a finite number of 0 or more, or NaN for a hole", i, d)
			break
		}
	}
}

// simple says whether the plant is the one that the shadow policies have too.
func (o Options) simple() bool {
	return o.Activation == 0 && !o.BootTimes.scattered() && o.FailedStarts == 0 && o.Drain == 0 && o.Cap == 0
}

// shortestStart is the shortest time in which any start can serve.
func (o Options) shortestStart() time.Duration {
	shortest := o.Boot
	if o.BootTimes.scattered() {
		shortest = o.BootTimes.At(0)
	}
	if o.Activation > 0 {
		shortest = min(shortest, o.Activation)
	}
	return shortest
}

// BootSteps returns the boot time in steps of the given length, rounded up.
func (o Options) BootSteps(step time.Duration) int { return ceilSteps(o.Boot, step) }

// LagSteps returns the lag of the measurements in steps of the given length, rounded up.
func (o Options) LagSteps(step time.Duration) int { return ceilSteps(o.Lag, step) }

// FirstScored returns the first step of a trace that is scored. It is the length of the trace where ScoreFrom lies behind
// the last step, which Validate refuses.
func (o Options) FirstScored(t *Trace) int {
	if o.ScoreFrom.IsZero() {
		return o.warmupSteps(t.Len())
	}
	i, _ := slices.BinarySearchFunc(t.Times, o.ScoreFrom, time.Time.Compare)
	return i
}

// warmupSteps is how many of n steps are not scored.
func (o Options) warmupSteps(n int) int { return int(math.Floor(o.Warmup * float64(n))) }

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
