package calendar

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Plan is what one calendar says of a span of time.
type Plan struct {
	Name      string   // of the calendar, for errors and reports
	Entries   []Entry  // by start; those that start together by ID, then by line
	Cancelled []string // IDs of events that the calendar names and calls off
	Ignored   []string // columns of a media plan that mean nothing here, as it spells them

	Last time.Time // the latest start that it speaks of, within the span that was read or not; zero for none
	Far  []Entry   // events that start more than a year after the span, ten at most: slips, mostly
}

// Entry is one event of a Plan, and where it stands there.
type Entry struct {
	Event forecast.Event
	Line  int    // of the source, from 1; 0 where it is not known
	Note  string // what is odd about it though it is no fault, such as a time that the clock skips; "" for nothing
}

// Events returns the events of the plan, without where they stand.
func (p Plan) Events() []forecast.Event {
	events := make([]forecast.Event, len(p.Entries))
	for i := range p.Entries {
		events[i] = p.Entries[i].Event
	}
	return events
}

// sort brings the entries into their order.
func (p *Plan) sort() {
	slices.SortStableFunc(p.Entries, func(a, b Entry) int {
		return cmp.Or(a.Event.Start.Compare(b.Event.Start), strings.Compare(a.Event.ID, b.Event.ID), cmp.Compare(a.Line, b.Line))
	})
}

// Fault is one thing that is wrong with a calendar.
type Fault struct {
	Line                 int // of the source, from 1; 0 where it is not known
	Field, Value, Wanted string
}

// String returns the fault as one phrase.
func (f Fault) String() string {
	at := ""
	if f.Line > 0 {
		at = fmt.Sprintf("line %d: ", f.Line)
	}
	return at + f.Field + " is " + f.Value + "; wanted " + f.Wanted
}

// Faults is everything that is wrong with a calendar, as one error on one line.
type Faults struct {
	Name string  // of the calendar
	List []Fault // in the order of the source, at most 100
	More int     // further ones
}

// maxFaults bounds what one error holds: a file in another format has a fault on each line.
const maxFaults = 100

// Error implements error.
func (f *Faults) Error() string {
	parts := make([]string, len(f.List), len(f.List)+1)
	for i, x := range f.List {
		parts[i] = x.String()
	}
	if f.More > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", f.More))
	}
	count := ""
	if n := len(f.List) + f.More; n > 1 {
		count = strconv.Itoa(n) + " faults: "
	}
	return f.Name + ": " + count + strings.Join(parts, " | ")
}

// add notes a fault.
func (f *Faults) add(line int, field, value, wanted string) {
	if len(f.List) >= maxFaults {
		f.More++
		return
	}
	f.List = append(f.List, Fault{line, field, shorten(value), wanted})
}

// quote notes a fault of a field with that text.
func (f *Faults) quote(line int, field, text, wanted string) {
	if len(text) > maxQuoted {
		text = text[:maxQuoted] + "..."
	}
	f.add(line, field, strconv.Quote(text), wanted)
}

// err is f if there is a fault.
func (f *Faults) err() error {
	if len(f.List) == 0 {
		return nil
	}
	return f
}

// maxQuoted is how many bytes of what is wrong an error quotes.
const maxQuoted = 80

func shorten(s string) string {
	if len(s) > 4*maxQuoted {
		return s[:4*maxQuoted] + "..."
	}
	return s
}

// deriveID makes an ID of what an event is where the plan gives it none: the same event has the same ID in every reading,
// wherever it stands and whatever its weight, window and duration. Another start, kind or label makes another event.
func deriveID(plan string, ev *forecast.Event) string {
	sum := sha256.Sum256([]byte(strconv.FormatInt(ev.Start.UnixNano(), 10) + "\x00" + signature(ev)))
	if len(plan) > 64 {
		plan = plan[:64]
	}
	return plan + "/" + ev.Start.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:4])
}

// signature is what events that may be the same have in common beside the start: kind and labels, whatever their order.
func signature(ev *forecast.Event) string {
	labels := make([]string, len(ev.Labels))
	for i, l := range ev.Labels {
		labels[i] = strconv.Quote(l.Key) + "=" + strconv.Quote(l.Value)
	}
	slices.Sort(labels)
	return strconv.Quote(ev.Kind) + "\x00" + strings.Join(labels, "\x00")
}

// sameEvent says whether an engine would make no difference between a and b.
func sameEvent(a, b *forecast.Event) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Start.Equal(b.Start) && a.Window == b.Window && a.Duration == b.Duration &&
		a.Weight == b.Weight && slices.Equal(a.Labels, b.Labels)
}

// sane bounds what a calendar may speak of. A year outside is a slip, not a plan.
func sane(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }
