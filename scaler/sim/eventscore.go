package sim

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// The windows of EventUnserved, counted from the step that holds an event.
const (
	eventBefore    = time.Minute     // the response is measured from here
	eventAfter     = 5 * time.Minute // to here
	eventQuietFrom = 7 * time.Minute // what comes no later than this is no part of the base
	baseWiden      = 30 * time.Minute
	baseWidest     = 240 * time.Minute
	baseValues     = 10 // the base is widened while it has fewer values
)

// eventTally finds the part of the excess demand around events that went unserved: the sum of min(u, e) over the sum
// of e. The excess e is the demand above the base, and u what went unserved, in the scored steps from one minute before to
// five minutes after a step that holds an event; a step near several events counts once.
//
// The base of a step is the upper median of the demand of the half hour before and the half hour after it, without the
// steps from one minute before to seven minutes after any event; the half hours grow to four hours while there are fewer
// than ten values. It is 0 if there are none. Minutes are turned into steps as if the trace lay on a grid.
//
// Steps are added one by one and judged as soon as what comes after them can no longer change their base: it keeps those of
// two times four hours, whatever the length of the trace.
type eventTally struct {
	events   []forecast.Event // by start, those that no step is known to hold yet
	step     time.Duration
	capacity float64

	recent       []eventStep // the newest steps: step i is at i modulo the length
	steps        int         // how many have been added
	first, last  time.Time
	before       int // steps that an event marks before its own
	behind       int // how many steps must have come after one before it is judged
	respondUntil int // the last step that the events so far mark
	loudUntil    int

	lost, excess float64
	values       []float64
}

type eventStep struct {
	demand float64
	ready  int32
	// response is near an event, and judged if it is scored; loud is no part of the base.
	scored, response, loud bool
}

func newEventTally(n int, step time.Duration, events []forecast.Event, capacity float64) *eventTally {
	s := &eventTally{events: slices.Clone(events), step: step, capacity: capacity, respondUntil: -1, loudUntil: -1}
	slices.SortStableFunc(s.events, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
	s.before = stepsWithin(eventBefore, step)
	s.behind = ceilSteps(baseWidest, step) + s.before
	s.recent = make([]eventStep, min(stepsWithin(baseWidest, step)+s.behind+1, n))
	return s
}

func (s *eventTally) at(i int) *eventStep { return &s.recent[i%len(s.recent)] }

// add takes the next step.
func (s *eventTally) add(at time.Time, demand float64, ready int32, scored bool) {
	i := s.steps
	if i == 0 {
		s.first = at
	}
	for len(s.events) > 0 && s.events[0].Start.Before(at) {
		holds := i - 1 // the step before began no later than the event
		if i == 0 {    // the grid is thought to go on before the trace
			holds = -1 - int((at.Sub(s.events[0].Start)-1)/s.step)
		}
		s.mark(holds)
	}
	s.last = at
	*s.at(i) = eventStep{demand: demand, ready: ready, scored: scored, response: i <= s.respondUntil, loud: i <= s.loudUntil}
	s.steps++
	if judged := i - s.behind; judged >= 0 {
		s.judge(judged)
	}
}

// mark takes the first event, which a step holds that need not be in the trace, and marks the steps around.
func (s *eventTally) mark(holds int) {
	s.events = s.events[1:]
	respond, loud := holds+stepsWithin(eventAfter, s.step), holds+stepsWithin(eventQuietFrom, s.step)
	s.respondUntil, s.loudUntil = max(s.respondUntil, respond), max(s.loudUntil, loud)
	for i := max(holds-s.before, 0); i < s.steps; i++ {
		step := s.at(i)
		step.response = step.response || i <= respond
		step.loud = step.loud || i <= loud
	}
}

// judge adds a step to the sums if it is near an event.
func (s *eventTally) judge(i int) {
	step := s.at(i)
	if !step.response || !step.scored || !(step.demand >= 0) {
		return
	}
	s.gather(i)
	base := 0.0
	if len(s.values) > 0 {
		slices.Sort(s.values)
		base = s.values[len(s.values)/2]
	}
	if e := max(0, step.demand-base); e > 0 {
		s.excess += e
		s.lost += min(e, shortfall(step.demand, s.capacity, step.ready))
	}
}

// gather finds the demand that the base of step i is taken from.
func (s *eventTally) gather(i int) {
	for w := baseWiden; w <= baseWidest; w += baseWiden {
		s.values = s.values[:0]
		// The steps that begin in [i-w, i+w).
		for j := max(i-stepsWithin(w, s.step), 0); j < min(i+ceilSteps(w, s.step), s.steps); j++ {
			if near := s.at(j); !near.loud && near.demand >= 0 {
				s.values = append(s.values, near.demand)
			}
		}
		if len(s.values) >= baseValues {
			break
		}
	}
}

// unserved is the part once the last step has been added, NaN if there was no excess. It is taken once.
func (s *eventTally) unserved() float64 {
	for len(s.events) > 0 { // in the last step, or behind the trace
		s.mark(s.steps - 1 + int(s.events[0].Start.Sub(s.last)/s.step))
	}
	for i := max(s.steps-s.behind, 0); i < s.steps; i++ {
		s.judge(i)
	}
	if s.excess == 0 {
		return math.NaN()
	}
	return s.lost / s.excess
}

// stepsWithin is the number of whole steps in d: a step that begins at most d later is at most so many steps away.
func stepsWithin(d, step time.Duration) int { return int(d / step) }
