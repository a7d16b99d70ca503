package calendar

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Airing is whether demand showed an event.
type Airing struct {
	Event  forecast.Event
	Known  bool    // there were samples enough to tell, and not mostly zero before it
	Seen   bool    // demand rose beyond what it does anyway
	Before float64 // median demand before the event
	Peak   float64 // highest demand while the event lasted and its response
	Needed float64 // demand from which on it counts as seen
}

// String returns the airing as a sentence.
func (a Airing) String() string {
	switch {
	case !a.Known:
		return fmt.Sprintf("%s: too few samples to tell whether demand showed it", describe(&a.Event))
	case a.Seen:
		return fmt.Sprintf("%s: demand rose from %.4g to %.4g", describe(&a.Event), a.Before, a.Peak)
	}
	return fmt.Sprintf("%s: demand did not show it: %.4g before, at most %.4g then, %.4g would have told", describe(&a.Event), a.Before, a.Peak, a.Needed)
}

// Airings is what Aired found.
type Airings struct {
	List  []Airing
	Shift time.Duration // by which the plan must be moved for far more of it to be seen; 0 for none
}

// String returns a sentence for each event that demand did not show, and one for a shift.
func (a Airings) String() string {
	var b strings.Builder
	for _, x := range a.List {
		if x.Known && !x.Seen {
			fmt.Fprintln(&b, x)
		}
	}
	if a.Shift != 0 {
		fmt.Fprintf(&b, "far more of the plan shows in demand if it is moved by %s: is its time zone right?\n", signed(a.Shift))
	}
	return b.String()
}

const (
	airedBefore = 15 * time.Minute // what is ordinary
	airedAfter  = 5 * time.Minute  // a TV spot's response is gone by then
	airedLeast  = 5                // samples before that tell what is ordinary
	airedSigma  = 5                // times the spread of the samples before
	madToSigma  = 1.4826           // of a normal distribution
)

// Aired compares events with the demand around them. samples are of one signal, by time; NaN is a gap. An event is seen if
// a sample from its start, less its window, to five minutes after its end exceeds the median of the quarter of an hour before
// by more than five times the spread (1.4826 times the median absolute deviation, or the square root of the median where
// that is larger, as of counts). Several events within that time are seen together or not at all. It is a check of the
// plan; what an event brings the engine learns by itself.
//
// Shift is a number of whole hours, up to 14, by which the plan must be moved for at least twice as many events to be seen:
// all but a fifth and three more than now, or more by three standard deviations of what chance does to the counts. Not
// each event is seen where spots are small; on the TV trace of the tests 92 of 600 are, and 31 an hour off. Where one feed
// airs later than another, the difference of the two may pass for the shift.
func Aired(events []forecast.Event, samples []forecast.Sample) Airings {
	var r Airings
	known, seen := 0, 0
	for _, ev := range events {
		a := aired(ev, samples, 0)
		r.List = append(r.List, a)
		if a.Known {
			known++
		}
		if a.Seen {
			seen++
		}
	}
	best := seen
	for hours := 1; hours <= 14; hours++ {
		for _, by := range []time.Duration{time.Duration(hours) * time.Hour, -time.Duration(hours) * time.Hour} {
			moved := 0
			for _, ev := range events {
				if aired(ev, samples, by).Seen {
					moved++
				}
			}
			more := float64(moved - seen)
			if moved > best && moved >= 2*seen && (more >= leastLoss && 5*moved >= 4*known || more > 3*math.Sqrt(float64(moved+seen))) {
				best, r.Shift = moved, by
			}
		}
	}
	return r
}

// aired looks for an event as if it were moved.
func aired(ev forecast.Event, samples []forecast.Sample, by time.Duration) Airing {
	a := Airing{Event: ev}
	begin, end := ev.Start.Add(by-ev.Window), ev.Start.Add(by+ev.Window+ev.Duration+airedAfter)
	first, _ := slices.BinarySearchFunc(samples, begin.Add(-airedBefore), func(s forecast.Sample, t time.Time) int { return s.Time.Compare(t) })
	var before []float64
	after := 0
	for _, s := range samples[first:] {
		switch {
		case s.Time.After(end):
		case math.IsNaN(s.Value):
			continue
		case s.Time.Before(begin):
			before = append(before, s.Value)
			continue
		default:
			after++
			a.Peak = max(a.Peak, s.Value)
			continue
		}
		break
	}
	if len(before) < airedLeast || after == 0 {
		return a
	}
	// The last sample before may be the step in which the event begins.
	before = before[:len(before)-1]
	a.Before = median(before)
	if a.Known = a.Before > 0; !a.Known {
		return a // a single visit would be infinitely more
	}
	for i := range before {
		before[i] = math.Abs(before[i] - a.Before)
	}
	a.Needed = a.Before + airedSigma*max(madToSigma*median(before), math.Sqrt(max(0, a.Before)))
	a.Seen = a.Peak > a.Needed
	return a
}

// median sorts list, which is not empty.
func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}
