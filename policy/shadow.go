package policy

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy/compat"
)

// ShadowConfig sizes and prices a race of shadow policies. All fields must be set; package scaler checks them.
type ShadowConfig struct {
	Step    time.Duration
	Boot    int      // steps from an order to service, at least 1
	Lag     int      // steps by which demand becomes known later than at the end of its step
	Hold    int      // steps, the current one included, for which a band keeps its largest need
	Penalty float64  // price of unserved demand over price of a replica
	Change  float64  // price of a change of the count, replica-hours
	Limits  Limits   // Min, Max and Unit hold for every shadow
	Zero    bool     // fleets may go to zero, below Min; see Rest
	Calm    float64  // largest share of a fleet that is not worth releasing
	Pin     string   // name of the policy that decides whatever it costs, "" for the cheapest
	Exclude []string // families that may not lead

	Today *compat.Stepped // the rule that the operator runs today, nil for none; the shadows keep it
}

// Shadows are policies that run beside each other on the same demand, each with a fleet of its own. Demand does not depend
// on what is decided, so what each of them would have cost is known exactly afterwards, and the cheapest may decide.
//
// Time is counted in steps. In a step the caller first lets the shadows know of demand that has become known (Score), then
// lets them decide (Decide), any number of times: the newest decision of a step counts. A fleet is no more than the
// counts of the newest steps: replicas leave in the reverse order in which they came, so those that serve in a step are the
// fewest that were ordered in any step since those of a boot time ago. This is what Plant does, without its memory of
// what is on the way.
//
// Cost is replica-hours, plus Penalty times the demand that went unserved, in replica-hours, plus Change for every change
// of the count. It is forgotten exponentially. Per layer of replicas (layers.go) the one that has cost least within the memory
// of two weeks leads: Count adds up what the leaders want in their layers. The
// lead changes hands where the leader has cost leadShare and leadHours more than the cheapest, so that two of a kind do
// not take turns.
//
// Nothing is guaranteed against demand that knows the rule: no deterministic choice among N can be better than N times the
// best of them (Borodin, Linial and Saks 1992, on metrical task systems). What is promised, and tested, is Regret.
type Shadows struct {
	boot, lag       int
	penalty, change float64
	limits          Limits

	pin     int
	allowed [NumShadows]bool
	periods int     // growth periods of an HPA in a step
	hours   float64 // of a step
	keep    [numWindows]float64
	longer  float64 // what layers keep

	runs   [numRuns]run
	ring   int     // steps that fleets are remembered for
	counts []int32 // replicas ordered: for each run a ring by step, then one of what was ready of the own fleet
	leader [numLayers]int
	beside *beside

	begun  bool
	step   int64 // of the newest counts
	next   int64 // first step that has not been scored
	seen   int64 // newest known step as of the newest decision
	before int64 // the same as of the newest decision of an earlier step
}

// Regret is how much more than the best of the shadows in hindsight, as a share, the race costs at most on any trace known
// to us, with every trace played as a whole; TestRegret plays them.
const Regret = 0.05

const (
	// memory is the mean life of the costs that elect a leader, in hours. Bursts that come once a day or a week tell who
	// is good only over some of them; a workload that changes for good is followed within days all the same.
	memory = 336.
	// leadShare and leadHours are the share and the replica-hours by which a leader must have cost more before it loses
	// the lead. Either may be ten times as large without much effect.
	leadShare = 0.005
	leadHours = 0.2
	// wholeShare is the part of its whole cost that counts in every layer: a rule that is bad elsewhere is lucky here.
	wholeShare = 0.02
	// slack is by how many steps demand may become known later than expected and is still scored.
	slack = 2
)

// Behind the policies of the race run those that are only charged.
const (
	base = NumShadows + iota // the HPA at its defaults that no event ever raises
	own                      // the fleet that is really there
	numRuns

	served = numRuns // the ring behind theirs: how many of the own fleet served
)

// run is one policy in action.
type run struct {
	wanted int32 // what it wants now, before events and stale data raise it; scratch of Decide
	window peak
	layer  [numLayers]float64 // cost of the memory
	spent  [numWindows]float32
}

// NewShadows returns a race that has seen nothing. All memory is allocated here.
func NewShadows(cfg ShadowConfig) *Shadows {
	std := compat.DefaultHPAParams()
	s := &Shadows{boot: cfg.Boot, lag: cfg.Lag, penalty: cfg.Penalty, change: cfg.Change, limits: cfg.Limits, periods: std.Periods(cfg.Step)}
	s.hours = float64(cfg.Step) / float64(time.Hour)
	keep := func(life float64) float64 { return math.Max(0, 1-s.hours/life) } // a constant cost adds up to that of exactly such a time
	s.keep, s.longer = [numWindows]float64{keep(1), keep(24), keep(168)}, keep(memory)
	s.ring = cfg.Boot + cfg.Lag + slack + 1
	rings := numRuns + 1
	if cfg.Pin != "" || cfg.Today != nil {
		s.beside = &beside{rule: cfg.Today, hold: NewHold(cfg.Hold), calm: cfg.Calm, zero: cfg.Zero}
		rings += besideRings
	}
	s.Pin(FindShadow(cfg.Pin))
	s.counts = make([]int32, rings*s.ring)
	first := -1
	for i := range rivals {
		r := &rivals[i]
		s.allowed[i] = !slices.Contains(cfg.Exclude, r.family)
		if s.allowed[i] && first < 0 {
			first = i
		}
		span := int64(cfg.Hold) - 1
		if r.held {
			span = int64(heldTimes*cfg.Hold) - 1
		}
		if r.family == FamilyHPA {
			span = int64(r.window / cfg.Step)
		}
		s.runs[i].window = newPeak(span)
	}
	s.runs[base].window = newPeak(int64(std.Window / cfg.Step))
	for b := range s.leader {
		s.leader[b] = max(first, 0)
	}
	return s
}

// fleet returns the counts of a run: a ring by step.
func (s *Shadows) fleet(i int) []int32 { return s.counts[i*s.ring : (i+1)*s.ring] }

// Begun says whether Start was called.
func (s *Shadows) Begun() bool { return s.begun }

// Step returns the newest step.
func (s *Shadows) Step() int64 { return s.step }

// Start makes step k the newest one and gives every shadow a fleet of so many ready replicas; what was spent stays.
func (s *Shadows) Start(k int64, replicas int) {
	n := int32(min(replicas, maxReplicas))
	for i := range s.counts {
		s.counts[i] = n
	}
	for i := range s.runs {
		s.runs[i].window.forget()
	}
	s.begun, s.step, s.next = true, k, k
	if s.beside != nil {
		s.beside.start(k)
	}
	s.seen = k - s.Patience() - 2 // all that can still be scored is news
	s.before = s.seen
}

// Advance begins the next step: until they decide, all leave their fleets as they are.
func (s *Shadows) Advance() {
	from := s.slot(s.step)
	s.step++
	to := s.slot(s.step)
	for i := range len(s.counts) / s.ring {
		fleet := s.fleet(i)
		fleet[to] = fleet[from]
	}
	s.before = s.seen
}

// slot is the place of step k in the rings.
func (s *Shadows) slot(k int64) int {
	w := int64(s.ring)
	return int((k%w + w) % w)
}

// elect lets the lead of a layer change hands.
func (s *Shadows) elect() {
	var whole [NumShadows]float64
	for i := range whole {
		whole[i] = float64(wholeShare * s.runs[i].whole())
	}
	for b := range numLayers {
		best, least := s.leader[b], math.Inf(1)
		for i := range whole {
			if c := s.runs[i].layer[b] + whole[i]; s.allowed[i] && c < least {
				best, least = i, c
			}
		}
		l := s.leader[b]
		if s.runs[l].layer[b]+whole[l] > float64((1+leadShare)*least)+leadHours {
			s.leader[b] = best
		}
	}
}

// Sight is what the shadows decide on.
type Sight struct {
	Full, Half Band    // newsvendor bands at the step in which an order serves, for the penalty and for half of it
	Event      Band    // of announced events; zero without one. It raises every shadow: it would, if that one decided
	Known      int64   // newest step whose demand is known
	Demand     float64 // in that step; NaN for a hole
	Capacity   float64 // demand that one replica carries
	Stale      bool    // what is known is too old to release anything
	Held       Held    // bounds that hold for a while

	Start  time.Time // of the newest step, where the operator's clock shows it
	Values []float64 // what the rule of today measures in step Known, for each of its metrics; Decide may write to it
}

// Decide lets every shadow decide in the newest step; asked again in the same step, it decides anew.
func (s *Shadows) Decide(v *Sight) {
	at, before := s.slot(s.step), s.slot(s.step-1)
	s.seen = v.Known
	// What was known at the last step already says nothing new: then a rule on measurements leaves its fleet alone.
	fresh := v.Known > s.before && v.Demand >= 0
	for i := range rivals {
		r, rule, fleet := &s.runs[i], &rivals[i], s.fleet(i)
		ordered := int(fleet[before])
		n := ordered
		if rule.family == FamilyBand {
			n = rule.clamp(v, ordered)
			n = r.window.raise(s.step, n)
		} else if fresh {
			p := rule.params()
			n = s.react(r, &p, v, ordered)
		}
		r.wanted = s.bound(n, s.limits.Min)
		fleet[at] = s.raise(v, n, ordered)
	}
	if fresh {
		p := compat.DefaultHPAParams()
		fleet := s.fleet(base)
		ordered := int(fleet[before])
		fleet[at] = s.whole(v, s.react(&s.runs[base], &p, v, ordered), ordered)
	}
	if s.beside != nil {
		s.beside.follow(s, v)
		s.beside.lead(s, v)
	}
}

// Rest empties the fleets of the race in the newest step, which an idle engine has decided on; the HPA keeps its last
// replica, as it does by default, and the rule of today does as it likes.
func (s *Shadows) Rest() {
	at := s.slot(s.step)
	for i := range NumShadows {
		s.fleet(i)[at] = 0
	}
	if s.beside != nil {
		s.fleet(raceRing)[at] = 0
	}
}

// clamp is the need of a band.
func (r *rival) clamp(v *Sight, ordered int) int {
	b := v.Full
	if r.half {
		b = v.Half
	}
	if !r.wide {
		b.High = b.Low
	}
	return b.Clamp(ordered)
}

// react is the answer of an HPA.
func (s *Shadows) react(r *run, p *compat.HPAParams, v *Sight, ordered int) int {
	n := min(p.Propose(v.Demand, v.Capacity, ordered), maxReplicas)
	return p.Limit(ordered, r.window.raise(s.step, n), s.periods)
}

// raise returns what a fleet of the race is given that wants n: announced events and stale data raise it.
func (s *Shadows) raise(v *Sight, n, ordered int) int32 {
	n = max(n, v.Event.Clamp(ordered))
	if v.Stale {
		n = max(n, ordered)
	}
	return s.whole(v, n, ordered)
}

// whole returns what a fleet is given that goes by whole units and by the bounds of the hour.
func (s *Shadows) whole(v *Sight, n, ordered int) int32 {
	return s.bound(v.hold(s.limits.Unit.Up(n), ordered), s.limits.Min)
}

// hold keeps a count within the bounds that hold for a while.
func (v *Sight) hold(n, ordered int) int {
	n = max(n, v.Held.Min)
	if most := v.Held.Max; most > 0 {
		if v.Stale {
			most = max(most, ordered)
		}
		n = min(n, most)
	}
	return n
}

// bound keeps a count within what the operator allows at any time.
func (s *Shadows) bound(n, least int) int32 {
	return int32(min(max(n, least), cmp.Or(s.limits.Max, maxReplicas)))
}

// Found notes how many replicas the fleet that is really there turned out to have ordered in the newest step; Record has
// noted what was asked for.
func (s *Shadows) Found(ordered int) {
	s.fleet(own)[s.slot(s.step)] = int32(min(ordered, maxReplicas))
}

