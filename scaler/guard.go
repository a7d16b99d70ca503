package scaler

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
)

// Guard says what the engine may do when it should not trust what it sees. Its zero value holds the fleet through a hole:
// nothing is released without a fresh sample of every signal, and everything may be ordered.
type Guard struct {
	// Stale is the way in which a fleet is held while a sample is missing: "down" or "both" ["down"].
	Stale string `json:"stale,omitempty"`
	// Late is how much later than MaxAge samples may come and still be fresh, if they do so time and again, in whole steps,
	// up to 24h [10 steps]. What comes later, and what stops coming, is stale. 1ns takes MaxAge literally.
	Late Duration `json:"late,omitempty"`
	// Fallback is the count of a fleet that has not been measured for FallbackAfter [0: none, it is held for ever]. While
	// some signals are alive their need may ask for more, and an announced event keeps it from lowering anything.
	Fallback int `json:"fallback,omitempty"`
	// FallbackAfter is how long a signal must be missing, up to 30 days [10m].
	FallbackAfter Duration `json:"fallback_after,omitempty"`
	// FallbackMay is the way in which the fallback may move the fleet: "up", "down" or "both" ["both"].
	FallbackMay string `json:"fallback_may,omitempty"`
	// Doubt is how long a fall to nothing at peak is not believed that other signals, or where there are none the forecast and
	// the last five steps, deny, up to 24h of samples that say so [0s: every fall is believed].
	Doubt Duration `json:"doubt,omitempty"`
	// Reversals is how many changes of direction there may be in an hour before a release waits, up to 60 [0: any]. An order never waits.
	Reversals int `json:"reversals,omitempty"`
}

// Zero says when a fleet goes to zero: when demand has been below Below for so long that idling has cost as much as a cold
// start, and it comes back as soon as demand is not.
type Zero struct {
	// Below is the demand that activates the fleet, in replicas' worth, more than 0 up to 1 [0: it never goes to zero].
	Below float64 `json:"below,omitempty"`
	// ColdStart is what a start from zero costs, in replica-hours [Penalty * lead time: a replica's worth goes unserved meanwhile].
	ColdStart float64 `json:"cold_start,omitempty"`
	// After is the shortest time of idling, up to 30 days, if the price of a cold start comes to less [0s].
	After Duration `json:"after,omitempty"`
}

const (
	maxGuard  = Duration(30 * 24 * time.Hour)
	maxZones  = 16
	maxPerOne = 1000
)

// guardDefaults fills in what the parts have that are switched on.
func (c *Config) guardDefaults() {
	if c.Guard.Late == 0 && c.Step > 0 {
		c.Guard.Late = min(10*c.Step, maxWait)
	}
	fallback := c.Guard.Fallback != 0
	for i := range c.Windows {
		fallback = fallback || c.Windows[i].Fallback != 0
	}
	if fallback && c.Guard.FallbackAfter == 0 {
		c.Guard.FallbackAfter = Duration(10 * time.Minute)
	}
	if c.Zero.Below > 0 && c.Zero.ColdStart == 0 && c.Step > 0 {
		c.Zero.ColdStart = float64(c.Penalty * c.lead().Hours())
	}
	c.Windows = cloneWindows(c.Windows)
}

// unit is the number of replicas that come and go together.
func (c *Config) unit() policy.Unit {
	return policy.Unit(max(1, c.Zones) * max(1, c.Multiple))
}

