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
	x        factors // covariates that are known when it is announced
	airing   int     // its place among the airings, -1 while it has none
}

// model is what has been learned of the events of one kind.
type model struct {
	response response
	size     *amplitude
	typical  float64 // exponentially weighted mean of ln(weight)
	seen     float64 // weights seen, capped
}

// maxAirings is the number of events that may be near or under way at once and still be learned from. Those beyond it are
// forecast from what the regression expects of them.
const maxAirings = 24

// calendar is the bounded table of announced events, by start, with what was learned of each kind. An event leaves it when
// its response is over. Until the first event is announced the calendar holds no memory to speak of.
type calendar struct {
	kinds  []Kind
	models []*model // per kind; nil until its first event is announced
	most   int
	events []announced
	n      int
	late   int64 // nanoseconds: no event has an effect longer after its start than this
	early  int64 // nanoseconds: no event has an effect longer before its start than this
	due    int64 // unix nanoseconds: no response ends before this; short events must not wait for a long one to leave
	air    []airing
}

func newCalendar(kinds []Kind, most int) calendar {
	c := calendar{most: most}
	c.kinds = append(c.kinds, Kind{}.Defaults())
	for _, k := range kinds {
		c.kinds = append(c.kinds, k.Defaults())
	}
	c.models = make([]*model, len(c.kinds))
	return c
}