// Record notes what the fleet that is really there has in the newest step: the replicas that are to be ordered from now on
// and those that serve. What is released serves no more, as in every other fleet.
func (s *Shadows) Record(ordered, ready int) {
	ready = min(ready, ordered)
	at := s.slot(s.step)
	s.fleet(own)[at], s.fleet(served)[at] = int32(min(ordered, maxReplicas)), int32(min(ready, maxReplicas))
}

// Count returns the replicas that the leaders want in their layers, or that the pinned policy wants, as of the newest Decide.
// Announced events and stale data have not raised it: they raise the sum of the layers, not each of them.
func (s *Shadows) Count() int {
	if s.pin >= 0 {
		return int(s.run(s.pin).wanted)
	}
	return s.raced()
}

// raced is Count with no policy pinned.
func (s *Shadows) raced() int {
	n := 0
	for b, l := range s.leader {
		n += within(int(s.runs[l].wanted), b)
	}
	return n
}

// run returns a policy in action, 0 <= i <= Today.
func (s *Shadows) run(i int) *run {
	if i == Today {
		return &s.beside.today
	}
	return &s.runs[i]
}

// Leader returns the policy that leads in the layer of the n-th replica, pinned or not.
func (s *Shadows) Leader(n int) int { return s.leader[layerOf(n)] }

// LayerLeader returns the policy that leads in a layer, 0 <= b < NumLayers, pinned or not.
func (s *Shadows) LayerLeader(b int) int { return s.leader[b] }

// Ends returns the policies that decide on one replica more and on one less than Count, and how many each of them has in
// mind for the whole fleet. Mostly both are that of the layer of the last replica; but a layer may have replicas while
// one below it is not full, and then the leaders of these two.
func (s *Shadows) Ends() (more, moreAt, less, lessAt int) {
	if s.pin >= 0 {
		n := int(s.run(s.pin).wanted)
		return s.pin, n, s.pin, n
	}
	more, less = -1, s.leader[0]
	lessAt = int(s.runs[less].wanted)
	for b, l := range s.leader {
		n := int(s.runs[l].wanted)
		if n > layers[b] {
			less, lessAt = l, n
		}
		if more < 0 && n < layers[b+1] {
			more, moreAt = l, max(n, layers[b])
		}
	}
	if more < 0 {
		more, moreAt = s.leader[numLayers-1], layers[numLayers]
	}
	return more, moreAt, less, lessAt
}

// Leads says whether a policy of the race leads in any layer, pinned or not.
func (s *Shadows) Leads(i int) bool { return slices.Contains(s.leader[:], i) }

var errShadow = errors.New("snapshot holds shadows that cannot be")

// State walks the memory for snapshots.
func (s *Shadows) State(c *state.Codec) {
	for i := range s.runs {
		s.runs[i].fields(c)
	}
	c.Int32s(s.counts)
	for _, n := range s.counts {
		if c.Reading() && (n < 0 || n > maxReplicas) {
			c.Fail(errShadow)
		}
	}
	for b := range s.leader {
		l := byte(s.leader[b])
		c.Byte(&l)
		s.leader[b] = int(l)
		if s.leader[b] >= NumShadows {
			c.Fail(errShadow)
			s.leader[b] = 0
		}
	}
	pin := byte(s.pin + 1)
	c.Byte(&pin)
	if s.pin = int(pin) - 1; s.pin > Today || s.pin == Today && !s.HasToday() {
		c.Fail(errShadow)
		s.pin = -1
	}
	if s.beside != nil {
		s.beside.fields(c)
	}
	c.Bool(&s.begun)
	for _, k := range []*int64{&s.step, &s.next, &s.seen, &s.before} {
		c.Int64(k)
		if c.Reading() && (*k < -maxStep || *k > maxStep) {
			c.Fail(errShadow)
			*k = 0
		}
	}
}

func (r *run) fields(c *state.Codec) {
	r.window.fields(c)
	for b := range r.layer {
		c.Float64(&r.layer[b])
	}
	for i := range r.spent {
		c.Float32(&r.spent[i])
	}
}
