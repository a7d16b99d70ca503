package compat

import (
	"fmt"
	"time"
)

// SeasonalPeak finds the largest demand of yesterday and of the same day last week over the time that an order of now
// takes to serve: what the predictive scaling of clouds looks at, without the forecast that they put on top.
//
// Demand is counted in steps. For a step i and a season of p steps it is the largest of d[i-p] .. d[i-p+lead], of those
// that are known. A hole counts as no demand. Peak allocates nothing, and takes constant time per step on average.
type SeasonalPeak struct {
	day, week seasonWindow
}

// NewSeasonalPeak returns a SeasonalPeak for steps of the given length, with all its memory allocated. A day or a week that
// is no whole number of steps counts as the nearest one; a step too long to have a day in it leaves only the week.
//
// leadSteps is how far the window reaches behind the step itself a season ago: the boot time in steps and one more. A step
// that is not positive and a negative lead are errors.
func NewSeasonalPeak(step time.Duration, leadSteps int) (*SeasonalPeak, error) {
	if step <= 0 {
		return nil, fmt.Errorf("season step %v: wanted more than 0", step)
	}
	if leadSteps < 0 {
		return nil, fmt.Errorf("season lead %d steps: wanted 0 or more", leadSteps)
	}
	const day = 24 * time.Hour
	return &SeasonalPeak{
		day:  newSeasonWindow(int((day+step/2)/step), leadSteps),
		week: newSeasonWindow(int((7*day+step/2)/step), leadSteps),
	}, nil
}

// Reset forgets everything.
func (s *SeasonalPeak) Reset() { s.day.reset(); s.week.reset() }

// Peak returns the demand at the given step's place yesterday or last week, whichever is larger; 0 if neither is known.
//
// past[j] is the demand during step j, from step 0 on, as far as it has been measured; what is not a number above 0 is no
// demand. What stands at the step or behind it is not looked at. Steps must rise from call to call, and past may only grow.
func (s *SeasonalPeak) Peak(step int, past []float64) float64 {
	past = past[:max(0, min(len(past), step))]
	return max(s.day.peak(step, past), s.week.peak(step, past))
}

// SeasonalRaise returns count, or what peak asks for if that is more: so many replicas that each uses the given part of
// its capacity. It raises at once, whatever limits growth elsewhere, because the demand has been known for a day. A peak
// or a capacity that is not above 0 raises nothing.
func SeasonalRaise(count int, peak, target, capacity float64) int {
	if !(peak > 0) || !(capacity > 0) {
		return count
	}
	return max(count, countFor(peak, target*capacity))
}

// seasonWindow is the largest demand of a window that moves with the steps, one season ago.
type seasonWindow struct {
	season, lead int
	next         int // the first step that has not been in the window

	// recent is a ring of the steps that can still hold the largest demand: steps rise, demand falls strictly.
	recent      []int
	first, used int
}

func newSeasonWindow(season, lead int) seasonWindow {
	// The window ends before the step that decides, so it is never longer than the season.
	lead = max(0, min(lead, season-1))
	return seasonWindow{season: season, lead: lead, recent: make([]int, lead+1)}
}

func (w *seasonWindow) reset() { w.next, w.first, w.used = 0, 0, 0 }

func (w *seasonWindow) peak(step int, past []float64) float64 {
	from := step - w.season
	to := min(from+w.lead, len(past)-1)
	for w.used > 0 && w.recent[w.first] < from {
		w.first = w.at(1)
		w.used--
	}
	for w.next = max(w.next, from); w.next <= to; w.next++ {
		d := past[w.next]
		if !(d > 0) {
			continue
		}
		// An older step that is no larger can never be the largest again: the newer one stays longer.
		for w.used > 0 && past[w.recent[w.at(w.used-1)]] <= d {
			w.used--
		}
		w.recent[w.at(w.used)] = w.next
		w.used++
	}
	if w.used == 0 {
		return 0
	}
	return past[w.recent[w.first]]
}

// at is the place of the i-th remembered step in the ring.
func (w *seasonWindow) at(i int) int {
	if i += w.first; i >= len(w.recent) {
		i -= len(w.recent)
	}
	return i
}