// guardFaults reports what is wrong with the fields of the guard.
func (c *Config) guardFaults(fault func(ok bool, field, value, wanted string)) {
	way := func(s, field string, ways ...string) {
		ok := s == ""
		for _, w := range ways {
			ok = ok || s == w
		}
		fault(ok, field, strconv.Quote(s), fmt.Sprintf("one of %v", ways))
	}
	between := func(d, hi Duration, field string) {
		fault(d >= 0 && d <= hi, field, d.String(), fmt.Sprintf("0s to %v", hi))
	}
	count := func(n, hi int, field string) {
		fault(n >= 0 && n <= hi, field, strconv.Itoa(n), fmt.Sprintf("0 to %d", hi))
	}
	most := maxCount
	if c.Max > 0 {
		most = min(most, c.Max)
	}
	g := &c.Guard
	way(g.Stale, "guard.stale", wayDown, wayBoth)
	count(g.Fallback, most, "guard.fallback")
	between(g.FallbackAfter, maxGuard, "guard.fallback_after")
	way(g.FallbackMay, "guard.fallback_may", wayUp, wayDown, wayBoth)
	between(g.Late, maxWait, "guard.late")
	between(g.Doubt, maxWait, "guard.doubt")
	count(g.Reversals, policy.MaxReversals, "guard.reversals")

	z := &c.Zero
	fault(z.Below >= 0 && z.Below <= 1, "zero.below", strconv.FormatFloat(z.Below, 'g', -1, 64), "0 (never) or above 0 to 1 replica's worth of demand")
	fault(z.ColdStart >= 0 && z.ColdStart <= 1e5, "zero.cold_start", strconv.FormatFloat(z.ColdStart, 'g', -1, 64), "0 to 1e5 replica-hours")
	between(z.After, maxGuard, "zero.after")

	count(c.Zones, maxZones, "zones")
	count(c.Multiple, maxPerOne, "multiple")
	if c.Zones >= 0 && c.Zones <= maxZones && c.Multiple >= 0 && c.Multiple <= maxPerOne && c.unit() > 1 {
		unit := int(c.unit())
		whole := policy.Unit(unit)
		fault(c.Max == 0 || whole.Down(c.Max) >= whole.Up(c.Min), "max", strconv.Itoa(c.Max), fmt.Sprintf("room for min (%d) in units of %d", c.Min, unit))
		for _, step := range []struct {
			n     int
			field string
		}{{c.StepUp, "step_up"}, {c.StepDown, "step_down"}} {
			fault(step.n <= 0 || step.n >= unit, step.field, strconv.Itoa(step.n), fmt.Sprintf("0 (any) or at least a unit of %d", unit))
		}
	}
	fault(len(c.Windows) <= maxWindows, "windows", strconv.Itoa(len(c.Windows)), fmt.Sprintf("at most %d", maxWindows))
	for i := range c.Windows {
		c.Windows[i].compile(fmt.Sprintf("windows[%d].", i), most, 1, fault)
	}
}

// guard is what stands between what demand asks for and what is decided. Its parts are off until the configuration or an
// operator switches them on.
type guard struct {
	unit     policy.Unit
	windows  []policy.Window
	fallback policy.Fallback
	count    int // the fallback count outside of windows
	doubt    policy.Doubt
	flap     policy.Flap
	idle     policy.Idle
	readings []policy.Reading // scratch, one per signal
	blind    int              // scratch: signals without a fresh sample
	likely   float64          // scratch: the .95 quantile of demand when an order serves, in replicas; NaN if there is none
	held     policy.Held      // scratch: what the windows say

	paused bool
	until  int64 // unix nanoseconds; 0: until Resume
}

func newGuard(cfg *Config) guard {
	may := cfg.Guard.FallbackMay
	g := guard{
		unit: cfg.unit(),
		fallback: policy.Fallback{
			HoldUp: cfg.Guard.Stale == wayBoth, After: cfg.Guard.FallbackAfter.Std(), Up: may != wayDown, Down: may != wayUp,
		},
		doubt:    policy.NewDoubt(cfg.Guard.Doubt.Std(), len(cfg.Signals)),
		flap:     policy.NewFlap(cfg.Guard.Reversals),
		readings: make([]policy.Reading, len(cfg.Signals)),
	}
	g.count = g.unit.Up(cfg.Guard.Fallback)
	if cfg.Zero.Below > 0 {
		g.idle = policy.Idle{Below: cfg.Zero.Below, After: max(cfg.Zero.After.Std(), policy.BreakEven(cfg.Zero.ColdStart, g.unit.Up(cfg.Min)))}
	}
	for i := range cfg.Windows {
		g.windows = append(g.windows, cfg.Windows[i].compile("", maxCount, g.unit, func(bool, string, string, string) {}))
	}
	return g
}

// Pause keeps the fleet as it is until a time, or until Resume if that is zero. Samples and decisions go on, and Advised
// says what would have been. A snapshot remembers it.
func (e *Engine) Pause(until time.Time) {
	e.guard.paused, e.guard.until = true, 0
	if !until.IsZero() {
		e.guard.until = until.UnixNano()
	}
}

// Resume ends a Pause.
func (e *Engine) Resume() { e.guard.paused, e.guard.until = false, 0 }

// begin prepares the guard for a decision.
func (e *Engine) begin(d *Decision, now time.Time) {
	g := &e.guard
	g.likely = math.NaN()
	g.held = policy.HeldAt(g.windows, now, d.Lead)
	for i := range g.readings {
		g.readings[i].Low = math.NaN()
	}
}