// room allocates the table; prior's model too.
func (c *calendar) room(prior int) {
	if c.events == nil {
		c.events = make([]announced, c.most)
		c.air = make([]airing, min(c.most, maxAirings))
	}
	if c.models[prior] == nil {
		k := &c.kinds[prior]
		c.models[prior] = &model{response: newResponse(k), size: newAmplitude(k)}
	}
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
func (c *calendar) full(id string) bool { return c.n == c.most && c.find(id) < 0 }

// over says whether the response of ev ended before nano.
func (c *calendar) over(ev *Event, nano int64) bool {
	k := &c.kinds[c.prior(ev.Kind)]
	late := ev.Window.Seconds() + ev.Duration.Seconds() + float64(binsAfter*k.binWidth())
	return ev.Start.UnixNano()+int64(1e9*late) < nano
}

// announce adds an event, or replaces the one that has its ID; what is announced again unchanged stays as it is, with all
// that was seen of it. It keeps ev.ID and ev.Kind; of the labels it keeps numbers.
// offset is the local clock's distance from UTC in seconds.
func (c *calendar) announce(ev *Event, offset int64) error {
	if c.full(ev.ID) {
		return ErrEventTableFull
	}
	old := c.find(ev.ID)
	a := announced{
		id: ev.ID, kind: ev.Kind, start: ev.Start.UnixNano(), window: ev.Window.Seconds(), length: ev.Duration.Seconds(),
		weight: ev.Weight, prior: c.prior(ev.Kind), airing: -1,
	}
	c.room(a.prior)
	m := c.models[a.prior]
	a.x.label(m.size, ev.Labels)
	if a.prior == 0 && ev.Kind != "" {
		// Kinds that nobody configured share one model; their names tell them apart in it as labels would.
		a.x.slot[maxLabels-1] = int8(m.size.slot(hashText(hashBegin, ev.Kind)))
	}
	if old >= 0 {
		if b := &c.events[old]; b.start == a.start && b.window == a.window && b.length == a.length && b.weight == a.weight &&
			b.kind == a.kind && b.x.slot == a.x.slot {
			return nil
		}
		c.remove(old)
	}
	a.x.fixed[covIntercept] = 1
	a.x.fixed[covMorning] = dayWave(a.start/1e9 + offset)
	a.x.fixed[covNoon] = dayWave(a.start/1e9 + offset - 6*3600)
	if a.weight > 0 {
		w := fp.Log(a.weight)
		if old < 0 { // an edit is not a second observation of what is usual
			m.seen = min(m.seen+1, 100)
			m.typical += (w - m.typical) / m.seen
		}
		a.x.fixed[covWeight] = w - m.typical
	}
	i := c.n
	for ; i > 0 && c.events[i-1].start > a.start; i-- {
		c.events[i] = c.events[i-1]
	}
	c.events[i] = a
	c.n++
	c.late, c.early = max(c.late, a.late(m)), max(c.early, a.early(m))
	if end := a.start + a.late(m); c.n == 1 || end < c.due {
		c.due = end
	}
	return nil
}

// dayWave is a wave over the day in two parabolas: 0 at midnight, 1 at six, -1 at eighteen. It stands for a sine, whose
// last bits differ between processors.
func dayWave(sec int64) float64 {
	s := sec % 86400
	if s < 0 {
		s += 86400
	}
	x := float64(s) / 43200 // 0..2
	if x < 1 {
		return float64(4 * float64(x*(1-x)))
	}
	return float64(-4 * float64((x-1)*(2-x)))
}

// late is how long after its start an event may have an effect, in nanoseconds.
func (a *announced) late(m *model) int64 {
	return int64(1e9 * (a.window + a.length + m.response.after()))
}

// early is how long before its start an event may have an effect, in nanoseconds: it may begin too early, by its window and
// by as much as the response reaches back.
func (a *announced) early(m *model) int64 { return int64(1e9 * (a.window + m.response.ahead())) }

func (c *calendar) remove(i int) {
	if g := c.events[i].airing; g >= 0 {
		c.air[g] = airing{}
	}
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

// expire learns from the events whose response ended before nano, and drops them.
func (c *calendar) expire(nano int64) {
	if c.n == 0 || c.due >= nano {
		return
	}
	keep := 0
	c.late, c.early, c.due = 0, 0, math.MaxInt64
	learned := false
	for i := range c.n {
		a := &c.events[i]
		m := c.models[a.prior]
		if late := a.late(m); a.start+late >= nano {
			c.late, c.early, c.due = max(c.late, late), max(c.early, a.early(m)), min(c.due, a.start+late)
			c.events[keep] = *a
			keep++
			continue
		}
		if a.airing >= 0 {
			c.finish(a, m)
			c.air[a.airing] = airing{}
			learned = true
		}
	}
	clear(c.events[keep:c.n])
	c.n = keep
	if learned {
		c.renew()
	}
}

// finish hands what was seen of an event to the regression of its kind: the estimate that, joined with the prior, gives
// what is known now.
func (c *calendar) finish(a *announced, m *model) {
	g := &c.air[a.airing]
	if !g.begun {
		return // it fell into a gap
	}
	var before airing
	before.x = g.x
	before.prior(m.size, 1, &sizes)
	m0, v0 := before.moments()
	m1, v1 := g.moments()
	if v1 >= float64(0.98*v0) {
		v1 = float64(0.98 * v0) // it said next to nothing
	}
	v := 1 / (1/v1 - 1/v0)
	y := float64(v * (m1/v1 - m0/v0))
	m.size.learn(&g.x, y, v, 1-g.none, a.start)
	m.response.learn(&g.came)
}

// renew gives the airings that have no evidence yet what the regression expects of them now.
func (c *calendar) renew() {
	for i := range c.n {
		a := &c.events[i]
		if a.airing < 0 || c.air[a.airing].begun {
			continue
		}
		g := &c.air[a.airing]
		m := c.models[a.prior]
		g.x.fixed[covRecent] = m.size.last(&g.x, a.start)
		g.prior(m.size, a.starts(), &sizes)
	}
}

// starts is the number of places within its window at which an event may start.
func (a *announced) starts() int {
	if a.window < 0.5*narrowBin {
		return 1
	}
	return maxStarts
}

// approach makes airings of the events that may have an effect before nano. long is the long-run and now the present
// ordinary demand, per step of seconds.
func (c *calendar) approach(nano int64, long, now, seconds float64) {
	for i := 0; i < c.n && c.events[i].start-c.early < nano; i++ {
		a := &c.events[i]
		if a.airing >= 0 || a.start-a.early(c.models[a.prior]) >= nano {
			continue
		}
		for g := range c.air {
			if !c.air[g].used {
				a.airing = g
				c.begin(&c.air[g], a, long, now, seconds)
				break
			}
		}
	}
}

// begin sets up the airing of an event.
func (c *calendar) begin(g *airing, a *announced, long, now, seconds float64) {
	m := c.models[a.prior]
	*g = airing{used: true, x: a.x, long: m.response.long(a.length)}
	// Half a unit keeps a workload that idles from making every event a multiple of nothing.
	long = max(long, 0.05)
	g.scale = float64(float64(long*c.kinds[a.prior].Lift)*max(60, a.length)) / seconds
	g.x.fixed[covBase] = fp.Log((max(now, 0) + float64(0.1*long)) / float64(1.1*long))
	g.x.fixed[covRecent] = m.size.last(&g.x, a.start)
	g.prior(m.size, a.starts(), &sizes)
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
		a := &c.events[i]
		if m := c.models[a.prior]; a.start+a.late(m) >= from && a.start-a.early(m) < to {
			return true
		}
	}
	return false
}

func (c *calendar) fields(s *state.Codec) {
	s.Int64(&c.due)
	s.Int64(&c.late)
	s.Int64(&c.early)
	s.Len(c.most)
	some := false
	for i := range c.models {
		there := c.models[i] != nil
		s.Bool(&there)
		if there {
			c.room(i)
			c.models[i].fields(s)
		} else if s.Reading() {
			c.models[i] = nil
		}
		some = some || there
	}
	if s.Reading() && !some {
		// The snapshot is of a calendar without room: what was announced since it was written is forgotten.
		c.events, c.air = nil, nil
	}
	s.Int(&c.n)
	if c.n < 0 || c.n > len(c.events) {
		s.Fail(fmt.Errorf("snapshot has %d events where at most %d were wanted", c.n, len(c.events)))
		c.n = 0
		return
	}
	for i := range c.air {
		c.air[i].fields(s, &sizes)
	}
	for i := range c.n {
		a := &c.events[i]
		a.fields(s)
		if a.prior < 0 || a.prior >= len(c.kinds) || c.models[a.prior] == nil || a.airing < -1 || a.airing >= len(c.air) || a.airing >= 0 && !c.air[a.airing].used {
			s.Fail(fmt.Errorf("snapshot has an event of kind %d with airing %d, which do not exist", a.prior, a.airing))
			c.n = 0
			return
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
	a.x.fields(s)
	s.Int(&a.airing)
}

func (m *model) fields(s *state.Codec) {
	m.response.fields(s)
	m.size.fields(s)
	s.Float64(&m.typical)
	s.Float64(&m.seen)
}
