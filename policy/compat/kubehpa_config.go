package compat

import (
	"slices"
	"time"
)

// The kinds of KubeMetric.
const (
	// KubeUtilization is a Resource or ContainerResource metric with a target of averageUtilization: in use as a part of
	// what the pods request, in whole percent.
	KubeUtilization = "Utilization"
	// KubePodsAverage is a Resource or Pods metric with an averageValue: so much on each ready pod.
	KubePodsAverage = "PodsAverage"
	// KubeValue is an Object or External metric with a value: the count follows metric / target in proportion.
	KubeValue = "Value"
	// KubeAverageValue is an Object or External metric with an averageValue: metric / target is the count. It does not
	// depend on the count in force, so that the loop cannot feed on itself; prefer it.
	KubeAverageValue = "AverageValue"
)

// KubeMetric is one metric of a KubeHPA.
type KubeMetric struct {
	Name string `json:"name,omitempty"` // for the reader; "cpu" has the rules for young pods that Kubernetes keeps for it
	Kind string `json:"kind"`           // one of the constants above
	// Target is whole percent of the request for KubeUtilization (80 is 80 %), else the metric's unit.
	Target float64 `json:"target"`
	// Request is what one pod requests, in the metric's unit, for KubeUtilization where it is measured for the whole fleet.
	// Default 1: the measurement is then in pods' worth.
	Request float64 `json:"request,omitempty"`
}

// KubePolicy is a limit to a change, as in autoscaling/v2.
type KubePolicy struct {
	Type          string `json:"type"`  // Pods or Percent
	Value         int    `json:"value"` // more than 0
	PeriodSeconds int    `json:"periodSeconds"`
}

// KubeRules are the rules of one direction, as in autoscaling/v2. What is left out takes the default of the direction.
type KubeRules struct {
	StabilizationWindowSeconds *int         `json:"stabilizationWindowSeconds,omitempty"` // 0 to 3600
	SelectPolicy               string       `json:"selectPolicy,omitempty"`               // Max (default), Min or Disabled
	Policies                   []KubePolicy `json:"policies,omitempty"`
	Tolerance                  *float64     `json:"tolerance,omitempty"`
}

// KubeBehavior is the behavior of autoscaling/v2.
type KubeBehavior struct {
	ScaleUp   *KubeRules `json:"scaleUp,omitempty"`
	ScaleDown *KubeRules `json:"scaleDown,omitempty"`
}

// KubeHPAConfig is the configuration of a KubeHPA: the fields of a HorizontalPodAutoscaler (autoscaling/v2) and the flags of
// the controller manager that change its decisions.
type KubeHPAConfig struct {
	MinReplicas int          `json:"minReplicas,omitempty"` // default 1, or 0 with ScaleToZero
	MaxReplicas int          `json:"maxReplicas,omitempty"` // 0 means none (Kubernetes itself demands one)
	Metrics     []KubeMetric `json:"metrics"`
	// Behavior, if it is nil, leaves the rules that Kubernetes had before it: growth up to max(2n, 4) at once, no limit
	// downwards, and DownscaleStabilization. That is not the same as an empty one.
	Behavior *KubeBehavior `json:"behavior,omitempty"`
	// ScaleToZero is the feature HPAScaleToZero: a fleet of 0 that the rule itself has chosen may grow again, if there is a
	// metric that exists without pods.
	ScaleToZero bool `json:"scaleToZero,omitempty"`

	SyncPeriod              Duration `json:"syncPeriod,omitempty"`              // default 15 s: how often Recommend is called
	DownscaleStabilization  Duration `json:"downscaleStabilization,omitempty"`  // default 300 s; negative means none
	CPUInitializationPeriod Duration `json:"cpuInitializationPeriod,omitempty"` // default 300 s
	InitialReadinessDelay   Duration `json:"initialReadinessDelay,omitempty"`   // default 30 s
	Tolerance               *float64 `json:"tolerance,omitempty"`               // default 0.1, both ways
}

// WithDefaults returns c with everything filled in that was left out.
func (c KubeHPAConfig) WithDefaults() KubeHPAConfig {
	if c.MinReplicas == 0 && !c.ScaleToZero {
		c.MinReplicas = 1
	}
	for _, d := range []struct {
		field *Duration
		value time.Duration
	}{
		{&c.SyncPeriod, 15 * time.Second}, {&c.DownscaleStabilization, 300 * time.Second},
		{&c.CPUInitializationPeriod, 300 * time.Second}, {&c.InitialReadinessDelay, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = Duration(d.value)
		}
	}
	if c.Tolerance == nil {
		c.Tolerance = new(0.1)
	}
	c.Metrics = slices.Clone(c.Metrics)
	for i := range c.Metrics {
		if c.Metrics[i].Request == 0 {
			c.Metrics[i].Request = 1
		}
	}
	if c.Behavior != nil {
		stabilization := int(max(c.DownscaleStabilization, 0) / Duration(time.Second))
		c.Behavior = &KubeBehavior{
			ScaleUp:   c.Behavior.ScaleUp.withDefaults(0, *c.Tolerance, KubePolicy{"Pods", 4, 15}, KubePolicy{"Percent", 100, 15}),
			ScaleDown: c.Behavior.ScaleDown.withDefaults(stabilization, *c.Tolerance, KubePolicy{"Percent", 100, 15}),
		}
	}
	return c
}

