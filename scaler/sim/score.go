package sim

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Scores judge a policy over the scored steps of a trace. Replica-hours price a replica at 1 an hour.
type Scores struct {
	// Cost is ReplicaHours plus the penalty times UnservedHours. For the optimum it has the boot time of each replica that
	// was added on top; every other policy pays boot times inside ReplicaHours.
	Cost float64
	// ReplicaHours are the replica-hours billed.
	ReplicaHours float64
	// UnservedHours is the demand that went unserved, in replica-hours.
	UnservedHours float64
	// Unserved is the part of all demand that went unserved, 0..1; 0 where there was no demand.
	Unserved float64
	// Violation is the part of the steps in which any demand went unserved, 0..1; holes count as steps.
	Violation float64
	// ChangesPerDay counts the steps whose ordered count differs from the scored step before.
	ChangesPerDay float64
	// ReversalsPerDay counts the changes in the opposite direction to the change before, at most 600 s after it.
	ReversalsPerDay float64
	// EventUnserved is the part of the excess demand around events that went unserved, 0..1. It is NaN, for which output
	// has null, where there are no events or they brought no excess.
	EventUnserved float64
}

// reversalWithin is how soon a change of direction must follow to count as a reversal: ten minutes, borders included.
const reversalWithin = 600 * time.Second

// score judges the counts of each step of a trace.
func score(t *Trace, events []forecast.Event, o Options, ordered, ready []int32) Scores {
	var s Scores
	var billed int64
	var demand, unserved float64
	violations, changes, reversals := 0, 0, 0
	first, n := o.FirstScored(t), t.Len()
	direction, changed := 0, time.Time{} // of the last change
	for i := first; i < n; i++ {
		billed += int64(ordered[i])
		if d := t.Demand[i]; d >= 0 {
			demand += d
			if u := shortfall(d, o.Capacity, ready[i]); u > 0 {
				unserved += u
				violations++
			}
		}
		if i == first || ordered[i] == ordered[i-1] {
			continue
		}
		changes++
		now := 1
		if ordered[i] < ordered[i-1] {
			now = -1
		}
		if now == -direction && t.Times[i].Sub(changed) <= reversalWithin {
			reversals++
		}
		direction, changed = now, t.Times[i]
	}
	steps := float64(n - first)
	days := steps * t.Step.Hours() / 24
	s.ReplicaHours = float64(billed) * t.Step.Hours()
	s.UnservedHours = unserved / o.Capacity * t.Step.Hours()
	s.Cost = s.ReplicaHours + float64(o.Penalty*s.UnservedHours)
	if demand > 0 {
		s.Unserved = unserved / demand
	}
	s.Violation = float64(violations) / steps
	s.ChangesPerDay = float64(changes) / days
	s.ReversalsPerDay = float64(reversals) / days
	s.EventUnserved = math.NaN()
	if len(events) > 0 {
		s.EventUnserved = eventUnserved(t, events, o, ready)
	}
	return s
}

// shortfall is the demand that a number of ready replicas cannot serve. The product is rounded before the difference is
// taken, on every processor, because the sign decides whether a step is a violation.
func shortfall(demand, capacity float64, ready int32) float64 {
	return max(0, demand-float64(float64(ready)*capacity))
}
