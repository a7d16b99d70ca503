package calendar

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"github.com/headroom-go/headroom/forecast"
)

// component is a VEVENT that has been understood, before what recurs is expanded.
type component struct {
	line      int
	uid       string
	sequence  int
	cancelled bool
	start     stamp
	recurs    stamp // RECURRENCE-ID; zero for none
	replaces  bool
	event     forecast.Event // without ID and Start
	rule      string
	added     []stamp // RDATE
	removed   []stamp // EXDATE
}

// stamp is a date or a date and time of an iCalendar file: digits on a clock, and whose clock.
type stamp struct {
	wall wall
	loc  *time.Location
	date bool // without a time of day
}

func (s stamp) at() (time.Time, string) { return s.wall.in(s.loc) }

// iCalendar reads the VEVENTs of a file.
func (r *reading) iCalendar(text string) {
	clean, lines, ok := r.contentLines(text)
	if !ok {
		return
	}
	var all []component
	next := 0
	for d := ical.NewDecoder(strings.NewReader(clean)); ; { // files may be strung together
		cal, err := decodeCalendar(d)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.faults.add(0, "file", err.Error(), "iCalendar (RFC 5545)")
			return
		}
		method := cal.Props.Get("METHOD")
		for _, event := range cal.Events() {
			c, ok := r.component(event.Component, lines[min(next, len(lines)-1)])
			next++
			if ok {
				c.cancelled = c.cancelled || method != nil && strings.EqualFold(method.Value, "CANCEL")
				all = append(all, c)
			}
		}
	}
	if next == 0 && clean == "" && strings.TrimSpace(text) != "" {
		r.faults.add(1, "file", "without a VCALENDAR", "BEGIN:VCALENDAR")
	}
	r.expand(all)
}

// decodeCalendar is d.Decode. The library panics at some lines that are malformed.
func decodeCalendar(d *ical.Decoder) (cal *ical.Calendar, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("a malformed parameter")
		}
	}()
	cal, err = d.Decode()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("cut off")
	}
	return cal, err
}

// component understands a VEVENT, and notes what is wrong with it.
func (r *reading) component(comp *ical.Component, line int) (component, bool) {
	before := len(r.faults.List) + r.faults.More
	c := component{line: line, event: forecast.Event{Window: r.cfg.Window, Duration: r.cfg.Duration, Kind: r.cfg.Kind}}
	text := func(name string) string {
		p := comp.Props.Get(name)
		if p == nil {
			return ""
		}
		s, err := p.Text()
		if err != nil {
			return p.Value
		}
		return strings.TrimSpace(s)
	}
	one := func(name string) (stamp, bool) {
		p := comp.Props.Get(name)
		if p == nil {
			return stamp{}, false
		}
		list := r.stamps(p, line)
		if len(list) != 1 {
			if len(list) > 1 {
				r.faults.quote(line, name, p.Value, "one time")
			}
			return stamp{}, false
		}
		return list[0], true
	}
	c.uid = text("UID")
	c.cancelled = isCancelled(text("STATUS"))
	if s := text("SEQUENCE"); s != "" {
		c.sequence, _ = strconv.Atoi(s) // only newer and older matter
	}
	var there bool
	if c.start, there = one("DTSTART"); !there && comp.Props.Get("DTSTART") == nil {
		r.faults.add(line, "DTSTART", "missing", "when the event begins")
	}
	c.recurs, c.replaces = one("RECURRENCE-ID")
	if p := comp.Props.Get("RECURRENCE-ID"); p != nil && p.Params.Get("RANGE") != "" {
		r.faults.quote(line, "RECURRENCE-ID;RANGE", p.Params.Get("RANGE"), "a change of one occurrence, or a new rule for those behind it")
	}
	if comp.Props.Get("EXRULE") != nil {
		r.faults.add(line, "EXRULE", "there", "EXDATE; RFC 5545 has it no more")
	}
	switch end, hasEnd := one("DTEND"); {
	case hasEnd && there:
		from, _ := c.start.at()
		to, _ := end.at()
		c.event.Duration = to.Sub(from)
	case comp.Props.Get("DURATION") != nil:
		d, ok := parsePeriod(comp.Props.Get("DURATION").Value)
		if !ok {
			r.faults.quote(line, "DURATION", comp.Props.Get("DURATION").Value, "a length such as PT30S, PT1H30M or P1D")
		}
		c.event.Duration = d
	case c.start.date:
		c.event.Duration = 24 * time.Hour // RFC 5545, 3.6.1
	}
	if p := comp.Props.Get("CATEGORIES"); p != nil {
		if list, err := p.TextList(); err == nil && strings.TrimSpace(list[0]) != "" {
			c.event.Kind = strings.TrimSpace(list[0])
		}
	}
	c.event.Kind = orText(text("X-HEADROOM-KIND"), c.event.Kind)
	if s := text("X-HEADROOM-WEIGHT"); s != "" {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= 0) || math.IsInf(v, 0) {
			r.faults.quote(line, "X-HEADROOM-WEIGHT", s, "a number of 0 or more")
		}
		c.event.Weight = v
	}
	if s := text("X-HEADROOM-WINDOW"); s != "" {
		d, ok := parseSpan(s)
		if !ok {
			r.faults.quote(line, "X-HEADROOM-WINDOW", s, `a number of seconds, or text such as "90s"`)
		}
		c.event.Window = d
	}
	for _, p := range comp.Props["X-HEADROOM-LABEL"] {
		key, value, ok := strings.Cut(p.Value, "=")
		if !ok || key == "" || value == "" {
			r.faults.quote(line, "X-HEADROOM-LABEL", p.Value, "KEY=value")
			continue
		}
		c.event.Labels = append(c.event.Labels, forecast.Label{Key: key, Value: value})
	}
	for name, key := range map[string]string{"SUMMARY": "summary", "LOCATION": "location"} {
		if s := text(name); s != "" && !slices.ContainsFunc(c.event.Labels, func(l forecast.Label) bool { return l.Key == key }) {
			c.event.Labels = append(c.event.Labels, forecast.Label{Key: key, Value: s})
		}
	}
	slices.SortStableFunc(c.event.Labels, func(a, b forecast.Label) int { return strings.Compare(a.Key, b.Key) })
	switch rules := comp.Props["RRULE"]; {
	case len(rules) > 1:
		r.faults.add(line, "RRULE", fmt.Sprintf("there %d times", len(rules)), "at most one")
	case len(rules) == 1:
		c.rule = rules[0].Value
	}
	for _, p := range comp.Props["RDATE"] {
		c.added = append(c.added, r.stamps(&p, line)...)
	}
	for _, p := range comp.Props["EXDATE"] {
		c.removed = append(c.removed, r.stamps(&p, line)...)
	}
	return c, len(r.faults.List)+r.faults.More == before
}

// stamps understands the value of a property that holds times, and notes what is wrong with it.
func (r *reading) stamps(p *ical.Prop, line int) []stamp {
	loc := r.cfg.Location
	if id := p.Params.Get("TZID"); id != "" {
		own, err := calendarZone(id)
		if err != nil {
			r.faults.quote(line, p.Name+";TZID", id, wantedZone+", or a name that Windows has for it")
			return nil
		}
		loc = own
	}
	var list []stamp
	for text := range strings.SplitSeq(p.Value, ",") {
		text = strings.TrimSpace(text)
		begin, _, _ := strings.Cut(text, "/") // of a period the start
		s := stamp{loc: loc, date: len(begin) == len("20060102")}
		layout := "20060102T150405"
		switch {
		case s.date:
			layout = "20060102"
		case strings.HasSuffix(begin, "Z"):
			begin, s.loc = strings.TrimSuffix(begin, "Z"), time.UTC
		}
		t, err := time.Parse(layout, strings.Replace(begin, "T235960", "T235959", 1)) // RFC 5545 knows leap seconds
		if err != nil || !sane(t) {
			r.faults.quote(line, p.Name, text, "a time such as 20260307T201305, 20260307T191305Z or 20260307, in the years 1970 to 2200")
			continue
		}
		s.wall = wall(t)
		list = append(list, s)
	}
	return list
}

// calendarZone is the zone of a TZID: a name of the zone database, which may have a path of its vendor before it, or one
// of Windows.
func calendarZone(id string) (*time.Location, error) {
	if name, ok := windowsZones[id]; ok {
		id = name
	}
	loc, err := zone(id)
	for parts := strings.Split(id, "/"); err != nil && len(parts) > 2; { // /vendor.example/20260101/Europe/Berlin
		parts = parts[1:]
		loc, err = zone(strings.Join(parts, "/"))
	}
	return loc, err
}

// windowsZones are those of Europe and North America, from the table windowsZones of the Unicode CLDR (territory 001).
// Others are written as the zone database has them.
var windowsZones = map[string]string{
	"GMT Standard Time": "Europe/London", "W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest",
	"Romance Standard Time": "Europe/Paris", "Central European Standard Time": "Europe/Warsaw", "E. Europe Standard Time": "Europe/Chisinau",
	"FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest", "Turkey Standard Time": "Europe/Istanbul",
	"Russian Standard Time": "Europe/Moscow", "Greenwich Standard Time": "Atlantic/Reykjavik",
	"Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver",
	"US Mountain Standard Time": "America/Phoenix", "Pacific Standard Time": "America/Los_Angeles", "Alaskan Standard Time": "America/Anchorage",
	"Hawaiian Standard Time": "Pacific/Honolulu", "Atlantic Standard Time": "America/Halifax", "Newfoundland Standard Time": "America/St_Johns",
}

// parsePeriod reads a duration of RFC 5545, 3.3.6, that is not negative.
func parsePeriod(s string) (time.Duration, bool) {
	s, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(s), "+"), "P")
	if !ok || s == "" {
		return 0, false
	}
	units := map[byte]float64{'W': 7 * 86400, 'D': 86400}
	total, number := 0.0, ""
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			number += s[i : i+1]
		case c == 'T' && number == "" && i < len(s)-1:
			units = map[byte]float64{'H': 3600, 'M': 60, 'S': 1}
		default:
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || units[c] == 0 {
				return 0, false
			}
			total += float64(n * units[c])
			number = ""
		}
	}
	if number != "" || total > 366*86400 {
		return 0, false
	}
	return time.Duration(total) * time.Second, true
}
