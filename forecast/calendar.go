package forecast

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// ErrEventTableFull says that as many events are announced as the table holds. Nothing was changed: announce the event
// again when earlier ones have passed, or make the table larger.
var ErrEventTableFull = errors.New("event table is full; announce again when earlier events have passed, or raise max_events")

// ErrUnknownEvent says that no announced event has the ID.
var ErrUnknownEvent = errors.New("no announced event has this id")

// EventError says which field of an event is wrong, and what was wanted.
type EventError struct {
	ID, Field, Value, Wanted string
}

// Error implements error.
func (e *EventError) Error() string {
	return fmt.Sprintf("event %q: %s is %s; wanted %s", e.ID, e.Field, e.Value, e.Wanted)
}

// maxText bounds the length of the texts of an event, in bytes, so that a snapshot stays bounded.
const maxText = 256

// maxSpan bounds Window and Duration: an event that lasts longer is a season.
const maxSpan = 31 * 24 * time.Hour

// Check returns what is wrong with ev, or nil.
func (ev *Event) Check() error {
	fault := func(field, value, wanted string) error {
		return &EventError{ID: ev.ID, Field: field, Value: value, Wanted: wanted}
	}
	switch {
	case ev.ID == "":
		return fault("id", "empty", "a text that names this event alone, for edits and withdrawal")
	case len(ev.ID) > maxText:
		return fault("id", fmt.Sprintf("%d bytes long", len(ev.ID)), fmt.Sprintf("at most %d bytes", maxText))
	case len(ev.Kind) > maxText:
		return fault("kind", fmt.Sprintf("%d bytes long", len(ev.Kind)), fmt.Sprintf("at most %d bytes", maxText))
	case ev.Start.IsZero():
		return fault("start", "zero", "the moment it begins")
	case ev.Start.Year() < 1700 || ev.Start.Year() > 2250:
		return fault("start", ev.Start.Format(time.RFC3339), "a year from 1700 to 2250")
	case ev.Window < 0 || ev.Window > maxSpan:
		return fault("window", ev.Window.String(), "0 to "+maxSpan.String())
	case ev.Duration < 0 || ev.Duration > maxSpan:
		return fault("duration", ev.Duration.String(), "0 to "+maxSpan.String())
	case !(ev.Weight >= 0) || math.IsInf(ev.Weight, 0):
		return fault("weight", fmt.Sprint(ev.Weight), "0 (unknown) or a positive number")
	}
	return nil
}

// announced is an Event as the calendar keeps it.
type announced struct {
	id, kind string
	start    int64   // unix nanoseconds
	window   float64 // seconds
	length   float64 // seconds
	weight   float64
	prior    int     // index of its Kind
	size     float64 // median response in minutes of ordinary demand
}

// calendar is the bounded table of announced events, by start. An event leaves it when its response is over.
type calendar struct {
	kinds   []Kind
	typical []float64 // per kind: exponentially weighted mean of ln(weight)
	seen    []float64 // per kind: weights seen, capped
	events  []announced
	n       int
	late    int64 // nanoseconds: no event has an effect longer after its start than this
	early   int64 // nanoseconds: no event has an effect longer before its start than this
	due     int64 // unix nanoseconds: no response ends before this; short events must not wait for a long one to leave
}

func newCalendar(kinds []Kind, most int) calendar {
	c := calendar{events: make([]announced, most)}
	c.kinds = append(c.kinds, Kind{}.Defaults())
	for _, k := range kinds {
		c.kinds = append(c.kinds, k.Defaults())
	}
	c.typical = make([]float64, len(c.kinds))
	c.seen = make([]float64, len(c.kinds))
	return c
}

// prior returns the index of the Kind of that name, 0 (the defaults) if it is not configured.
func (c *calendar) prior(name string) int {
	for i := 1; i < len(c.kinds); i++ {
		if c.kinds[i].Name == name {
			return i
		}
	}
	return 0
}

func (c *calendar) find(id string) int {
	for i := range c.n {
		if c.events[i].id == id {
			return i
		}
	}
	return -1
}

// full says whether there is no place for an event of that ID; an edit always has one.
func (c *calendar) full(id string) bool { return c.n == len(c.events) && c.find(id) < 0 }

// over says whether the response of ev ended before nano.
func (c *calendar) over(ev *Event, nano int64) bool {
	a := announced{start: ev.Start.UnixNano(), window: ev.Window.Seconds(), length: ev.Duration.Seconds()}
	return a.start+a.late(&c.kinds[c.prior(ev.Kind)]) < nano
}

