package webhook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/headroom-go/headroom/adapters/internal/moment"
	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/forecast"
)

// fault is one thing that is wrong with what was sent.
type fault struct {
	Field  string `json:"field"`
	Value  string `json:"value"`
	Wanted string `json:"wanted"`
}

// message is what one body says: events that are announced, and IDs of those that are called off.
type message struct {
	announce []forecast.Event
	withdraw []string
}

const (
	maxFaults = 20 // that are told of one body
	maxLabels = 32
	maxLabel  = 256 // bytes, as forecast.Event.Check has it of ID and Kind
)

// eventReader understands a body, strictly, and collects what is wrong with it.
type eventReader struct {
	most   int // events
	now    time.Time
	behind time.Duration
	ahead  time.Duration

	faults []fault
	ids    map[string]string // and where they stand
}

// errSyntax is what is no JSON at all.
type errSyntax struct{ text string }

func (e *errSyntax) Error() string { return e.text }

// read understands a body: an event, or {"events":[...]}. Where faults remain, nothing of it is to be believed. The error is an
// *errSyntax.
func (r *eventReader) read(body []byte) (message, error) {
	var m message
	r.ids = make(map[string]string)
	if !utf8.Valid(body) {
		return m, &errSyntax{"the body is not UTF-8; wanted JSON"}
	}
	if err := wellFormed(body); err != nil {
		return m, err
	}
	top, ok := r.members("body", body)
	if !ok {
		return m, nil
	}
	i := slices.IndexFunc(top, func(x member) bool { return x.name == "events" })
	if i < 0 {
		r.event("", top, &m)
		return m, nil
	}
	if len(top) > 1 {
		other := top[(i+1)%len(top)]
		r.fault(other.name, string(other.raw), "no member beside events")
	}
	for i, raw := range r.list(top[i].raw) {
		at := fmt.Sprintf("events[%d]", i)
		if fields, ok := r.members(at, raw); ok {
			r.event(at+".", fields, &m)
		}
	}
	return m, nil
}

// list returns the events of a list, none if it is wrong.
func (r *eventReader) list(raw []byte) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > r.most {
		r.fault("events", string(raw), fmt.Sprintf("a list of 1 to %d events", r.most))
		return nil
	}
	return list
}

// wellFormed says where a body is no JSON.
func wellFormed(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return &errSyntax{"the body is empty; wanted an event"}
	}
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := min(int(syntax.Offset), len(body))
		return &errSyntax{fmt.Sprintf("the body is not JSON in line %d, byte %d: %v", 1+bytes.Count(body[:at], []byte("\n")), at, err)}
	}
	return nil
}

func (r *eventReader) fault(field, value, wanted string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, fault{field, refusal.Clip(value), wanted})
	}
}

// member is a name and a value of an object.
type member struct {
	name string
	raw  json.RawMessage
}

// members returns what an object has, in its order, and false where raw is none or has a name twice. encoding/json would
// take the last of two, and names in another case.
func (r *eventReader) members(at string, raw []byte) ([]member, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		r.fault(at, string(raw), "an object")
		return nil, false
	}
	var out []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			break
		}
		x := member{name: name.(string)}
		if err := dec.Decode(&x.raw); err != nil {
			break
		}
		if slices.ContainsFunc(out, func(o member) bool { return o.name == x.name }) {
			r.fault(at, "an object with "+strconv.Quote(x.name)+" twice", "each name once")
			return nil, false
		}
		out = append(out, x)
	}
	return out, true
}

const wantedFields = "id, kind, start, window, duration, weight, labels or cancelled"

// event reads one event and adds it to m. at stands before the names of its fields.
func (r *eventReader) event(at string, fields []member, m *message) {
	before := len(r.faults)
	var ev forecast.Event
	started, cancelled := false, false
	for _, f := range fields {
		field := at + f.name
		switch f.name {
		case "id":
			ev.ID = r.text(field, f.raw)
		case "kind":
			ev.Kind = r.text(field, f.raw)
		case "start":
			started = true
			var err error
			if ev.Start, err = parseTime(f.raw); err != nil {
				r.fault(field, string(f.raw), moment.ErrFormat.Error())
			}
		case "window":
			ev.Window = r.span(field, f.raw)
		case "duration":
			ev.Duration = r.span(field, f.raw)
		case "weight":
			if json.Unmarshal(f.raw, &ev.Weight) != nil || string(f.raw) == "null" {
				r.fault(field, string(f.raw), "a number of 0 (unknown) or more")
			}
		case "labels":
			ev.Labels = r.labels(field, f.raw)
		case "cancelled":
			if json.Unmarshal(f.raw, &cancelled) != nil || string(f.raw) == "null" {
				r.fault(field, string(f.raw), "true or false")
			}
		default:
			r.fault(field, string(f.raw), "no such field, but "+wantedFields)
		}
	}
	if !cancelled && !started {
		r.fault(at+"start", "missing", moment.ErrFormat.Error())
	}
	if len(r.faults) > before {
		return
	}
	r.check(at, &ev, cancelled)
	if len(r.faults) > before {
		return
	}
	if cancelled {
		m.withdraw = append(m.withdraw, ev.ID)
	} else {
		m.announce = append(m.announce, ev)
	}
}

