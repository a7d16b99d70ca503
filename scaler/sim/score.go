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
	first := o.FirstScored(t)
	s := newTally(t.Len(), t.Step, events, o)
	for i, d := range t.Demand {
		s.add(t.Times[i], d, ordered[i], ready[i], i >= first)
	}
	return s.scores()
}

// tally is the scores of the steps that have been played so far. It keeps no step but those that the score of events takes
// its base from.
type tally struct {
	step              time.Duration
	capacity, penalty float64
	events            *eventTally // nil without events

	billed                                int64
	demand, unserved                      float64
	steps, violations, changes, reversals int // of the scored steps
	ordered                               int32
	direction                             int
	changed                               time.Time // when direction was that of a change
}

// newTally returns the tally of a trace of n steps.
func newTally(n int, step time.Duration, events []forecast.Event, o Options) *tally {
	s := &tally{step: step, capacity: o.Capacity, penalty: o.Penalty}
	if len(events) > 0 {
		s.events = newEventTally(n, step, events, o.Capacity)
	}
	return s
}

// add takes the next step. Those before the first scored one count for the base of events alone.
func (s *tally) add(at time.Time, d float64, ordered, ready int32, scored bool) {
	if s.events != nil {
		s.events.add(at, d, ready, scored)
	}
	if !scored {
		return
	}
	s.billed += int64(ordered)
	if d >= 0 {
		s.demand += d
		if u := shortfall(d, s.capacity, ready); u > 0 {
			s.unserved += u
			s.violations++
		}
	}
	before := s.ordered
	s.ordered = ordered
	if s.steps++; s.steps == 1 || ordered == before {
		return
	}
	s.changes++
	now := 1
	if ordered < before {
		now = -1
	}
	if now == -s.direction && at.Sub(s.changed) <= reversalWithin {
		s.reversals++
	}
	s.direction, s.changed = now, at
}

// scores are the scores once the last step has been added. They are taken once.
func (s *tally) scores() Scores {
	steps := float64(s.steps)
	days := steps * s.step.Hours() / 24
	r := Scores{
		ReplicaHours:    float64(s.billed) * s.step.Hours(),
		UnservedHours:   s.unserved / s.capacity * s.step.Hours(),
		Violation:       float64(s.violations) / steps,
		ChangesPerDay:   float64(s.changes) / days,
		ReversalsPerDay: float64(s.reversals) / days,
		EventUnserved:   math.NaN(),
	}
	r.Cost = r.ReplicaHours + float64(s.penalty*r.UnservedHours)
	if s.demand > 0 {
		r.Unserved = s.unserved / s.demand
	}
	if s.events != nil {
		r.EventUnserved = s.events.unserved()
	}
	return r
}

// shortfall is the demand that a number of ready replicas cannot serve. The product is rounded before the difference is
// taken, on every processor, because the sign decides whether a step is a violation.
func shortfall(demand, capacity float64, ready int32) float64 {
	return max(0, demand-float64(float64(ready)*capacity))
}