func (r *KubeRules) withDefaults(window int, tolerance float64, policies ...KubePolicy) *KubeRules {
	var out KubeRules
	if r != nil {
		out = *r
	}
	if out.StabilizationWindowSeconds == nil {
		out.StabilizationWindowSeconds = new(window)
	}
	if out.SelectPolicy == "" {
		out.SelectPolicy = "Max"
	}
	if len(out.Policies) == 0 {
		out.Policies = policies
	}
	if out.Tolerance == nil {
		out.Tolerance = new(tolerance)
	}
	return &out
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c KubeHPAConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	f.bounds("minReplicas", c.MinReplicas, "maxReplicas", c.MaxReplicas)
	outside := false
	if len(c.Metrics) == 0 {
		f.addf("metrics is empty; wanted at least one")
	}
	for i, m := range c.Metrics {
		if !slices.Contains([]string{KubeUtilization, KubePodsAverage, KubeValue, KubeAverageValue}, m.Kind) {
			f.addf("metrics[%d].kind is %q; wanted %s, %s, %s or %s", i, m.Kind, KubeUtilization, KubePodsAverage, KubeValue, KubeAverageValue)
		}
		if !(m.Target > 0) || !known(m.Target) || milli(m.Target) == 0 || m.Kind == KubeUtilization && (m.Target < 1 || m.Target != float64(int32(m.Target))) {
			f.addf("metrics[%d].target is %v; wanted at least 0.001, and whole percent for %s", i, m.Target, KubeUtilization)
		}
		if !(m.Request > 0) || !known(m.Request) || milli(m.Request) == 0 {
			f.addf("metrics[%d].request is %v; wanted at least 0.001", i, m.Request)
		}
		outside = outside || m.Kind == KubeValue || m.Kind == KubeAverageValue
	}
	if c.ScaleToZero && !outside {
		f.addf("scaleToZero is true; wanted a metric of kind %s or %s for it, because others need pods", KubeValue, KubeAverageValue)
	}
	f.duration("syncPeriod", c.SyncPeriod, time.Millisecond, time.Hour)
	f.duration("downscaleStabilization", c.DownscaleStabilization, -24*time.Hour, 24*time.Hour)
	f.duration("cpuInitializationPeriod", c.CPUInitializationPeriod, 0, 24*time.Hour)
	f.duration("initialReadinessDelay", c.InitialReadinessDelay, 0, 24*time.Hour)
	if !(*c.Tolerance >= 0) || !known(*c.Tolerance) {
		f.addf("tolerance is %v; wanted 0 or more", *c.Tolerance)
	}
	if c.Behavior != nil {
		f.rules("behavior.scaleUp", c.Behavior.ScaleUp)
		f.rules("behavior.scaleDown", c.Behavior.ScaleDown)
	}
	return f.join()
}

func (f *faults) rules(name string, r *KubeRules) {
	if w := *r.StabilizationWindowSeconds; w < 0 || w > 3600 {
		f.addf("%s.stabilizationWindowSeconds is %d; wanted 0 to 3600", name, w)
	}
	if !slices.Contains([]string{"Max", "Min", "Disabled"}, r.SelectPolicy) {
		f.addf("%s.selectPolicy is %q; wanted Max, Min or Disabled", name, r.SelectPolicy)
	}
	if !(*r.Tolerance >= 0) || !known(*r.Tolerance) {
		f.addf("%s.tolerance is %v; wanted 0 or more", name, *r.Tolerance)
	}
	for i, p := range r.Policies {
		if p.Type != "Pods" && p.Type != "Percent" {
			f.addf("%s.policies[%d].type is %q; wanted Pods or Percent", name, i, p.Type)
		}
		if p.Value <= 0 || int64(p.Value) > 1<<31-1 {
			f.addf("%s.policies[%d].value is %d; wanted more than 0", name, i, p.Value)
		}
		if p.PeriodSeconds <= 0 || p.PeriodSeconds > 1800 {
			f.addf("%s.policies[%d].periodSeconds is %d; wanted 1 to 1800", name, i, p.PeriodSeconds)
		}
	}
}
