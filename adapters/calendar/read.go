package calendar

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Format is how a calendar is written.
type Format string

// The formats that Read knows.
const (
	CSV       Format = "csv"       // a media plan, or the events of a replay
	YAML      Format = "yaml"      // see package documentation
	JSON      Format = "json"      // the same document in JSON
	ICalendar Format = "icalendar" // RFC 5545
)

// ReadConfig says how a calendar is to be understood. A zero field means the default in brackets.
type ReadConfig struct {
	// Format [recognised by content].
	Format Format
	// Location is the zone of times that name none [UTC].
	Location *time.Location
	// From and To are the span of time whose events are wanted, by their start, To excluded. To is required: what recurs
	// has no end. Whatever stands outside is checked all the same, and left out [From: the year 1970].
	From, To time.Time
	// Kind is that of events that name none ["event"].
	Kind string
	// Window is the uncertainty of the starts of events that name none [0s]. For a plan to the minute 30s is honest.
	Window time.Duration
	// Duration is that of events that name none [0s].
	Duration time.Duration
	// Most is the largest number of events within the span; more are a fault, and those behind it are left out [10000].
	Most int

	// Columns says what the columns of a media plan mean, by name as in its header: timestamp, date, time, id, kind,
	// weight, window, duration, status, label, label:KEY or ignore [what the names suggest; the others are ignored].
	Columns map[string]string
	// DateOrder is dmy or mdy, for dates such as 03/04/2026 [found out, if some date of the plan allows one only].
	DateOrder string
	// DayStart is the hour at which the day of a media plan begins, 0 to 8: with 6, 01:30 on Saturday's page is on
	// Sunday. 25:30 is on Sunday whatever DayStart is [0].
	DayStart int
}

const (
	defaultMost = 10000
	mostBytes   = 16 << 20 // of a calendar, unpacked
	mostFar     = 10
)

// complete returns c with its defaults, and what is wrong with it.
func (c ReadConfig) complete(name string) (ReadConfig, error) {
	faults := Faults{Name: name + ": configuration"}
	switch c.Format {
	case "", CSV, YAML, JSON, ICalendar:
	default:
		faults.quote(0, "format", string(c.Format), "csv, yaml, json, icalendar, or nothing")
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.From.IsZero() {
		c.From = time.Unix(0, 0)
	}
	if !c.To.After(c.From) || !sane(c.To) {
		faults.add(0, "to", c.To.Format(time.RFC3339), "a time after from, up to the year 2200")
	}
	if c.Kind == "" {
		c.Kind = "event"
	}
	if c.Most == 0 {
		c.Most = defaultMost
	}
	if c.Most < 0 {
		faults.add(0, "most", fmt.Sprint(c.Most), "1 or more, or 0 for 10000")
	}
	c.checkColumns(&faults)
	if c.DateOrder != "" && c.DateOrder != dayFirst && c.DateOrder != monthFirst {
		faults.quote(0, "date_order", c.DateOrder, "dmy, mdy, or nothing")
	}
	if c.DayStart < 0 || c.DayStart > 8 {
		faults.add(0, "day_start", fmt.Sprint(c.DayStart), "an hour from 0 to 8")
	}
	probe := forecast.Event{ID: "probe", Start: c.To, Kind: c.Kind, Window: c.Window, Duration: c.Duration}
	if err := probe.Check(); err != nil && sane(c.To) {
		faults.check(0, err)
	}
	return c, faults.err()
}

// within says whether an event that starts at t is wanted.
func (c *ReadConfig) within(t time.Time) bool { return !t.Before(c.From) && t.Before(c.To) }

// Read understands a calendar, which may be compressed with gzip; name stands for it in errors and in the IDs of events
// that have none.
//
// The error is a *Faults with everything that is wrong and where, or says that data is no calendar at all. Beside Faults the
// plan holds whatever is right: one slip in line 300 need not cost the other spots. An empty calendar is no error.
func Read(data []byte, name string, cfg ReadConfig) (Plan, error) {
	cfg, err := cfg.complete(name)
	if err != nil {
		return Plan{Name: name}, err
	}
	if data, err = unpack(data); err != nil {
		return Plan{Name: name}, fmt.Errorf("%s: %w", name, err)
	}
	text := decodeText(data)
	format := cfg.Format
	if format == "" {
		format = recognise(text)
	}
	r := reading{cfg: cfg, plan: Plan{Name: name}, faults: Faults{Name: name}}
	switch format {
	case ICalendar:
		r.iCalendar(text)
	case YAML, JSON:
		r.document(text, format)
	default:
		r.mediaPlan(text)
	}
	r.plan.sort()
	return r.plan, r.faults.err()
}

// unpack returns data without its compression.
func unpack(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%w; wanted what gzip wrote, or plain text", err)
		}
		if data, err = io.ReadAll(io.LimitReader(z, mostBytes+1)); err != nil {
			return nil, fmt.Errorf("%w; wanted a whole file that gzip wrote", err)
		}
	}
	if len(data) > mostBytes {
		return nil, fmt.Errorf("more than %d bytes; wanted a calendar of at most that", mostBytes)
	}
	return data, nil
}

// yamlKey is how a line of a YAML document begins.
var yamlKey = regexp.MustCompile(`^(---|- |#|%YAML|[a-z_]+:(\s|$))`)

// recognise tells the format by the first line that says something.
func recognise(text string) Format {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case len(line) >= 15 && strings.EqualFold(line[:15], "BEGIN:VCALENDAR"):
			return ICalendar
		case line[0] == '{' || line[0] == '[':
			return JSON
		case yamlKey.MatchString(line):
			return YAML
		}
		break
	}
	return CSV
}

// reading is the state of one Read.
type reading struct {
	cfg    ReadConfig
	plan   Plan
	faults Faults
	full   bool // there were more events than wanted
}

// take adds an event to the plan if it is sound and within the span.
func (r *reading) take(e Entry) {
	ev := &e.Event
	if ev.Kind == "" {
		ev.Kind = r.cfg.Kind
	}
	if ev.ID == "" {
		ev.ID = deriveID(r.plan.Name, ev)
	}
	if !sane(ev.Start) {
		r.faults.add(e.Line, "start", ev.Start.Format(time.RFC3339), "a year from 1970 to 2200")
		return
	}
	if err := ev.Check(); err != nil { // what an engine would refuse later, without knowing the line
		r.faults.check(e.Line, err)
		return
	}
	if ev.Start.After(r.plan.Last) {
		r.plan.Last = ev.Start
	}
	if !r.cfg.within(ev.Start) {
		if ev.Start.After(r.cfg.To.AddDate(1, 0, 0)) && len(r.plan.Far) < mostFar {
			r.plan.Far = append(r.plan.Far, e)
		}
		return
	}
	if len(r.plan.Entries) >= r.cfg.Most {
		if !r.full {
			r.faults.add(e.Line, "number of events", fmt.Sprintf("more than %d", r.cfg.Most), "fewer; those behind are left out")
		}
		r.full = true
		return
	}
	r.plan.Entries = append(r.plan.Entries, e)
}

// check notes what forecast.Event.Check found.
func (f *Faults) check(line int, err error) {
	if e, ok := err.(*forecast.EventError); ok { //nolint:errorlint // Check returns this type and wraps nothing
		f.add(line, e.Field, e.Value, e.Wanted)
		return
	}
	f.add(line, "event", err.Error(), "a sound one")
}
