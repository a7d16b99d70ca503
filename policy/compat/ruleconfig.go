package compat

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// RuleConfig is the configuration of one of the rules of this package, as plain data, and how the rule measures demand.
// Exactly one of the rules is set; its fields are those of the system it comes from.
type RuleConfig struct {
	// AtCapacity is what each metric of the rule reads of one replica that carries exactly its capacity, in the unit of
	// the rule's thresholds: 100 where the rule thinks in percent of a replica, 1 where it thinks in parts of one (and for
	// KubeUtilization with a Request of 1), the concurrency of a replica where it counts requests in flight. What a rule
	// measures is the total of demand over capacity, times this. Default: the capacity, so that the metric is demand itself.
	// A KubeHPA and a WPA have several metrics if they like, each a demand of its own; a Schedule has none, others have one.
	AtCapacity []float64 `json:"at_capacity,omitempty"`

	KubeHPA        *KubeHPAConfig        `json:"kube_hpa,omitempty"`
	KPA            *KPAConfig            `json:"kpa,omitempty"`
	WPA            *WPAConfig            `json:"wpa,omitempty"`
	TargetTracking *TargetTrackingConfig `json:"target_tracking,omitempty"`
	StepScaling    *StepScalingConfig    `json:"step_scaling,omitempty"`
	LCP            *LCPConfig            `json:"lcp,omitempty"`
	Schedule       *ScheduleConfig       `json:"schedule,omitempty"`
}

// Terms are what a rule is played on: demand in steps, and a plant.
type Terms struct {
	Step, Boot time.Duration
	Penalty    float64   // unserved demand of a replica's worth, in replicas
	Capacity   []float64 // what one replica carries of each demand
}

// Metrics returns how many demands the rule measures.
func (c *RuleConfig) Metrics() int {
	switch {
	case c.KubeHPA != nil:
		return len(c.KubeHPA.Metrics)
	case c.WPA != nil:
		return len(c.WPA.Metrics)
	case c.Schedule != nil:
		return 0
	}
	return 1
}

// On returns a copy of c with everything filled in that was left out, for the terms it is played on. Demand is known by
// steps: the windows of a KPA are at least a step by default, and an LCP has the step, the prices and the capacity of the
// terms.
func (c RuleConfig) On(t Terms) RuleConfig {
	atCapacity := make([]float64, c.Metrics())
	copy(atCapacity, t.Capacity)
	copy(atCapacity, c.AtCapacity)
	c.AtCapacity = append(atCapacity, c.AtCapacity[min(len(atCapacity), len(c.AtCapacity)):]...)
	step := Duration(t.Step)
	if k := c.KPA; k != nil {
		k := *k
		or(&k.Granularity, max(step, Duration(time.Second)))
		or(&k.StableWindow, max(step, Duration(time.Minute)))
		or(&k.Tick, max(min(step, Duration(time.Hour)), Duration(2*time.Second)))
		c.KPA = &k
	}
	if l := c.LCP; l != nil && len(c.AtCapacity) > 0 {
		l := *l
		or(&l.Step, step)
		or(&l.Boot, Duration(t.Boot))
		or(&l.Penalty, t.Penalty)
		or(&l.Capacity, c.AtCapacity[0])
		c.LCP = &l
	}
	c.KubeHPA, c.KPA, c.WPA = filled(c.KubeHPA), filled(c.KPA), filled(c.WPA)
	c.TargetTracking, c.StepScaling = filled(c.TargetTracking), filled(c.StepScaling)
	c.LCP, c.Schedule = filled(c.LCP), filled(c.Schedule)
	return c
}

// or fills in what was left out.
func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// filled returns a copy of a configuration with its defaults, nil for none.
func filled[T interface{ WithDefaults() T }](c *T) *T {
	if c == nil {
		return nil
	}
	return new((*c).WithDefaults())
}

// Fault is one thing that is wrong with a configuration, as an error. Field is "" where it is the whole.
type Fault struct {
	Field, Value, Wanted string
}

// Error implements error.
func (f *Fault) Error() string {
	return cmp.Or(f.Field, "the rule") + " is " + f.Value + "; wanted " + f.Wanted
}

// maxCalls is how often a rule may decide within a step: every 15 s of a day.
const maxCalls = 5760

