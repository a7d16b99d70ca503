package policy

import (
	"math"

	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy/compat"
)

// The rule that runs today never leads unless it is pinned. Its books are those of the rule alone: announced events and stale
// data, which raise whoever leads, do not raise its fleet, or nobody could say what it costs today. And a rule that was let
// into the race gained nothing on most traces, and lost a tenth where whole nights have no samples (docs/decisions).

// beside is what runs beside the race where it is compared with something: where the operator has said what rule runs
// today, or pins a policy. Elsewhere there is none.
type beside struct {
	rule  *compat.Stepped // that of today; nil if only a policy is pinned
	asked int64           // the step in which it was asked last
	shown int64           // the newest step whose demand it was shown

	today run
	race  run // the fleet that the leaders would steer if nothing were pinned
	hold  Hold
	calm  float64
	zero  bool // fleets may go to zero
}

// The rings of fleets behind that of what served.
const (
	todayRing = served + 1 + iota
	raceRing
	besideRings = 2
)

// follow lets the rule of today decide. It is asked once a step, and again when more has become known in it; what it was
// shown before is missing then. It does not know of announced events.
func (b *beside) follow(s *Shadows, v *Sight) {
	if b.rule == nil || b.asked == s.step && v.Known <= b.shown {
		return
	}
	if v.Known <= b.shown {
		for i := range v.Values {
			v.Values[i] = math.NaN()
		}
	}
	b.asked, b.shown = s.step, v.Known
	fleet, at := s.fleet(todayRing), s.slot(s.step)
	ordered, ready := int(fleet[at]), s.serving(fleet, at)
	n := min(b.rule.Decide(v.Start, v.Values, compat.Fleet{Ready: ready, Starting: ordered - ready}), maxReplicas)
	least := s.limits.Min
	if b.zero && n == 0 {
		least = 0
	}
	b.today.wanted = s.bound(n, least)
	fleet[at] = s.bound(v.hold(s.limits.Unit.Up(int(b.today.wanted)), ordered), least)
}

// lead moves the fleet of the race as the engine would if nothing else came between.
func (b *beside) lead(s *Shadows, v *Sight) {
	fleet := s.fleet(raceRing)
	ordered, wanted := int(fleet[s.slot(s.step-1)]), s.raced()
	n := wanted
	if Calm(wanted, b.calm).Holds(ordered) {
		n = ordered
	}
	order := 0
	if n > ordered {
		order = n
	}
	n = max(n, min(b.hold.Raise(s.step, order), ordered))
	b.race.wanted = int32(n)
	fleet[s.slot(s.step)] = s.raise(v, n, ordered)
}

// start gives both fleets so many replicas.
func (b *beside) start(k int64) {
	b.asked, b.shown = k-1, k-1-maxStep
	b.hold.Forget()
	if b.rule != nil {
		b.rule.Reset()
	}
}

// Pin makes a policy decide whatever it costs, from the next decision on; -1 gives the decision back to the cheapest, and
// so does Today where no such rule is configured.
func (s *Shadows) Pin(i int) {
	if i == Today && (s.beside == nil || s.beside.rule == nil) {
		i = -1
	}
	s.pin = i
}

// Pinned returns the policy that decides whatever it costs, -1 for none.
func (s *Shadows) Pinned() int { return s.pin }

// Raced returns how many replicas the fleet has that the race alone would steer, and false where nobody has asked for one.
func (s *Shadows) Raced() (int, bool) {
	if s.beside == nil {
		return 0, false
	}
	return int(s.fleet(raceRing)[s.slot(s.step)]), true
}

// SpentRace returns what the fleet has cost that the race alone would steer; zero where nobody has asked for one.
func (s *Shadows) SpentRace() Spent {
	if s.beside == nil {
		return Spent{}
	}
	return s.beside.race.bill()
}

// HasToday says whether there is a rule of today.
func (s *Shadows) HasToday() bool { return s.beside != nil && s.beside.rule != nil }

func (b *beside) fields(c *state.Codec) {
	if b.rule != nil {
		b.rule.State(c)
	}
	b.today.fields(c)
	b.race.fields(c)
	b.hold.State(c)
	for _, k := range []*int64{&b.asked, &b.shown} {
		c.Int64(k)
		if c.Reading() && (*k < -4*maxStep || *k > maxStep) {
			c.Fail(errShadow)
			*k = 0
		}
	}
	for _, n := range []*int32{&b.today.wanted, &b.race.wanted} {
		u := int64(*n)
		c.Int64(&u)
		if c.Reading() && (u < 0 || u > maxReplicas) {
			c.Fail(errShadow)
			u = 0
		}
		*n = int32(u)
	}
}
