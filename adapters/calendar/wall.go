package calendar

import (
	"fmt"
	"time"
)

// wall is a reading of a clock on a wall, as a UTC time with the same digits.
type wall time.Time

// wallAt is what the clock of loc shows at t.
func wallAt(t time.Time, loc *time.Location) wall {
	_, offset := t.In(loc).Zone()
	return wall(t.UTC().Add(time.Duration(offset) * time.Second))
}

// in returns the moment at which the clock of loc shows w, and what is odd about it.
//
// Twice a year that is not one moment. The rule is that of RFC 5545, 3.3.5, for every format here: digits that the clock
// skips are read with the offset before the change, so that 02:30 in Berlin on the last Sunday of March is 03:30; of
// digits that it shows twice, the first are meant. (time.Date promises one of the two, and not which.)
func (w wall) in(loc *time.Location) (t time.Time, note string) {
	digits := time.Time(w)
	_, before := digits.Add(-24 * time.Hour).In(loc).Zone()
	_, after := digits.Add(24 * time.Hour).In(loc).Zone()
	early := digits.Add(-time.Duration(before) * time.Second).In(loc)
	late := digits.Add(-time.Duration(after) * time.Second).In(loc)
	isEarly, isLate := wallAt(early, loc) == w, wallAt(late, loc) == w
	switch {
	case before == after:
		return early, ""
	case isEarly && isLate:
		return early, fmt.Sprintf("%s comes twice on that day in %s; the first is taken", digits.Format("15:04"), loc)
	case isLate:
		return late, ""
	case isEarly:
		return early, ""
	}
	return early, fmt.Sprintf("%s does not exist on that day in %s; %s is taken", digits.Format("15:04"), loc, early.Format("15:04"))
}
