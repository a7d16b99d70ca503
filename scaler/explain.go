package scaler

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// ExpertShare is the part of one expert in a forecast.
type ExpertShare struct {
	Expert forecast.Expert `json:"expert"`
	Weight float32         `json:"weight"` // 0..1
}

// Explanation is a decision in three sentences, for somebody who was woken by it. Demand is in the unit of its signal with
// at most three digits, times are times of day in the zone of Decision.Time.
type Explanation struct {
	What   string `json:"what"`   // the count that is there, the one that is wanted, and when it serves
	Why    string `json:"why"`    // the rule that decided, demand against capacity, and what that is worth
	Unless string `json:"unless"` // what would change it

	// Sizes says what becomes of the nodes, and why in money; "" where no sizes are chosen.
	Sizes string `json:"sizes,omitempty"`
}

// String returns the sentences, each on its line.
func (x Explanation) String() string {
	s := x.What + "\n" + x.Why + "\n" + x.Unless
	if x.Sizes != "" {
		s += "\n" + x.Sizes
	}
	return s
}

// grounds are what an explanation needs to know of the engine.
type grounds struct {
	step, hold    time.Duration
	release, calm float64
	last          int64 // unix nanoseconds of the decision that a clock which was set back lies behind
	min, max      int32
	up, down      int8                   // shadow policies that decide on one replica more and on one less; -1 before the first sample
	upAt, downAt  int32                  // the counts that they have in mind
	leads         [policy.NumLayers]int8 // who leads in each layer, -1 where a policy is pinned and before the first sample
	cause         cause
}

// Explain says what was decided, why, and what would change it. It allocates, so that Recommend need not.
func (d *Decision) Explain() Explanation {
	t := newTeller(d)
	return Explanation{t.what(), t.why(), t.unless(), t.sizes()}
}

// decider returns the rule that had the last word on Advised, and the count before it.
func (d *Decision) decider() (policy.Rule, int) {
	steps := d.Steps()
	if len(steps) > 0 && (steps[0].Rule == policy.RuleClock || steps[0].Rule == policy.RuleNoData) {
		return steps[0].Rule, steps[0].Before // limits that follow do not explain anything
	}
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].Rule != policy.RuleAdvice {
			return steps[i].Rule, steps[i].Before
		}
	}
	return policy.RuleNone, d.Advised
}

// More returns the demand above which one replica more than Advised would be wanted, and false where none would at any
// demand: before the first sample, at the maximum, or while a clock is wrong. An announced event may want one earlier.
func (d *Decision) More() (policy.Turn, bool) {
	var c policy.Curve
	if d.grounds.up < 0 || d.Advised >= int(d.grounds.max) || !c.Set(forecast.Levels[:], d.Demand[:], d.Capacity) {
		return policy.Turn{}, false
	}
	turn := policy.TurnUp(int(d.grounds.up), &c, d.Capacity, d.Penalty, d.grounds.release, int(d.grounds.upAt))
	return turn, turn.Demand > 0 && !math.IsInf(turn.Demand, 1)
}

// Less returns the demand below which a replica of Advised would be released, how many would remain, and false where none
// would at any demand. A policy looks back before it releases, and so must demand have been lower for a while.
func (d *Decision) Less() (turn policy.Turn, remain int, ok bool) {
	remain = policy.Unit(d.grounds.cause.unit).Down(d.Advised - 1)
	for remain > 0 && policy.Calm(remain, d.grounds.calm).Holds(d.Advised) {
		remain--
	}
	var c policy.Curve
	to := int(d.grounds.downAt) - (d.Advised - remain)
	if d.grounds.down < 0 || to < 1 || remain < 1 || remain < int(d.grounds.min) || !c.Set(forecast.Levels[:], d.Demand[:], d.Capacity) {
		return policy.Turn{}, 0, false
	}
	turn = policy.TurnDown(int(d.grounds.down), &c, d.Capacity, d.Penalty, d.grounds.release, int(d.grounds.downAt), to)
	return turn, remain, turn.Demand > 0 && !math.IsInf(turn.Demand, 1)
}

// note fills in what an explanation of d will need.
func (e *Engine) note(d *Decision) {
	d.grounds = grounds{
		step: e.cfg.Step.Std(), hold: time.Duration(max(1, e.cfg.steps(e.cfg.Hold))) * e.cfg.Step.Std(),
		release: e.cfg.Release, calm: e.cfg.Calm, last: e.last, min: int32(e.limits.Min), max: int32(e.limits.Max), up: -1, down: -1,
		leads: [policy.NumLayers]int8{-1, -1, -1, -1},
	}
	if e.shadows.Begun() && e.shadows.Pinned() < 0 {
		for b := range d.grounds.leads {
			d.grounds.leads[b] = int8(e.shadows.LayerLeader(b))
		}
	}
	rule, _ := d.decider()
	if rule == policy.RuleClock {
		return
	}
	e.explain(d, rule)
	if e.shadows.Begun() {
		g := &d.grounds
		up, upAt, down, downAt := e.shadows.Ends()
		if d.Advised != e.shadows.Count() && e.shadows.Pinned() < 0 { // something else has decided; they would come next
			up, down = e.shadows.Leader(d.Advised+1), e.shadows.Leader(d.Advised)
		}
		if d.Advised != e.shadows.Count() {
			upAt, downAt = d.Advised, d.Advised
		}
		g.up, g.upAt, g.down, g.downAt = int8(up), int32(upAt), int8(down), int32(downAt)
	}
	if rule == policy.RuleHold {
		until := e.hold.Until(d.Advised) * int64(e.cfg.Step)
		d.Held = time.Duration(max(0, until-d.Time.UnixNano()))
	}
	for i := range e.signals {
		if e.signals[i].name == d.Signal && e.signals[i].forecast.Ready() {
			e.weigh(d, &e.signals[i])
		}
	}
	for i := range e.signals {
		if !d.Event || d.Next.ID != "" {
			break
		}
		reach := d.Time.Add(max(e.leads[len(e.leads)-1], d.Lead))
		d.Next, _ = e.signals[i].forecast.Upcoming(d.Time, reach, d.Time.Add(d.Lead))
	}
}

// weigh names the experts with the largest weights in the forecast of the signal that decides.
func (e *Engine) weigh(d *Decision, s *signal) {
	var top [len(d.Experts)]forecast.Weight
	for i := range s.forecast.Heaviest(top[:], e.cfg.lead()) {
		d.Experts[i] = ExpertShare{top[i].Expert, float32(top[i].Weight)}
	}
}
