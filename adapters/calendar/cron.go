package calendar

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// Schedule is a cron expression in a time zone.
//
// It has five fields: minute, hour, day of the month, month, day of the week. Lists, ranges, steps and English names are
// understood, and beside them L, W and # as github.com/adhocore/gronx has them; @hourly, @daily, @weekly, @monthly and
// @yearly too. Where day of the month and day of the week are both restricted, either is enough, as in every cron.
//
// When the clock changes, what recurs within the day and what happens once differ, as in the cron of Debian. Where the
// field of the hour begins with *, the schedule follows what the clock shows: a */15 goes on every quarter of an hour,
// through the hour that comes twice as well, and where an hour is skipped there is nothing to happen in it. Any other
// happens once a day, no more and no less: 30 2 is at the first 02:30 of two, and where there is none at the moment that
// is 02:30 by the offset before the change, which the clock then calls 03:30 (RFC 5545 has the same rule).
type Schedule struct {
	text     string
	loc      *time.Location
	segments []string // of gronx: seconds first
	floating bool     // it follows what the clock shows
}

const wantedCron = `five fields such as "30 20 * * SAT": minute, hour, day of the month, month, day of the week; or @hourly, @daily, @weekly, @monthly, @yearly`

// maxCronSpan is how far Between looks.
const maxCronSpan = 400 * 24 * time.Hour

// ParseSchedule understands a cron expression. loc is required.
func ParseSchedule(text string, loc *time.Location) (Schedule, error) {
	fault := errors.New("cron is " + shorten(text) + "; wanted " + wantedCron)
	fields := strings.Fields(text)
	named := len(fields) == 1 && slices.Contains([]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"}, strings.ToLower(text))
	if loc == nil || len(text) > 256 || !named && len(fields) != 5 {
		return Schedule{}, fault
	}
	segments, err := gronx.Segments(strings.Join(fields, " "))
	if err != nil || !validSegments(segments) {
		return Schedule{}, fault
	}
	return Schedule{text: text, loc: loc, segments: segments, floating: strings.HasPrefix(segments[2], "*")}, nil
}

// validSegments says whether gronx understands each segment whatever the time; it looks at a part of a list only when the
// parts before it were not due.
func validSegments(segments []string) bool {
	for i, segment := range segments {
		for part := range strings.SplitSeq(segment, ",") {
			if part == "" || strings.Count(part, "/") > 1 || strings.Count(part, "-") > 1 {
				return false
			}
			check := gronx.SegmentChecker{}
			for day := range 31 {
				check.SetRef(time.Date(2027, 1, 1+day, 1, 1, 0, 0, time.UTC))
				if _, err := check.CheckDue(part, i); err != nil {
					return false
				}
			}
		}
	}
	return len(segments) == 6
}

// String returns the expression as it was written.
func (s Schedule) String() string { return s.text }

// Between appends to dst the moments in [from, to) at which s is due, in order, at most so many as most, and says whether
// these are all. It looks 400 days ahead at most.
func (s Schedule) Between(dst []time.Time, from, to time.Time, most int) (_ []time.Time, complete bool) {
	complete = true
	if far := from.Add(maxCronSpan); to.After(far) {
		to, complete = far, false
	}
	begin := len(dst)
	add := func(t time.Time) bool {
		switch {
		case t.Before(from) || !t.Before(to) || len(dst) > begin && dst[len(dst)-1].Equal(t):
			return true
		case len(dst)-begin >= most:
			return false
		}
		dst = append(dst, t.In(s.loc))
		return true
	}
	if !s.floating {
		// What a change of the clock moves, it moves by less than a day, and two moments may change places.
		first, last := time.Time(wallAt(from, s.loc)).Add(-24*time.Hour), time.Time(wallAt(to, s.loc)).Add(24*time.Hour)
		var all []time.Time
		s.due(first, last, func(w time.Time) bool {
			t, _ := wall(w).in(s.loc)
			all = append(all, t)
			return true
		})
		slices.SortFunc(all, time.Time.Compare)
		for _, t := range all {
			if !add(t) {
				return dst, false
			}
		}
		return dst, complete
	}
	for t := from; t.Before(to); { // the stretches between two changes of the clock
		_, next := t.In(s.loc).ZoneBounds()
		if next.IsZero() || next.After(to) {
			next = to
		}
		first := time.Time(wallAt(t, s.loc))
		shift := first.Sub(t)
		if !s.due(first, first.Add(next.Sub(t)), func(w time.Time) bool { return add(w.Add(-shift)) }) {
			return dst, false
		}
		t = next
	}
	return dst, complete
}

// due calls yield with each minute from first to last, last excluded, that s names, as long as it returns true.
func (s Schedule) due(first, last time.Time, yield func(time.Time) bool) bool {
	g := gronx.New()
	hours := slices.Clone(s.segments)
	hours[1] = "*" // minutes of an hour that is not due need not be looked at
	if begin := first.Truncate(time.Minute); begin.Before(first) {
		first = begin.Add(time.Minute)
	}
	for t := first; t.Before(last); {
		hour := t.Truncate(time.Hour)
		g.C.SetRef(hour)
		if ok, _ := g.SegmentsDue(hours); !ok {
			t = hour.Add(time.Hour)
			continue
		}
		g.C.SetRef(t)
		if ok, _ := g.SegmentsDue(s.segments); ok && !yield(t) {
			return false
		}
		t = t.Add(time.Minute)
	}
	return true
}
