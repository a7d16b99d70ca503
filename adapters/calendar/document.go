package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/headroom-go/headroom/forecast"
)

// document is a calendar in YAML or JSON.
type document struct {
	Timezone string             `json:"timezone"`
	Kind     string             `json:"kind"`
	Window   *forecast.Duration `json:"window"`
	Duration *forecast.Duration `json:"duration"`
	Events   []json.RawMessage  `json:"events"`
}

// listed is an event of a document: one at Start, or all that Cron yields.
type listed struct {
	ID        string             `json:"id"`
	Kind      string             `json:"kind"`
	Start     string             `json:"start"`
	Cron      string             `json:"cron"`
	From      string             `json:"from"`
	Until     string             `json:"until"`
	Except    []string           `json:"except"`
	Timezone  string             `json:"timezone"`
	Window    *forecast.Duration `json:"window"`
	Duration  *forecast.Duration `json:"duration"`
	Weight    float64            `json:"weight"`
	Labels    map[string]any     `json:"labels"`
	Cancelled bool               `json:"cancelled"`
}

// document reads a calendar in YAML or JSON.
func (r *reading) document(text string, format Format) {
	if strings.TrimSpace(text) == "" {
		return
	}
	// JSON is read as YAML as well, because encoding/json lets the same key stand twice.
	converted, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		r.syntax(err)
		return
	}
	var doc document
	if converted = bytes.TrimSpace(converted); bytes.HasPrefix(converted, []byte("[")) {
		converted = slices.Concat([]byte(`{"events":`), converted, []byte("}")) // a bare list of events
	}
	if err := strict(converted, &doc); err != nil {
		r.faults.add(0, "document", err.Error(), `an object with timezone, kind, window, duration and the list events, or that list alone`)
		return
	}
	loc := r.cfg.Location
	if doc.Timezone != "" {
		if loc, err = zone(doc.Timezone); err != nil {
			r.faults.quote(0, "timezone", doc.Timezone, wantedZone)
			return
		}
	}
	if doc.Kind == "" {
		doc.Kind = r.cfg.Kind
	}
	lines := listLines(text, format)
	ids := make(map[string]int)
	for i, raw := range doc.Events {
		line := 0
		if len(lines) == len(doc.Events) {
			line = lines[i]
		}
		at := fmt.Sprintf("events[%d]", i)
		var e listed
		if err := strict(raw, &e); err != nil {
			r.faults.add(line, at, err.Error(), "an event with id, kind, start or cron, from, until, except, timezone, window, duration, weight, labels, cancelled")
			continue
		}
		if first, taken := ids[e.ID]; taken && e.ID != "" {
			r.faults.add(line, at+".id", fmt.Sprintf("%q, which is that of events[%d]", e.ID, first), "one event for each id")
			continue
		}
		ids[e.ID] = i
		e.Kind = orText(e.Kind, doc.Kind)
		ev := forecast.Event{ID: e.ID, Kind: e.Kind, Window: orSpan(e.Window, doc.Window, r.cfg.Window), Duration: orSpan(e.Duration, doc.Duration, r.cfg.Duration), Weight: e.Weight}
		r.listed(at, line, e, ev, loc)
	}
}

func orSpan(own, shared *forecast.Duration, none time.Duration) time.Duration {
	switch {
	case own != nil:
		return own.Std()
	case shared != nil:
		return shared.Std()
	}
	return none
}

// listed takes what an event of a document stands for. ev is what all of them have in common.
func (r *reading) listed(at string, line int, e listed, ev forecast.Event, loc *time.Location) {
	before := len(r.faults.List) + r.faults.More
	if e.Timezone != "" {
		own, err := zone(e.Timezone)
		if err != nil {
			r.faults.quote(line, at+".timezone", e.Timezone, wantedZone)
			return
		}
		loc = own
	}
	keys := make([]string, 0, len(e.Labels))
	for key := range e.Labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		value, ok := e.Labels[key].(string)
		if !ok {
			r.faults.add(line, at+".labels."+key, fmt.Sprint(e.Labels[key]), `text; a number is in quotes, because "2.0" and "2" differ`)
		}
		ev.Labels = append(ev.Labels, forecast.Label{Key: key, Value: value})
	}
	moment := func(field, s string, none time.Time) (time.Time, string) {
		if s == "" {
			return none, ""
		}
		t, note, ok := parseMoment(s, loc)
		if !ok {
			r.faults.quote(line, at+"."+field, s, wantedMoment)
		}
		return t, note
	}
	start, note := moment("start", e.Start, time.Time{})
	from, _ := moment("from", e.From, r.cfg.From)
	until, _ := moment("until", e.Until, r.cfg.To)
	except := make([]time.Time, len(e.Except))
	for i, s := range e.Except {
		except[i], _ = moment(fmt.Sprintf("except[%d]", i), s, time.Time{})
	}
	switch {
	case (e.Start == "") == (e.Cron == ""):
		r.faults.add(line, at, "without or with both of start and cron", "one of them")
	case e.Start != "" && (e.From != "" || e.Until != "" || len(except) > 0):
		r.faults.add(line, at, "one start with from, until or except", "these beside cron only")
	}
	if len(r.faults.List)+r.faults.More > before {
		return
	}
	if e.Cron == "" {
		ev.Start = start
		r.listedAt(line, note, e.Cancelled, ev)
		return
	}
	schedule, err := ParseSchedule(e.Cron, loc)
	if err != nil {
		r.faults.quote(line, at+".cron", e.Cron, wantedCron)
		return
	}
	if from.Before(r.cfg.From) {
		from = r.cfg.From
	}
	if until.After(r.cfg.To) {
		until = r.cfg.To
	}
	starts, complete := schedule.Between(nil, from, until, r.cfg.Most+1-len(r.plan.Entries))
	if !complete && len(starts) <= r.cfg.Most-len(r.plan.Entries) {
		r.faults.add(line, at+".cron", fmt.Sprintf("looked for over more than %v", maxCronSpan), "a shorter span, from the configuration, from or until")
	}
	for _, t := range starts {
		if slices.ContainsFunc(except, func(x time.Time) bool { return excepted(x, t, loc) }) {
			continue
		}
		one := ev
		one.Start = t
		if one.ID != "" {
			one.ID += "@" + t.UTC().Format("20060102T150405Z")
		}
		r.listedAt(line, "", e.Cancelled, one)
	}
}

