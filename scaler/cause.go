package scaler

import (
	"time"

	"github.com/headroom-go/headroom/policy"
)

// cause is what the sentences about the guard need to know of it: the facts of the rule that had the last word, apart from
// unit and freeze, which others mention too.
type cause struct {
	unit                 int32 // replicas that come and go together
	zones                int32
	zeroBelow            float64       // demand below which all are released; 0: never
	zeroAfter            time.Duration // once it has been for so long
	freezeUp, freezeDown int64         // unix nanoseconds until which nothing is ordered or released; 0: not frozen
	windowMax            bool          // grounds.max is that of a window

	signal       string        // that is missing
	missing, all int32         // signals
	age          time.Duration // of the newest sample of signal, negative if it lies ahead
	never        bool          // signal has had none
	doubted, by  string        // the signal whose fall is doubted, and that which denies it; "" where the forecast does
	value, other float64       // the newest of doubted and of by
	low          float64       // what was held too little
	count        int32         // of the fallback, of the reversals
	since        int64         // unix nanoseconds: of the idling
	until        int64         // unix nanoseconds: of the fallback to come, the doubt, the window, the pause, the budget's next release; 0 for none
	span         time.Duration
	both         bool // a fleet that is not measured neither grows nor shrinks
}

// explain fills in the cause of a decision.
func (e *Engine) explain(d *Decision, rule policy.Rule) {
	g, c := &e.guard, &d.grounds.cause
	now := d.Time.UnixNano()
	c.unit, c.zones = int32(max(1, int(g.unit))), int32(max(1, e.cfg.Zones))
	c.zeroBelow, c.zeroAfter = float64(g.idle.Below*d.Capacity), g.idle.After
	c.freezeUp, c.freezeDown = g.frozen(d, g.held.FreezeUp, policy.SaysFreezeUp), g.frozen(d, g.held.FreezeDown, policy.SaysFreezeDown)
	if least := min(g.held.Min, e.limits.Max); least > e.limits.Min {
		d.grounds.min = int32(least)
	}
	if g.held.Max > 0 && g.held.Max < e.limits.Max {
		d.grounds.max, c.windowMax = int32(g.held.Max), true
	}
	if d.Stale {
		e.missing(d)
	}
	switch rule {
	case policy.RuleStale, policy.RuleFallback:
		c.count, c.both = int32(g.held.Fallback), g.fallback.HoldUp
		if c.count == 0 {
			c.count = int32(g.count)
		}
		if c.count > 0 {
			c.span, c.until = g.fallback.After, g.fallback.Since()+int64(g.fallback.After)
		}
	case policy.RuleDoubt:
		if denial, ok := g.doubt.Denial(now, g.readings); ok {
			s := &e.signals[denial.Signal]
			c.doubted, c.value, c.low = s.name, float64(g.readings[denial.Signal].Value*s.capacity), float64(denial.Low*s.capacity)
			c.until, c.all = denial.Until, int32(len(e.signals))
			if denial.By >= 0 {
				s = &e.signals[denial.By]
				c.by, c.other = s.name, float64(g.readings[denial.By].Value*s.capacity)
			}
		}
	case policy.RuleFlap:
		_, c.until = g.flap.Within(now)
		c.count = int32(g.flap.Budget())
	case policy.RuleZero:
		c.since = g.idle.Since()
	case policy.RuleWindowMin:
		c.until = ends(policy.Until(g.windows, d.Time, d.Lead, policy.SaysMin))
	case policy.RuleWindowMax:
		c.until = ends(policy.Until(g.windows, d.Time, d.Lead, policy.SaysMax))
	case policy.RulePause:
		c.until = g.until
	}
}

// frozen returns until when a direction is frozen, 0 if it is not.
func (g *guard) frozen(d *Decision, is bool, way policy.Saying) int64 {
	if !is {
		return 0
	}
	return ends(policy.Until(g.windows, d.Time, d.Lead, way))
}

// ends is a time in unix nanoseconds, 0 for the zero time.
func ends(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// missing names the signal whose newest sample is oldest, one that never had any before all others.
func (e *Engine) missing(d *Decision) {
	c := &d.grounds.cause
	c.missing, c.all = int32(e.guard.blind), int32(len(e.signals))
	for i := range e.signals {
		if e.guard.readings[i].Fresh {
			continue
		}
		newest, ok := e.signals[i].forecast.Series().NewestNumber()
		age := d.Time.Sub(newest)
		if c.signal == "" || !c.never && (!ok || age > c.age) {
			c.signal, c.never, c.age = e.signals[i].name, !ok, age
		}
	}
}
