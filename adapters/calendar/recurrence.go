package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// What a recurrence may cost. The library steps from DTSTART on and looks at its end only when something is due; a rule
// that is never due keeps it busy to the year 9999, and one of seconds for hours.
const (
	mostInterval    = 1000
	mostTimes       = 96      // of a day, or of an hour
	mostOccurrences = 500_000 // of one rule, before the span ends
	mostSteps       = 2_000_000
)

// expand takes the occurrences of the components that are within the span.
func (r *reading) expand(all []component) {
	// Of several copies of an event the newest counts, and of those that are as new the last.
	type key struct {
		uid  string
		unix int64
	}
	latest := make(map[key]int)
	for i, c := range all {
		k := key{uid: c.uid}
		if c.replaces {
			t, _ := c.recurs.at()
			k.unix = t.Unix()
		}
		if c.uid == "" {
			continue
		}
		if j, ok := latest[k]; !ok || all[j].sequence <= c.sequence {
			latest[k] = i
		}
	}
	replaced := make(map[key]bool)
	for k := range latest {
		if k.unix != 0 {
			replaced[k] = true
		}
	}
	steps := 0
	for i, c := range all {
		k := key{uid: c.uid}
		if c.replaces {
			t, _ := c.recurs.at()
			k.unix = t.Unix()
		}
		if j, ok := latest[k]; ok && j != i {
			continue
		}
		recurring := c.rule != "" || len(c.added) > 0
		if c.replaces || !recurring {
			at := c.start
			if c.replaces {
				at = c.recurs
			}
			t, _ := at.at()
			r.occurrence(c, c.start, t, c.replaces)
			continue
		}
		gone := make(map[int64]bool)
		goneDays := make(map[time.Time]bool)
		for _, x := range c.removed {
			if t, _ := x.at(); x.date && !c.start.date {
				goneDays[time.Time(x.wall)] = true
			} else {
				gone[t.Unix()] = true
			}
		}
		stamps, err := c.occurrences(r.cfg.To, &steps)
		if err != nil {
			r.faults.quote(c.line, "RRULE", c.rule, err.Error())
		}
		for _, s := range stamps {
			t, _ := s.at()
			day := time.Time(s.wall).Truncate(24 * time.Hour)
			if gone[t.Unix()] || goneDays[day] || replaced[key{c.uid, t.Unix()}] {
				continue
			}
			r.occurrence(c, s, t, true)
		}
	}
}

// occurrence takes the event of c that begins at s; planned is when it would by the rule, and names it among its like.
func (r *reading) occurrence(c component, s stamp, planned time.Time, oneOfMany bool) {
	ev := c.event
	var note string
	ev.Start, note = s.at()
	ev.Labels = slices.Clone(ev.Labels)
	if c.uid != "" {
		if ev.ID = c.uid; len(ev.ID) > 200 {
			ev.ID = ev.ID[:200]
		}
		if oneOfMany {
			ev.ID += "@" + planned.UTC().Format("20060102T150405Z")
		}
	}
	r.listedAt(c.line, note, c.cancelled, ev)
}

// occurrences returns the stamps of a recurring event up to the moment to, by the clock of its start: a spot at 20:13
// stays at 20:13 when the clock changes.
func (c component) occurrences(to time.Time, steps *int) (_ []stamp, err error) {
	defer func() {
		if recover() != nil { // the library looks for the 53rd Monday of a month behind the end of its table
			err = errors.New("a rule that some month or year can follow")
		}
	}()
	last := time.Time(wallAt(to, c.start.loc)).Add(24 * time.Hour)
	var stamps []stamp
	seen := make(map[wall]bool)
	add := func(s stamp) {
		if !seen[s.wall] || s.loc != c.start.loc {
			seen[s.wall] = true
			stamps = append(stamps, s)
		}
	}
	add(c.start) // RFC 5545, 3.8.5.3: DTSTART is the first, whatever the rule says
	for _, s := range c.added {
		if s.date && !c.start.date { // a day means the usual time of that day
			h, m, sec := time.Time(c.start.wall).Clock()
			s.wall = wall(time.Time(s.wall).Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second))
		}
		add(s)
	}
	if c.rule == "" {
		return stamps, nil
	}
	rule, err := c.parseRule()
	if err != nil {
		return nil, err
	}
	next := rule.Iterator()
	for n := 0; ; n++ {
		t, ok := next()
		if !ok || t.After(last) {
			return stamps, nil
		}
		if *steps++; n >= mostOccurrences || *steps > mostSteps {
			return nil, fmt.Errorf("at most %d occurrences before the span that is read, and %d in a file; begin it later", mostOccurrences, mostSteps)
		}
		add(stamp{wall: wall(t), loc: c.start.loc, date: c.start.date})
	}
}

