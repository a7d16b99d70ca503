package scaler

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// Costs are what policies have cost over the last hour, day and week, in replica-hours: replicas ordered, plus the penalty
// times what went unserved, plus Config.Change for each change of the count. They are known up to the newest closed step.
type Costs struct {
	Own    policy.Spent // the fleet as it is, whoever steers it
	Leader policy.Spent // Decision.Leader, had it decided from the beginning
	HPA    policy.Spent // the Kubernetes rule at its defaults on measured demand, which no event raises
	Pinned policy.Spent // the pinned policy; zero if there is none

	// The rule of Config.Today, and the fleet that the engine would steer with no policy pinned, advice or not; zero
	// without it. Unpinned is there beside a Config.Policy, too.
	Today, Unpinned policy.Spent
}

// Shadow is a policy of the race and what it has cost.
type Shadow struct {
	Name   string // as Config.Policy takes it
	Family string // as Config.Exclude takes it
	Leads  bool   // in some layer of replicas
	Spent  policy.Spent
}

// Shadows appends every policy of the race to dst, in the order of their table, and behind them the rule of today if there is one.
func (e *Engine) Shadows(dst []Shadow) []Shadow {
	n := policy.NumShadows
	if e.shadows.HasToday() {
		n = policy.Today + 1
	}
	for i := range n {
		dst = append(dst, Shadow{policy.Shadow(i), policy.ShadowFamily(i), e.shadows.Leads(i), e.shadows.Spent(i)})
	}
	return dst
}

// Lead says who decides on some of the replicas of a Decision: each layer of a fleet is led by those that are cheapest in it.
type Lead struct {
	From   int    `json:"from"` // the first of them, counted from 1
	To     int    `json:"to"`
	Policy string `json:"policy"` // see policy.Shadow
}

// Leaders appends to dst who leads in the layers of the replicas of Advised, from the first to the last; layers with the same
// leader are one. There is none where a policy is pinned and before the first sample. Leader is the one that the
// count at hand turns on: mostly the last of them.
func (d *Decision) Leaders(dst []Lead) []Lead {
	from, first := 1, len(dst)
	for b, l := range d.grounds.leads {
		to := min(d.Advised, policy.LayerEnd(b))
		switch {
		case l < 0 || to < from || d.Leader == "":
		case len(dst) > first && dst[len(dst)-1].Policy == policy.Shadow(int(l)):
			dst[len(dst)-1].To = to
		default:
			dst = append(dst, Lead{from, to, policy.Shadow(int(l))})
		}
		from = to + 1
	}
	return dst
}

// maxCatchUp is how many steps without a decision the shadows live through; beyond that they begin anew with the fleet
// that is there.
const maxCatchUp = 256

// clock returns the series whose steps the shadows count in: the first that has begun, nil if none has.
func (e *Engine) clock() *forecast.Series {
	for i := range e.signals {
		series := e.signals[i].forecast.Series()
		if _, ok := series.Newest(); ok {
			return series
		}
	}
	return nil
}

// settle brings the shadows to the step of now and charges them for every step whose demand has become known.
func (e *Engine) settle(now time.Time, ordered int) {
	clock := e.clock()
	if clock == nil {
		return
	}
	s := e.shadows
	k := clock.Index(now)
	if !s.Begun() || k < s.Step() || k > s.Step()+maxCatchUp {
		s.Start(k, ordered)
		return
	}
	if k > s.Step() {
		s.Found(ordered)
	}
	// A step that stays unknown is charged as a hole when the shadows are about to forget it. Where samples come later than
	// that, it is not charged at all: a race in which nothing ever goes unserved is won by whoever serves least.
	seen := e.known(clock, now)
	known := max(seen, k-1-e.shadows.Patience())
	late := e.late() > 0
	for {
		for j := s.Next(); j <= min(known, s.Step()-1); j = s.Next() {
			if late && j > seen {
				s.Skip()
				continue
			}
			z, _, _ := e.replicas(clock, j)
			s.Score(z)
		}
		if s.Step() >= k {
			return
		}
		s.Advance()
	}
}

// known returns the newest step that every signal has closed, those left out that are stale.
func (e *Engine) known(clock *forecast.Series, now time.Time) int64 {
	known := clock.Last()
	for i := range e.signals {
		series := e.signals[i].forecast.Series()
		if series == clock {
			continue
		}
		if newest, ok := series.NewestNumber(); ok && now.Sub(newest) <= e.allowed(i) {
			known = min(known, clock.Index(time.Unix(0, e.middle(series, series.Last()))))
		}
	}
	return known
}

// late returns the most steps by which samples of a signal regularly come late.
func (e *Engine) late() uint8 {
	var most uint8
	for i := range e.signals {
		most = max(most, e.signals[i].lateness.late())
	}
	return most
}

// middle returns the middle of a step of a series in unix nanoseconds.
func (e *Engine) middle(s *forecast.Series, k int64) int64 { return s.Start(k) + int64(e.cfg.Step)/2 }

// replicas returns the demand in step k of the clock, in replicas of the signal that needs most, and as that signal has
// it with the capacity of a replica. It is NaN where no signal has a value.
func (e *Engine) replicas(clock *forecast.Series, k int64) (z, demand, capacity float64) {
	z, demand, capacity = math.NaN(), math.NaN(), e.signals[0].capacity
	at := time.Unix(0, e.middle(clock, k))
	for i := range e.signals {
		s := &e.signals[i]
		series, step := s.forecast.Series(), k
		if series != clock {
			step = series.Index(at)
		}
		if v, _ := series.At(step); v >= 0 && !(v/s.capacity <= z) {
			z, demand, capacity = v/s.capacity, v, s.capacity
		}
	}
	return z, demand, capacity
}

// follow lets the shadows decide on what is in sight and returns what the leaders have.
func (e *Engine) follow(v *policy.Sight, now time.Time) int {
	clock := e.clock()
	v.Known = e.known(clock, now)
	_, v.Demand, v.Capacity = e.replicas(clock, v.Known)
	v.Held = e.guard.held
	if e.shadows.HasToday() {
		e.measure(v, now)
	}
	e.shadows.Decide(v)
	return e.shadows.Count()
}

// account fills in who leads and what that has cost.
func (e *Engine) account(d *Decision) {
	if !e.shadows.Begun() {
		return
	}
	leader := e.shadows.Leader(d.Advised)
	if e.shadows.Pinned() < 0 && d.Advised == e.shadows.Count() {
		_, _, leader, _ = e.shadows.Ends()
	}
	d.Leader = policy.Shadow(leader)
	d.Costs.Own, d.Costs.Leader, d.Costs.HPA = e.shadows.SpentOwn(), e.shadows.Spent(leader), e.shadows.SpentHPA()
	if pin := e.shadows.Pinned(); pin >= 0 {
		d.Costs.Pinned = e.shadows.Spent(pin)
	}
	if e.shadows.HasToday() {
		d.Costs.Today = e.shadows.Spent(policy.Today)
	}
	d.Costs.Unpinned = e.shadows.SpentRace()
	d.Unpinned, _ = e.shadows.Raced()
}