// announce adds an event, or replaces the one that has its ID. It keeps ev.ID and ev.Kind.
func (c *calendar) announce(ev *Event) error {
	if c.full(ev.ID) {
		return ErrEventTableFull
	}
	old := c.find(ev.ID)
	if old >= 0 {
		c.remove(old)
	}
	a := announced{
		id: ev.ID, kind: ev.Kind, start: ev.Start.UnixNano(), window: ev.Window.Seconds(), length: ev.Duration.Seconds(),
		weight: ev.Weight, prior: c.prior(ev.Kind),
	}
	k := &c.kinds[a.prior]
	a.size = k.Lift
	if a.weight > 0 {
		w := fp.Log(a.weight)
		if old < 0 { // an edit is not a second observation of what is usual
			c.seen[a.prior] = math.Min(c.seen[a.prior]+1, 100)
			c.typical[a.prior] += (w - c.typical[a.prior]) / c.seen[a.prior]
		}
		a.size = float64(k.Lift * fp.Exp(float64(k.WeightPower*(w-c.typical[a.prior]))))
	}
	i := c.n
	for ; i > 0 && c.events[i-1].start > a.start; i-- {
		c.events[i] = c.events[i-1]
	}
	c.events[i] = a
	c.n++
	c.late, c.early = max(c.late, a.late(k)), max(c.early, a.early())
	if end := a.start + a.late(k); c.n == 1 || end < c.due {
		c.due = end
	}
	return nil
}

// late is how long after its start an event may have an effect, in nanoseconds.
func (a *announced) late(k *Kind) int64 { return int64(1e9 * (a.window + a.length + k.after())) }

// early is how long before its start an event may have an effect, in nanoseconds: it may begin too early.
func (a *announced) early() int64 { return int64(1e9 * a.window) }

func (c *calendar) remove(i int) {
	copy(c.events[i:c.n], c.events[i+1:c.n])
	c.n--
	c.events[c.n] = announced{}
}

func (c *calendar) withdraw(id string) error {
	i := c.find(id)
	if i < 0 {
		return ErrUnknownEvent
	}
	c.remove(i)
	return nil
}

// expire drops the events whose response ended before nano.
func (c *calendar) expire(nano int64) {
	if c.n == 0 || c.due >= nano {
		return
	}
	keep := 0
	c.late, c.early, c.due = 0, 0, math.MaxInt64
	for i := range c.n {
		a := &c.events[i]
		if late := a.late(&c.kinds[a.prior]); a.start+late >= nano {
			c.late, c.early, c.due = max(c.late, late), max(c.early, a.early()), min(c.due, a.start+late)
			c.events[keep] = *a
			keep++
		}
	}
	clear(c.events[keep:c.n])
	c.n = keep
}

// between returns the range of events that may have an effect between from and to, unix nanoseconds.
func (c *calendar) between(from, to int64) (lo, hi int) {
	for lo < c.n && c.events[lo].start+c.late < from {
		lo++
	}
	for hi = lo; hi < c.n && c.events[hi].start-c.early < to; hi++ {
	}
	return lo, hi
}

// near says whether an event may have an effect between from and to. The range of between is as wide as the longest event
// makes it.
func (c *calendar) near(from, to int64) bool {
	lo, hi := c.between(from, to)
	for i := lo; i < hi; i++ {
		if a := &c.events[i]; a.start+a.late(&c.kinds[a.prior]) >= from && a.start-a.early() < to {
			return true
		}
	}
	return false
}

func (c *calendar) fields(s *state.Codec) {
	s.Float64s(c.typical)
	s.Float64s(c.seen)
	s.Int64(&c.late)
	s.Int64(&c.early)
	s.Int64(&c.due)
	s.Len(len(c.events))
	s.Int(&c.n)
	if c.n < 0 || c.n > len(c.events) {
		s.Fail(fmt.Errorf("snapshot has %d events where at most %d were wanted", c.n, len(c.events)))
		c.n = 0
		return
	}
	for i := range c.n {
		c.events[i].fields(s)
		if p := c.events[i].prior; p < 0 || p >= len(c.kinds) {
			s.Fail(fmt.Errorf("snapshot names event kind %d of %d", p, len(c.kinds)))
			c.events[i].prior = 0
		}
	}
	clear(c.events[c.n:])
}

func (a *announced) fields(s *state.Codec) {
	s.String(&a.id, maxText)
	s.String(&a.kind, maxText)
	s.Int64(&a.start)
	s.Float64(&a.window)
	s.Float64(&a.length)
	s.Float64(&a.weight)
	s.Int(&a.prior)
	s.Float64(&a.size)
}
