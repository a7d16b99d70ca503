package calendar

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Rule names what a Finding is about.
type Rule string

// What may be found.
const (
	FindUnreadable Rule = "unreadable" // it cannot be loaded
	FindFault      Rule = "fault"      // something in it is wrong
	FindEmpty      Rule = "empty"      // it had coming events, and has none
	FindLoss       Rule = "loss"       // it has lost or moved many events at once
	FindDuplicate  Rule = "duplicate"  // an event that is announced already
	FindConflict   Rule = "conflict"   // two events with one ID
	FindOverlap    Rule = "overlap"    // events of two calendars that may be the same
	FindLate       Rule = "late"       // announced when replicas cannot come in time
	FindTime       Rule = "time"       // a time that is hardly meant
	FindWeight     Rule = "weight"     // a weight that is hardly meant
	FindEnds       Rule = "ends"       // it knows too little of what comes
	FindOld        Rule = "old"        // it was not changed for long
	FindWaiting    Rule = "waiting"    // the table of events is full
	FindRefused    Rule = "refused"    // the Announcer gave an error
)

// Finding is something that an operator should know.
type Finding struct {
	Rule     Rule
	Calendar string // "" where it concerns all
	Line     int    // of the calendar; 0 where there is none
	ID       string // of the event; "" where there is none
	Text     string // a sentence without its subject, which String puts before it
	New      bool   // the Sync before did not find it
}

// String returns the finding as a sentence.
func (f Finding) String() string {
	switch {
	case f.Calendar == "":
		return f.Text
	case f.Line > 0:
		return fmt.Sprintf("%s, line %d: %s", f.Calendar, f.Line, f.Text)
	}
	return f.Calendar + ": " + f.Text
}

// LogValue implements slog.LogValuer.
func (f Finding) LogValue() slog.Value {
	return slog.GroupValue(slog.String("rule", string(f.Rule)), slog.String("calendar", f.Calendar), slog.Int("line", f.Line), slog.String("id", f.ID), slog.String("text", f.Text))
}

// Status says how a calendar stands.
type Status struct {
	Name    string
	Events  int       // that have not begun, within the horizon
	Ends    time.Time // the latest start that it speaks of; zero for none
	Doubt   bool      // it is not believed in all: nothing was withdrawn for what it lacks
	Ignored []string  // columns that mean nothing here
}

// Edit is an event that changed.
type Edit struct {
	Was, Is forecast.Event
}

// Report says what a Sync did and found. Events are by start.
type Report struct {
	At        time.Time
	Calendars []Status
	Announced []forecast.Event // for the first time
	Edited    []Edit
	Withdrawn []forecast.Event
	Waiting   []forecast.Event // for which the table of events has no room
	Evicted   []forecast.Event // taken back to make room for earlier ones, by start from the last on
	Standing  int              // events that are announced now
	Findings  []Finding
}

// momentLayout is how reports write a time.
const momentLayout = "Mon 2 Jan 15:04:05"

// String returns the report as text of several lines: what was done, then what was found, a sentence each.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d announced, %d changed, %d withdrawn; %d stand", r.At.Format(momentLayout), len(r.Announced), len(r.Edited), len(r.Withdrawn), r.Standing)
	if n := len(r.Waiting); n > 0 {
		fmt.Fprintf(&b, ", %d wait", n)
	}
	for _, c := range r.Calendars {
		if c.Doubt {
			fmt.Fprintf(&b, "; %s is in doubt", c.Name)
		}
	}
	b.WriteByte('\n')
	for _, e := range r.Announced {
		fmt.Fprintf(&b, "+ %s\n", describe(&e))
	}
	for _, e := range r.Edited {
		fmt.Fprintf(&b, "~ %s\n", e)
	}
	for _, e := range r.Withdrawn {
		fmt.Fprintf(&b, "- %s\n", describe(&e))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "! %s\n", f)
	}
	return b.String()
}

// String returns what changed, such as "tv-1" (tv, Sat 7 Mar 20:13:05): weight 900 -> 1200.
func (e Edit) String() string {
	var parts []string
	change := func(field, was, is string) {
		if was != is {
			parts = append(parts, field+" "+was+" -> "+is)
		}
	}
	change("start", e.Was.Start.In(e.Is.Start.Location()).Format(momentLayout), e.Is.Start.Format(momentLayout))
	change("kind", e.Was.Kind, e.Is.Kind)
	change("weight", fmt.Sprint(e.Was.Weight), fmt.Sprint(e.Is.Weight))
	change("window", e.Was.Window.String(), e.Is.Window.String())
	change("duration", e.Was.Duration.String(), e.Is.Duration.String())
	change("labels", labelText(e.Was.Labels), labelText(e.Is.Labels))
	return describe(&e.Is) + ": " + strings.Join(parts, ", ")
}

func labelText(labels []forecast.Label) string {
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = l.Key + "=" + l.Value
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// LogValue implements slog.LogValuer: counts, and what was found for the first time.
func (r Report) LogValue() slog.Value {
	var news []string
	for _, f := range r.Findings {
		if f.New {
			news = append(news, f.String())
		}
	}
	return slog.GroupValue(slog.Time("at", r.At), slog.Int("announced", len(r.Announced)), slog.Int("edited", len(r.Edited)), slog.Int("withdrawn", len(r.Withdrawn)),
		slog.Int("waiting", len(r.Waiting)), slog.Int("standing", r.Standing), slog.Int("findings", len(r.Findings)), slog.Any("new", news))
}

// describe names an event for people.
func describe(ev *forecast.Event) string {
	return fmt.Sprintf("%q (%s, %s)", ev.ID, ev.Kind, ev.Start.Format(momentLayout))
}

// name names an event for people.
func (s *syncing) name(x standing) string { return describe(&x.event) }

// place says where an event stands.
func place(x standing) string {
	if x.line > 0 {
		return fmt.Sprintf("%s, line %d", x.calendar, x.line)
	}
	return x.calendar
}

// span is a length of time for people.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= time.Hour:
		d = d.Round(time.Minute)
		if d%time.Hour == 0 {
			return fmt.Sprintf("%dh", d/time.Hour)
		}
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute && d.Round(time.Second)%time.Minute == 0:
		return fmt.Sprintf("%dm", d.Round(time.Second)/time.Minute)
	}
	return d.Round(time.Second).String()
}

// mostFindings of one rule and calendar stand in a report; the last says how many there are beside.
const mostFindings = 20

// find notes something that an operator should know.
func (s *syncing) find(rule Rule, calendar string, line int, id, format string, args ...any) {
	s.report.Findings = append(s.report.Findings, Finding{Rule: rule, Calendar: calendar, Line: line, ID: id, Text: fmt.Sprintf(format, args...)})
}

// key is what makes a finding the same as that of an earlier Sync, though numbers in its text have gone on.
func (f *Finding) key() string {
	key := fmt.Sprintf("%s\x00%s\x00%s", f.Rule, f.Calendar, f.ID)
	if f.Rule == FindFault || f.Rule == FindTime {
		key += "\x00" + f.Text
	}
	return key
}