// check looks at an event whose fields were understood.
func (r *eventReader) check(at string, ev *forecast.Event, cancelled bool) {
	whole := *ev
	if cancelled && whole.Start.IsZero() { // all that counts is the ID
		whole.Start = r.now
	}
	var wrong *forecast.EventError
	if err := whole.Check(); errors.As(err, &wrong) {
		r.fault(at+wrong.Field, wrong.Value, wrong.Wanted)
		return
	}
	if first, taken := r.ids[ev.ID]; taken {
		r.fault(at+"id", fmt.Sprintf("%q, as that of %s", ev.ID, strings.TrimSuffix(first, ".")), "one event for each id")
	}
	r.ids[ev.ID] = at
	end := ev.Start.Add(ev.Window + ev.Duration)
	switch {
	case cancelled:
	case r.now.Sub(end) > r.behind:
		r.fault(at+"start", ev.Start.Format(time.RFC3339), fmt.Sprintf("an event that ended at most %v before now, %s", r.behind, r.now.UTC().Format(time.RFC3339)))
	case ev.Start.Sub(r.now) > r.ahead:
		r.fault(at+"start", ev.Start.Format(time.RFC3339), fmt.Sprintf("at most %v after now, %s", r.ahead, r.now.UTC().Format(time.RFC3339)))
	}
}

// text reads a text without control characters, which would make a mess of logs.
func (r *eventReader) text(field string, raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || string(raw) == "null" || strings.ContainsFunc(s, unicode.IsControl) {
		r.fault(field, string(raw), "a text without control characters")
	}
	return s
}

func (r *eventReader) span(field string, raw []byte) time.Duration {
	var d forecast.Duration
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &d) != nil {
		r.fault(field, string(raw), `a duration such as "30s"`)
	}
	return d.Std()
}

// labels reads labels, and puts them in the order of their keys.
func (r *eventReader) labels(field string, raw []byte) []forecast.Label {
	pairs, ok := r.members(field, raw)
	if !ok {
		return nil
	}
	if len(pairs) > maxLabels {
		r.fault(field, fmt.Sprintf("an object of %d", len(pairs)), fmt.Sprintf("at most %d labels", maxLabels))
		return nil
	}
	var labels []forecast.Label
	for _, p := range pairs {
		value := r.text(field+"."+p.name, p.raw)
		if len(p.name) > maxLabel || len(value) > maxLabel || p.name == "" || strings.ContainsFunc(p.name, unicode.IsControl) {
			r.fault(field+"."+refusal.Clip(p.name), fmt.Sprintf("%d bytes long, for a key of %d", len(value), len(p.name)), fmt.Sprintf("at most %d bytes, and a key of 1 to %d without control characters", maxLabel, maxLabel))
		}
		labels = append(labels, forecast.Label{Key: p.name, Value: value})
	}
	slices.SortFunc(labels, func(a, b forecast.Label) int { return strings.Compare(a.Key, b.Key) })
	return labels
}

// sameEvent says whether two events are the same, labels in the same order.
func sameEvent(a, b *forecast.Event) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Start.Equal(b.Start) && a.Window == b.Window && a.Duration == b.Duration &&
		a.Weight == b.Weight && slices.Equal(a.Labels, b.Labels)
}

// eventJSON is an event as it is sent.
type eventJSON struct {
	ID       string             `json:"id"`
	Kind     string             `json:"kind,omitempty"`
	Start    time.Time          `json:"start"`
	Window   *forecast.Duration `json:"window,omitempty"`
	Duration *forecast.Duration `json:"duration,omitempty"`
	Weight   float64            `json:"weight,omitempty"`
	Labels   map[string]string  `json:"labels,omitempty"`
}

// EncodeEvents writes the body of a POST that announces events. The error is that of an event which an Announcements would
// refuse whatever its configuration.
func EncodeEvents(events ...forecast.Event) ([]byte, error) {
	out := struct {
		Events []eventJSON `json:"events"`
	}{make([]eventJSON, len(events))}
	for i := range events {
		ev := &events[i]
		if err := ev.Check(); err != nil {
			return nil, err
		}
		x := eventJSON{ID: ev.ID, Kind: ev.Kind, Start: ev.Start.UTC(), Window: spanJSON(ev.Window), Duration: spanJSON(ev.Duration), Weight: ev.Weight}
		if len(ev.Labels) > 0 {
			x.Labels = make(map[string]string, len(ev.Labels))
		}
		for _, l := range ev.Labels {
			if _, twice := x.Labels[l.Key]; twice {
				return nil, &forecast.EventError{ID: ev.ID, Field: "labels", Value: strconv.Quote(l.Key) + " twice", Wanted: "each key once"}
			}
			x.Labels[l.Key] = l.Value
		}
		out.Events[i] = x
	}
	return json.Marshal(out)
}

func spanJSON(d time.Duration) *forecast.Duration {
	if d == 0 {
		return nil
	}
	return new(forecast.Duration(d))
}

// byStart is the order in which events are announced: of those for which there is no room the last to start are left out.
func byStart(a, b forecast.Event) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID))
}

// readAll reads a body of at most limit bytes, and false where it is longer.
func readAll(body io.Reader, limit int64) ([]byte, bool, error) {
	text, err := io.ReadAll(io.LimitReader(body, limit+1))
	return text, int64(len(text)) <= limit, err
}