// excepted says whether an exception means t: the moment itself, or, where it is a midnight, the whole day.
func excepted(x, t time.Time, loc *time.Location) bool {
	if x.Equal(t) {
		return true
	}
	x, t = x.In(loc), t.In(loc)
	return x.Hour() == 0 && x.Minute() == 0 && x.Second() == 0 && x.YearDay() == t.YearDay() && x.Year() == t.Year()
}

// listedAt takes one event.
func (r *reading) listedAt(line int, note string, cancelled bool, ev forecast.Event) {
	if cancelled {
		if ev.ID == "" {
			ev.ID = deriveID(r.plan.Name, &ev)
		}
		r.plan.Cancelled = append(r.plan.Cancelled, ev.ID)
		return
	}
	r.take(Entry{Event: ev, Line: line, Note: note})
}

const (
	wantedMoment = `RFC 3339 ("2026-03-07T20:13:05+01:00"), or a date and a time of day ("2026-03-07 20:13:05") in the time zone of the event, or a date`
	wantedZone   = `a time zone such as Europe/Berlin, America/New_York or UTC`
)

// parseMoment reads a time that may be that of a wall clock in loc.
func parseMoment(s string, loc *time.Location) (t time.Time, note string, ok bool) {
	if t, ok := parseInstant(s); ok {
		return t, "", true
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if w, err := time.Parse(layout, s); err == nil {
			t, note = wall(w).in(loc)
			return t, note, sane(w)
		}
	}
	return time.Time{}, "", false
}

// zone is the time zone of that name, which must be one for everybody: "Local" is this machine's.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errors.New("no zone")
	}
	return time.LoadLocation(name)
}

// strict decodes JSON whose keys are all known.
func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return errors.New("followed by something else")
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%s is a %s instead of a %s", orText(kind.Field, "it"), kind.Value, kind.Type)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// yamlLine is how the YAML library says where something is wrong.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// syntax notes what is wrong with a document as such.
func (r *reading) syntax(err error) {
	text := err.Error()
	for _, prefix := range []string{"yaml: unmarshal errors:\n  ", "error converting YAML to JSON: ", "yaml: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	line := 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	r.faults.add(line, "document", strings.Join(strings.Fields(text), " "), "YAML or JSON, each key once")
}

// listLines returns the lines at which the events of a document begin: as many as there are events, or something is
// written in a way that this does not follow, and then nobody knows.
func listLines(text string, format Format) []int {
	if format == JSON || strings.HasPrefix(strings.TrimSpace(text), "{") {
		return jsonLines(text)
	}
	var lines []int
	inside, depth, n := false, -1, 0
	for line := range strings.Lines(text) {
		n++
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		switch body = strings.TrimSpace(body); {
		case body == "" || body[0] == '#' || body == "---":
		case strings.HasPrefix(body, "- ") || body == "-":
			if !inside && indent == 0 && depth < 0 { // a bare list
				inside = true
			}
			if inside && depth < 0 {
				depth = indent
			}
			if inside && indent == depth {
				lines = append(lines, n)
			}
		case indent == 0:
			inside = strings.HasPrefix(body, "events:")
		}
	}
	return lines
}

func jsonLines(text string) []int {
	d := json.NewDecoder(strings.NewReader(text))
	var lines []int
	list := strings.HasPrefix(strings.TrimSpace(text), "[")
	if t, err := d.Token(); err != nil || t != json.Delim('{') && t != json.Delim('[') {
		return nil
	}
	for d.More() {
		if !list {
			key, err := d.Token()
			if err != nil {
				return nil
			}
			if key != "events" {
				var skip json.RawMessage
				if d.Decode(&skip) != nil {
					return nil
				}
				continue
			}
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return nil
			}
		}
		seen, line := 0, 1
		for d.More() {
			var raw json.RawMessage
			if d.Decode(&raw) != nil {
				return nil
			}
			at := int(d.InputOffset()) - len(raw)
			line += strings.Count(text[seen:at], "\n")
			seen = at
			lines = append(lines, line)
		}
		return lines
	}
	return lines
}