// Faults returns everything that is wrong with c, which On has filled in, as it is played on the terms.
func (c RuleConfig) Faults(t Terms) []*Fault {
	var f faults
	names := c.each(func(name string, err error) { f = append(f, below(name, err)...) })
	if len(names) != 1 {
		f = append(f, &Fault{"", cmp.Or(strings.Join(names, " and "), "no rule"), "exactly one of kube_hpa, kpa, wpa, target_tracking, step_scaling, lcp and schedule"})
	}
	if n := c.Metrics(); len(c.AtCapacity) > n || n > len(t.Capacity) {
		f.addf("at_capacity is a list of %d for %d metrics and %d signals; wanted one for each metric, which is that of the signal of the same place", len(c.AtCapacity), n, len(t.Capacity))
	}
	for i, v := range c.AtCapacity[:min(len(c.AtCapacity), len(t.Capacity))] {
		if !(v >= 1e-15 && v <= 1e15) {
			f.addf("at_capacity[%d] is %v; wanted more than 0 (1e-15 to 1e15)", i, v)
		}
	}
	if k := c.KPA; k != nil && k.Granularity.Std() < t.Step {
		f.addf("kpa.granularity is %v; wanted at least a step (%v), because demand is known no finer", k.Granularity, t.Step)
	}
	if l := c.LCP; l != nil && l.Step.Std() != t.Step {
		f.addf("lcp.step is %v; wanted that of the demand (%v), or none", l.Step, t.Step)
	}
	if name, every := c.every(); every > 0 && t.Step.Nanoseconds()/every > maxCalls {
		f.addf("%s is %v; wanted at least %v for steps of %v", name, Duration(every), Duration(t.Step/maxCalls), t.Step)
	}
	return f
}

// each calls what is wrong with every rule that is set, and returns their names.
func (c *RuleConfig) each(check func(name string, err error)) (names []string) {
	for _, r := range []struct {
		name string
		set  bool
		err  func() error
	}{
		{"kube_hpa", c.KubeHPA != nil, func() error { return c.KubeHPA.Validate() }},
		{"kpa", c.KPA != nil, func() error { return c.KPA.Validate() }},
		{"wpa", c.WPA != nil, func() error { return c.WPA.Validate() }},
		{"target_tracking", c.TargetTracking != nil, func() error { return c.TargetTracking.Validate() }},
		{"step_scaling", c.StepScaling != nil, func() error { return c.StepScaling.Validate() }},
		{"lcp", c.LCP != nil, func() error { return c.LCP.Validate() }},
		{"schedule", c.Schedule != nil, func() error { return c.Schedule.Validate() }},
	} {
		if r.set {
			check(r.name, r.err())
			names = append(names, r.name)
		}
	}
	return names
}

// below returns the faults that Validate has joined, with the name of the rule before their fields.
func below(name string, err error) (f faults) {
	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	if !ok {
		return nil
	}
	for _, one := range joined.Unwrap() {
		if fault, ok := errors.AsType[*Fault](one); ok {
			f = append(f, &Fault{name + "." + fault.Field, fault.Value, fault.Wanted})
		}
	}
	return f
}

// every returns how often the rule decides by itself, in nanoseconds, and the field that says so; 0 for once a step.
func (c *RuleConfig) every() (field string, ns int64) {
	switch {
	case c.KubeHPA != nil:
		return "kube_hpa.syncPeriod", int64(c.KubeHPA.SyncPeriod)
	case c.KPA != nil:
		return "kpa.granularity", int64(c.KPA.Granularity)
	case c.TargetTracking != nil:
		return "target_tracking.period", int64(c.TargetTracking.Period)
	case c.StepScaling != nil:
		return "step_scaling.period", int64(c.StepScaling.Period)
	}
	return "", 0
}

// fault is what a text of the form "field is value; wanted what" says.
func fault(format string, args ...any) *Fault {
	text := fmt.Sprintf(format, args...)
	field, rest, _ := strings.Cut(text, " is ")
	at := max(0, strings.LastIndex(rest, "; wanted "))
	return &Fault{field, rest[:at], strings.TrimPrefix(rest[at:], "; wanted ")}
}

// rule makes the rule that c, which has no Faults, is about.
func (c *RuleConfig) rule() (resetter, error) {
	switch {
	case c.KubeHPA != nil:
		return NewKubeHPA(*c.KubeHPA)
	case c.KPA != nil:
		return NewKPA(*c.KPA)
	case c.WPA != nil:
		return NewWPA(*c.WPA)
	case c.TargetTracking != nil:
		return NewTargetTracking(*c.TargetTracking)
	case c.StepScaling != nil:
		return NewStepScaling(*c.StepScaling)
	case c.LCP != nil:
		return NewLCP(*c.LCP)
	case c.Schedule != nil:
		return localSchedule(*c.Schedule, nil)
	}
	return nil, errors.New("no rule is set")
}

// Start returns the rule of c, which On has filled in and which has no Faults, to be played in steps of the given length.
func (c *RuleConfig) Start(step time.Duration) (*Stepped, error) {
	rule, err := c.rule()
	if err != nil {
		return nil, err
	}
	_, every := c.every()
	if every == 0 {
		every = int64(step)
	}
	return &Stepped{rule: rule, step: int64(step), every: every}, nil
}
