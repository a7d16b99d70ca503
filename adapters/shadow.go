package adapters

import (
	"time"

	"github.com/headroom-go/headroom/adapters/internal/booting"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Comparison is what two fleets have cost on the same demand since the Runner began: the one that is there, which somebody
// else scales, and the one that the Runner keeps in shadow mode.
//
// It is an account of what was measured, once for each step of the engine: the first tick in a step says what the fleets
// are in it. Demand is that of the signal that a decision turns on. A step whose demand is not known, or not before
// decisions have gone on to a later one, is paid for by both and judged for neither. Boot times of the Runner's fleet are
// those that the actuator reports when it begins, or as configured; that of the other one is real. What the engine expects
// of other policies, and of a rule in scaler.Config.Today, stands in Decision.Costs.
type Comparison struct {
	Since, Until time.Time // the steps that have been accounted begin here, and end here
	Steps        int       // that have been accounted
	Unknown      int       // of these, without demand
	There, Own   Account
}

// Saving returns what the Runner's fleet has saved beside the one that is there, in replica-hours; negative if it was dearer.
func (c *Comparison) Saving() float64 { return c.There.Cost - c.Own.Cost }

// Account is what one fleet has cost.
type Account struct {
	Replicas float64 // replica-hours, ordered and paid for
	Unserved float64 // demand that no replica was ready for, in replica-hours
	Changes  int     // of the ordered count
	Cost     float64 // replica-hours: Replicas + Penalty * Unserved + Change * Changes, as in scaler.Config
}

// shadow is the fleet that a Runner keeps in shadow mode, and the accounts.
type shadow struct {
	fleet   *booting.Fleet
	step    time.Duration
	penalty float64
	change  float64 // price of one

	pending []pair // steps whose demand is not known yet, oldest first
	last    pair   // the newest that was accounted
	sum     Comparison
}

// pair is what both fleets are in one step.
type pair struct {
	start      time.Time
	there, own policy.Fleet
}

// maxPending is how many steps an account waits for a demand; after a day of minutes nobody brings it any more.
const maxPending = 1440

// own returns the fleet of the shadow at time now. It begins as the one that is there.
func (r *Runner) own(now time.Time, there policy.Fleet) policy.Fleet {
	if r.shadow == nil {
		cfg := r.cfg.Engine.Config()
		boot := cfg.Boot.Std()
		if there.Boot > 0 {
			boot = there.Boot
		}
		fleet := booting.New(cfg.Step.Std(), boot, there.Ready, 0)
		fleet.Order(there.Ordered())
		r.shadow = &shadow{fleet: fleet, step: cfg.Step.Std(), penalty: cfg.Penalty, change: cfg.Change}
	}
	r.shadow.fleet.Advance(now)
	own := r.shadow.fleet.Observe()
	own.Size = there.Size
	return own
}

// play carries out d in the shadow's fleet and brings the accounts up to what is known.
func (s *shadow) play(d *scaler.Decision, there policy.Fleet) Comparison {
	s.fleet.Order(d.Replicas)
	start := d.Time.Truncate(s.step)
	newest := s.last.start
	if n := len(s.pending); n > 0 {
		newest = s.pending[n-1].start
	}
	if start.After(newest) {
		s.pending = append(s.pending, pair{start, there, s.fleet.Observe()})
	}
	if known := s.known(d); d.Observed >= 0 { // not NaN
		for len(s.pending) > 0 && s.pending[0].start.Before(known) {
			s.charge(-1)
		}
		if len(s.pending) > 0 && s.pending[0].start.Equal(known) {
			s.charge(d.Observed / d.Capacity)
		}
	}
	if len(s.pending) > maxPending {
		s.charge(-1)
	}
	return s.sum
}

// known returns the start of the newest step that was over at the time of d, as far as there are samples.
func (s *shadow) known(d *scaler.Decision) time.Time {
	start := d.Time.Add(-d.Age).Truncate(s.step)
	if start.Add(s.step).After(d.Time) {
		start = start.Add(-s.step)
	}
	return start
}

// charge accounts the oldest step that is pending, in which demand was so many replicas' worth; below 0: nobody knows.
func (s *shadow) charge(demand float64) {
	p := s.pending[0]
	s.pending = s.pending[1:]
	if s.sum.Steps == 0 {
		s.sum.Since, s.last = p.start, p
	}
	s.sum.Steps++
	s.sum.Until = p.start.Add(s.step)
	if demand < 0 {
		s.sum.Unknown++
	}
	s.book(&s.sum.There, s.last.there, p.there, demand)
	s.book(&s.sum.Own, s.last.own, p.own, demand)
	s.last = p
}

func (s *shadow) book(a *Account, before, now policy.Fleet, demand float64) {
	hours := s.step.Hours()
	a.Replicas += float64(now.Ordered()) * hours
	a.Unserved += max(0, demand-float64(now.Ready)) * hours
	if now.Ordered() != before.Ordered() {
		a.Changes++
	}
	a.Cost = a.Replicas + s.penalty*a.Unserved + s.change*float64(a.Changes)
}
