package policy

import (
	"math"
	"time"
)

// Window is a time of the day, on some days, with what holds in it. Its times are those that the clock on the wall shows, in
// the location of the times it is asked about: where that clock repeats an hour a window within it holds twice, and one
// within an hour that is skipped not at all. (compat.Schedule, which plays another rule, knows the instants instead.)
type Window struct {
	Days        uint8 // bit 0 is Sunday: the days on which it begins
	From, Until int64 // the first and the last day on which it begins, days since 1970
	Start, End  int64 // seconds since midnight of that day, Start < End <= two days; End is outside

	FreezeUp, FreezeDown bool // nothing is ordered, nothing is released
	Min, Max             int  // bounds of the count, 0 for none
	Fallback             int  // the count of a fleet that is not measured, 0 for none
}

const secondsOfDay = 24 * 60 * 60

// Touches says whether the window holds at some time from now to ahead later, both included.
func (w *Window) Touches(now time.Time, ahead time.Duration) bool {
	_, ok := w.ends(now, ahead)
	return ok
}

// ends returns when the window ends that holds at some time from now to ahead later, as wall does: the last of them if one
// begins before another is over.
func (w *Window) ends(now time.Time, ahead time.Duration) (end int64, ok bool) {
	first := wall(now)
	last := first
	if ahead > 0 {
		last = max(first, wall(now.Add(ahead)))
	}
	// A window that began yesterday may go on; End reaches two days at most.
	for day := floorDay(first) - 1; day <= floorDay(last); day++ {
		weekday := ((day+4)%7 + 7) % 7 // 1970-01-01 was a Thursday
		if day < w.From || day > w.Until || w.Days>>weekday&1 == 0 {
			continue
		}
		if midnight := day * secondsOfDay; last >= midnight+w.Start && first < midnight+w.End {
			end, ok = midnight+w.End, true
		}
	}
	return end, ok
}

// wall is what the clock of t's location shows, in seconds since it showed the beginning of 1970.
func wall(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

// floorDay is the day of a number of seconds, also before 1970.
func floorDay(seconds int64) int64 {
	day := seconds / secondsOfDay
	if seconds%secondsOfDay < 0 {
		day--
	}
	return day
}

// Held is what the windows that hold at a time say together.
type Held struct {
	FreezeUp, FreezeDown bool
	Min                  int // the largest of those that hold before an order of now serves, 0 for none
	Max                  int // the smallest of those that hold now, 0 for none; never below Min
	Fallback             int // the largest of those that hold now, 0 for none
}

// HeldAt returns what windows say at a time. A minimum already counts when an order of now would serve within its window,
// lead from now: what is wanted at eight has to be ordered before. Where Min and Max contradict each other Min wins,
// because what it promises is capacity.
func HeldAt(windows []Window, now time.Time, lead time.Duration) Held {
	var h Held
	for i := range windows {
		w := &windows[i]
		if w.Min > h.Min && w.Touches(now, lead) {
			h.Min = w.Min
		}
		if !w.Touches(now, 0) {
			continue
		}
		h.FreezeUp = h.FreezeUp || w.FreezeUp
		h.FreezeDown = h.FreezeDown || w.FreezeDown
		h.Fallback = max(h.Fallback, w.Fallback)
		if w.Max > 0 && (h.Max == 0 || w.Max < h.Max) {
			h.Max = w.Max
		}
	}
	if h.Max > 0 {
		h.Max = max(h.Max, h.Min)
	}
	return h
}

// Saying is what a window can say; see Until.
type Saying uint8

// The sayings of a window.
const (
	SaysFreezeUp Saying = iota
	SaysFreezeDown
	SaysMin
	SaysMax
)

// says tells whether a window says the same as all of them together.
func (w *Window) says(what Saying, h *Held) bool {
	switch what {
	case SaysFreezeUp:
		return w.FreezeUp
	case SaysFreezeDown:
		return w.FreezeDown
	case SaysMin:
		return w.Min > 0 && w.Min == h.Min
	default:
		return w.Max > 0 && w.Max <= h.Max
	}
}

// Until returns when the last of the windows ends of which HeldAt has a saying, at the clock on the wall of now's location: no
// earlier does it end. It is the zero time where no window says so. It is for explanations, and too slow for each decision of many.
func Until(windows []Window, now time.Time, lead time.Duration, what Saying) time.Time {
	h := HeldAt(windows, now, lead)
	if what != SaysMin {
		lead = 0
	}
	last, found := int64(math.MinInt64), false
	for i := range windows {
		if end, ok := windows[i].ends(now, lead); ok && windows[i].says(what, &h) {
			last, found = max(last, end), true
		}
	}
	if !found {
		return time.Time{}
	}
	u := time.Unix(last, 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), u.Hour(), u.Minute(), u.Second(), 0, now.Location())
}

// Bound puts n between Min and Max. Max takes nothing from a fleet that is not measured.
func (h Held) Bound(t *Trail, n, ordered int, stale bool) int {
	n = t.Apply(RuleWindowMin, n, max(n, h.Min))
	if h.Max > 0 {
		most := h.Max
		if stale {
			most = max(most, ordered)
		}
		n = t.Apply(RuleWindowMax, n, min(n, most))
	}
	return n
}

// Freeze keeps the fleet from moving in a frozen direction, whatever else is wanted.
func (h Held) Freeze(t *Trail, n, ordered int) int {
	if h.FreezeUp && n > ordered || h.FreezeDown && n < ordered {
		n = t.Apply(RuleFreeze, n, ordered)
	}
	return n
}