// Levels of the forecast that the guard looks at: what is hardly ever missed, and what is hardly ever exceeded.
const (
	lowLevel  = 0.05
	highLevel = 0.95
)

// at returns the quantile at one of forecast.Levels.
func at(quantiles []float64, level float64) float64 {
	for k, l := range forecast.Levels {
		if l == level {
			return quantiles[k]
		}
	}
	return math.NaN()
}

// sense notes what the forecast of signal i holds likely when an order serves, in replicas.
func (g *guard) sense(i int, low, high float64) {
	g.readings[i].Low = low
	if !(high <= g.likely) {
		g.likely = high
	}
}

// distrust applies what guards a decision against its own input, before limits.
func (e *Engine) distrust(d *Decision, n, ordered int, nano int64) int {
	g := &e.guard
	demand := math.NaN()
	for i := range e.signals {
		s := &e.signals[i]
		r := &g.readings[i]
		r.Value = s.forecast.Series().Said() / s.capacity
		if stood := float64(policy.Stood * e.stood(s)); g.doubt.Span > 0 && stood >= 0 && !(stood <= r.Low) { // either may be NaN
			r.Low = stood
		}
		if r.Fresh && !(r.Value <= demand) {
			demand = r.Value
		}
	}
	n = g.unit.Round(&d.trail, n)
	if g.idle.Over(nano, demand, g.likely, d.Event) && g.held.Min == 0 && e.shadows.Pinned() != policy.Today {
		n = d.trail.Apply(policy.RuleZero, n, 0)
		e.shadows.Rest()
	}
	if g.doubt.Denied(nano, g.readings) {
		if n >= ordered {
			d.trail.Mark(policy.RuleDoubt, n) // the forecast has not seen the fall either; people should know of it
		}
		n = d.trail.Apply(policy.RuleDoubt, n, max(n, ordered))
	}
	for i := range e.signals {
		s := &e.signals[i]
		s.forecast.Disbelieve(float64(g.doubt.Below(nano, i, g.readings) * s.capacity))
	}
	count := g.held.Fallback
	if count == 0 {
		count = g.count
	}
	n = g.fallback.Guard(&d.trail, nano, n, ordered, policy.Failing{Some: d.Stale, All: g.blind == len(e.signals), Event: d.Event, Count: count})
	return g.flap.Allow(&d.trail, nano, n, ordered)
}

// stood returns the least that signal s was in the newest policy.Stand steps that were measured within the last 60,
// in replicas; NaN where they are fewer.
func (e *Engine) stood(s *signal) float64 {
	const back = 12 * policy.Stand // a silence is where a zero that is none comes from
	series := s.forecast.Series()
	least, known := math.Inf(1), 0
	for k := range int64(back) {
		if v, _ := series.At(series.Last() - k); v >= 0 { // not NaN
			least = min(least, v)
			if known++; known == policy.Stand {
				return least / s.capacity
			}
		}
	}
	return math.NaN()
}

// bound applies the bounds of the configuration and of the windows. A fleet that may be zero may be below the minimum on its way.
func (e *Engine) bound(d *Decision, n, ordered int, zero bool) int {
	if zero && e.guard.idle.Below > 0 && e.guard.held.Min == 0 {
		return n
	}
	n = e.guard.held.Bound(&d.trail, n, ordered, d.Stale)
	return e.limits.Bound(&d.trail, n)
}

// finish applies what stands above all limits, fills in the decision, and tells the flap budget.
func (e *Engine) finish(d *Decision, n, ordered int, nano int64) {
	g := &e.guard
	n = g.held.Freeze(&d.trail, n, ordered)
	d.Advised = n
	if g.stands(nano) {
		n = d.trail.Apply(policy.RulePause, n, ordered)
	}
	if e.cfg.Advice {
		n = d.trail.Apply(policy.RuleAdvice, n, ordered)
	}
	d.Replicas = n
}

// stands says whether an operator has paused the engine.
func (g *guard) stands(nano int64) bool { return g.paused && (g.until == 0 || nano < g.until) }

// forget begins anew after a clock has turned out to have been wrong. A pause stays.
func (g *guard) forget() {
	g.fallback.Forget()
	g.doubt.Forget()
	g.flap.Forget()
	g.idle.Forget()
}

// fields walks what changes after New.
func (g *guard) fields(c *state.Codec) {
	g.fallback.State(c)
	g.doubt.State(c)
	g.flap.State(c)
	g.idle.State(c)
	c.Bool(&g.paused)
	c.Int64(&g.until)
}