// parseRule understands a recurrence rule on the clock of the event's start, whose digits stand for UTC in it. The error
// says what was wanted.
func (c component) parseRule() (*rrule.RRule, error) {
	option, err := rrule.StrToROptionInLocation(strings.ToUpper(c.rule), time.UTC)
	if err != nil {
		return nil, errors.New("a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA;COUNT=4")
	}
	if strings.Contains(strings.ToUpper(c.rule), "DTSTART") || len(option.Byeaster) > 0 {
		return nil, errors.New("a rule without DTSTART and BYEASTER, which RFC 5545 does not know")
	}
	option.Dtstart = time.Time(c.start.wall)
	if !option.Until.IsZero() && strings.Contains(strings.ToUpper(c.rule), untilZulu(option.Until)) {
		option.Until = time.Time(wallAt(option.Until, c.start.loc)) // it is in UTC, and the rule is not
	} else if !option.Until.IsZero() && option.Until.Equal(option.Until.Truncate(24*time.Hour)) {
		option.Until = option.Until.Add(24*time.Hour - time.Second) // a date is the whole day
	}
	hours, minutes, seconds := max(1, len(option.Byhour)), max(1, len(option.Byminute)), max(1, len(option.Bysecond))
	switch {
	case option.Freq > rrule.HOURLY:
		return nil, errors.New("FREQ of HOURLY or less often")
	case option.Freq == rrule.HOURLY && (len(option.Byhour) > 0 || len(option.Bysetpos) > 0):
		return nil, errors.New("FREQ=DAILY where BYHOUR or BYSETPOS choose the hours")
	case option.Freq == rrule.DAILY && len(option.Bysetpos) > 0:
		return nil, errors.New("FREQ=WEEKLY, MONTHLY or YEARLY with BYSETPOS")
	case option.Freq != rrule.YEARLY && len(option.Byweekno)+len(option.Byyearday) > 0:
		return nil, errors.New("FREQ=YEARLY with BYWEEKNO and BYYEARDAY")
	case option.Interval > mostInterval:
		return nil, fmt.Errorf("an INTERVAL of at most %d", mostInterval)
	case hours > 24 || minutes > 60 || seconds > 60 || hours*minutes*seconds > mostTimes || len(option.Bysetpos) > mostTimes:
		return nil, fmt.Errorf("at most %d times of a day or hour", mostTimes)
	case !everDue(option):
		return nil, errors.New("a day that some month has")
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, err
	}
	return rule, nil
}

// untilZulu is how UNTIL spells a moment in UTC.
func untilZulu(t time.Time) string { return "UNTIL=" + t.Format("20060102T150405Z") }

// everDue says whether some month of the rule has some day of it.
func everDue(option *rrule.ROption) bool {
	if len(option.Bymonth) == 0 || len(option.Bymonthday) == 0 {
		return true
	}
	for _, month := range option.Bymonth {
		if month < 1 || month > 12 {
			return false
		}
		days := time.Date(2028, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() // a leap year
		if slices.ContainsFunc(option.Bymonthday, func(day int) bool { return max(day, -day) <= days }) {
			return true
		}
	}
	return false
}
