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

// eventUnserved returns the part of the excess demand around events that went unserved: the sum of min(u, e) over the sum
// of e. The excess e is the demand above the base, and u what went unserved, in the scored steps from one minute before to
// five minutes after a step that holds an event; a step near several events counts once.
//
// The base of a step is the upper median of the demand of the half hour before and the half hour after it, without the
// steps from one minute before to seven minutes after any event; the half hours grow to four hours while there are fewer
// than ten values. It is 0 if there are none. Minutes are turned into steps as if the trace lay on a grid. The result is
// NaN if there was no excess.
func eventUnserved(t *Trace, events []forecast.Event, o Options, ready []int32) float64 {
	n := t.Len()
	response := make([]bool, n)
	loud := make([]bool, n)
	before := stepsWithin(eventBefore, t.Step)
	for _, e := range events {
		m := holdingStep(t, e.Start)
		mark(response, m-before, m+stepsWithin(eventAfter, t.Step))
		mark(loud, m-before, m+stepsWithin(eventQuietFrom, t.Step))
	}
	var lost, excess float64
	var values []float64
	for i := o.FirstScored(t); i < n; i++ {
		if !response[i] || !(t.Demand[i] >= 0) {
			continue
		}
		values = quietDemand(values[:0], t, loud, i)
		base := 0.0
		if len(values) > 0 {
			slices.Sort(values)
			base = values[len(values)/2]
		}
		if e := max(0, t.Demand[i]-base); e > 0 {
			excess += e
			lost += min(e, shortfall(t.Demand[i], o.Capacity, ready[i]))
		}
	}
	if excess == 0 {
		return math.NaN()
	}
	return lost / excess
}

// quietDemand appends the demand that the base of step i is taken from.
func quietDemand(dst []float64, t *Trace, loud []bool, i int) []float64 {
	for w := baseWiden; w <= baseWidest; w += baseWiden {
		dst = dst[:0]
		// The steps that begin in [i-w, i+w).
		for j := max(i-stepsWithin(w, t.Step), 0); j < min(i+ceilSteps(w, t.Step), t.Len()); j++ {
			if !loud[j] && t.Demand[j] >= 0 {
				dst = append(dst, t.Demand[j])
			}
		}
		if len(dst) >= baseValues {
			break
		}
	}
	return dst
}

// holdingStep is the step during which a moment lies; before and behind the trace, its grid is thought to go on.
func holdingStep(t *Trace, at time.Time) int {
	n := t.Len()
	if first := t.Times[0]; at.Before(first) {
		return -1 - int((first.Sub(at)-1)/t.Step)
	}
	if last := t.Times[n-1]; !at.Before(last) {
		return n - 1 + int(at.Sub(last)/t.Step)
	}
	i, exact := slices.BinarySearchFunc(t.Times, at, time.Time.Compare)
	if !exact {
		i--
	}
	return i
}

// stepsWithin is the number of whole steps in d: a step that begins at most d later is at most so many steps away.
func stepsWithin(d, step time.Duration) int { return int(d / step) }

// mark sets the steps from .. to, both included, as far as there are such steps.
func mark(steps []bool, from, to int) {
	for i := max(from, 0); i <= min(to, len(steps)-1); i++ {
		steps[i] = true
	}
}
