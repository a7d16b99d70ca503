package scaler

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Field  string // path in the JSON form, such as "signals[1].capacity"
	Value  string // what was found
	Wanted string // what would have been right
}

// String returns the fault as one phrase.
func (f Fault) String() string { return f.Field + " is " + f.Value + "; wanted " + f.Wanted }

// Faults is everything that is wrong with a configuration, as one error on one line.
type Faults []Fault

// Error implements error.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, x := range f {
		parts[i] = x.String()
	}
	if len(f) == 1 {
		return "config: " + parts[0]
	}
	return fmt.Sprintf("config: %d faults: %s", len(f), strings.Join(parts, " | "))
}

// Bounds of a configuration. They are far outside what anybody runs, and inside what the arithmetic carries.
const (
	minStep      = Duration(time.Second)
	maxStep      = Duration(24 * time.Hour)
	maxWait      = Duration(24 * time.Hour)
	maxCount     = 1_000_000
	maxHoldSteps = policy.MaxHold
	maxLeadSteps = 4096
	maxSignals   = 16
	maxKinds     = 64
	maxTable     = 65536
	maxNameBytes = 64
)

// Validate returns nil or Faults, with every fault of c. Call it on a configuration with defaults: a zero that has a
// default is a fault here.
func (c Config) Validate() error {
	var f Faults
	fault := func(ok bool, field, value, wanted string) {
		if !ok {
			f = append(f, Fault{field, value, wanted})
		}
	}
	duration := func(d, lo, hi Duration, field string) bool {
		ok := d >= lo && d <= hi
		fault(ok, field, d.String(), fmt.Sprintf("%v to %v", lo, hi))
		return ok
	}
	number := func(ok bool, v float64, field, wanted string) {
		fault(ok && !math.IsNaN(v) && !math.IsInf(v, 0), field, strconv.FormatFloat(v, 'g', -1, 64), wanted)
	}
	count := func(n, lo, hi int, field, wanted string) {
		fault(n >= lo && n <= hi, field, strconv.Itoa(n), wanted)
	}

	ok := duration(c.Step, minStep, maxStep, "step")
	ok = duration(c.Boot, 0, maxWait, "boot") && ok
	ok = duration(c.Delay, 0, maxWait, "delay") && ok
	if ok {
		steps := int(Duration(c.lead()) / c.Step)
		fault(steps <= maxLeadSteps, "boot", c.Boot.String()+" at a step of "+c.Step.String(), fmt.Sprintf("a lead time of at most %d steps", maxLeadSteps))
		fault(c.MaxAge >= c.Step+c.Delay, "max_age", c.MaxAge.String(), "at least step + delay, or every sample is stale")
		fault(c.Hold >= 0 && c.Hold <= maxHoldSteps*c.Step, "hold", c.Hold.String(), fmt.Sprintf("0s to %d steps", maxHoldSteps))
	}
	number(c.Penalty > 1 && c.Penalty <= 1e6, c.Penalty, "penalty", "more than 1 (below that no replica pays), up to 1e6")
	if _, ok := presetPenalty(c.Preset); c.Preset != "" {
		fault(ok, "preset", strconv.Quote(c.Preset), "economy, balanced or performance")
	}
	number(c.Release >= 1 && c.Release <= 100, c.Release, "release", "1 to 100")
	number(c.Slack > 0 && c.Slack < 1, c.Slack, "slack", "above 0 and below 1 (from 1 on nothing is ever released)")
	pin := policy.FindShadow(c.Policy)
	fault(c.Policy == "" || pin >= 0 && (pin != policy.Today || c.Today != nil), "policy", strconv.Quote(c.Policy), "none (the cheapest), one of "+strings.Join(shadowNames(), ", ")+", or today where there is that rule")
	allowed := len(c.Exclude) == 0
	for i := range policy.NumShadows {
		allowed = allowed || !slices.Contains(c.Exclude, policy.ShadowFamily(i))
	}
	for i, name := range c.Exclude {
		known := name == policy.FamilyBand || name == policy.FamilyHPA || name == policy.FamilyToday
		fault(known && !slices.Contains(c.Exclude[:i], name), fmt.Sprintf("exclude[%d]", i), strconv.Quote(name), policy.FamilyBand+", "+policy.FamilyHPA+" or "+policy.FamilyToday+", each once")
	}
	fault(allowed, "exclude", "every family", "one that may lead")
	number(c.Calm > 0 && c.Calm <= 0.5, c.Calm, "calm", "more than 0 (1e-9 releases any share), up to 0.5")
	number(c.Change > 0 && c.Change <= 1000, c.Change, "change", "more than 0, up to 1000 replica-hours")
	number(c.ReactiveTarget >= 0 && c.ReactiveTarget <= 1, c.ReactiveTarget, "reactive_target", "0 (no floor) or above 0 to 1")

	count(c.Min, 1, maxCount, "min", fmt.Sprintf("1 to %d", maxCount))
	fault(c.Max == 0 || c.Max >= max(1, c.Min) && c.Max <= maxCount, "max", strconv.Itoa(c.Max), fmt.Sprintf("0 (as many as %[2]d) or min (%[1]d) to %[2]d", c.Min, maxCount))
	count(c.StepUp, 0, maxCount, "step_up", "0 (any) or more")
	count(c.StepDown, 0, maxCount, "step_down", "0 (any) or more")
	count(c.MaxEvents, 1, maxTable, "max_events", fmt.Sprintf("1 to %d", maxTable))

	count(len(c.Signals), 1, maxSignals, "signals", fmt.Sprintf("1 to %d of them", maxSignals))
	seen := map[string]bool{}
	for i, s := range c.Signals {
		path := fmt.Sprintf("signals[%d].", i)
		fault(s.Name != "" && len(s.Name) <= maxNameBytes && !seen[s.Name], path+"name", strconv.Quote(s.Name), fmt.Sprintf("a text of 1 to %d bytes that no other signal has", maxNameBytes))
		seen[s.Name] = true
		number(s.Capacity > 0 && s.Capacity <= 1e15 && s.Capacity >= 1e-15, s.Capacity, path+"capacity", "more than 0 (1e-15 to 1e15)")
	}
	count(len(c.Kinds), 0, maxKinds, "kinds", fmt.Sprintf("at most %d", maxKinds))
	clear(seen)
	for i, k := range c.Kinds {
		path := fmt.Sprintf("kinds[%d].", i)
		fault(k.Name != "" && len(k.Name) <= maxNameBytes && !seen[k.Name], path+"name", strconv.Quote(k.Name), fmt.Sprintf("a text of 1 to %d bytes that no other kind has", maxNameBytes))
		seen[k.Name] = true
		number(k.Lift > 0 && k.Lift <= 1e4, k.Lift, path+"lift", "more than 0, up to 1e4 times ordinary demand")
		number(k.Spread > 0 && k.Spread <= 3, k.Spread, path+"spread", "more than 0, up to 3")
		number(k.WeightPower >= 0 && k.WeightPower <= 2, k.WeightPower, path+"weight_power", "0 to 2")
		duration(k.Delay, 0, maxWait, path+"delay")
		duration(k.Rise, Duration(time.Second), maxWait, path+"rise")
	}
	c.guardFaults(fault)
	c.todayFaults(fault)
	c.sizesFaults(fault)
	c.Forecast.faults(fault)
	if len(f) == 0 {
		return nil
	}
	return f
}

// shadowNames returns the names that Config.Policy knows.
func shadowNames() []string {
	names := make([]string, policy.NumShadows)
	for i := range names {
		names[i] = policy.Shadow(i)
	}
	return names
}
