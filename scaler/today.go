package scaler

import (
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/compat"
)

// Today is the rule that scales the workload today, under the names of the system it comes from. What it measures is the
// demand of the signals: its first metric that of Signals[0], and so on; AtCapacity says in which unit.
type Today = compat.RuleConfig

// terms are what the rule of today is played on.
func (c *Config) terms() compat.Terms {
	t := compat.Terms{Step: c.Step.Std(), Boot: c.Boot.Std(), Penalty: c.Penalty}
	for i := range c.Signals {
		t.Capacity = append(t.Capacity, c.Signals[i].Capacity)
	}
	return t
}

// todayDefaults fills in what the rule of today has by default on the terms of the configuration.
func (c *Config) todayDefaults() {
	if c.Today != nil {
		c.Today = new(c.Today.On(c.terms()))
	}
}

// todayFaults reports what is wrong with the rule of today.
func (c *Config) todayFaults(fault func(ok bool, field, value, wanted string)) {
	if c.Today == nil {
		return
	}
	for _, f := range c.Today.Faults(c.terms()) {
		fault(false, strings.TrimSuffix("today."+f.Field, "."), f.Value, f.Wanted)
	}
}

// today returns the rule of a valid configuration, nil for none, and memory for what it measures.
func (c *Config) today() (*compat.Stepped, []float64, error) {
	if c.Today == nil {
		return nil, nil, nil
	}
	rule, err := c.Today.Start(c.Step.Std())
	return rule, make([]float64, c.Today.Metrics()), err
}

// measure fills in what the rule of today sees: the demand of each signal in step known of the clock.
func (e *Engine) measure(v *policy.Sight, now time.Time) {
	clock := e.clock()
	v.Start = time.Unix(0, clock.Start(e.shadows.Step())).In(now.Location())
	v.Values = e.values
	at := time.Unix(0, e.middle(clock, v.Known))
	for i := range v.Values {
		s := &e.signals[i]
		demand, _ := s.forecast.Series().At(s.forecast.Series().Index(at))
		v.Values[i] = demand / (s.capacity / e.cfg.Today.AtCapacity[i])
	}
}

// Pin makes a policy decide from the next decision on, whatever it costs: Config.Policy at the beginning, "" for those that
// cost least. A snapshot remembers it. The error is ErrUnknownPolicy, and then nothing is changed.
func (e *Engine) Pin(name string) error {
	i := policy.FindShadow(name)
	if name != "" && i < 0 || i == policy.Today && !e.shadows.HasToday() {
		return ErrUnknownPolicy
	}
	e.shadows.Pin(i)
	return nil
}

// Saving returns what the engine saves beside the rule of today, in replica-hours: what that has cost less what the fleet
// has that the engine steers, or would steer if nothing were pinned. Both are fleets on the same demand with the same
// boot time and prices, so that it can be trusted before anything is handed over. Zero without Config.Today.
func (c *Costs) Saving() policy.Spent {
	if c.Today == (policy.Spent{}) {
		return policy.Spent{}
	}
	return policy.Spent{Hour: c.Today.Hour - c.Unpinned.Hour, Day: c.Today.Day - c.Unpinned.Day, Week: c.Today.Week - c.Unpinned.Week}
}
