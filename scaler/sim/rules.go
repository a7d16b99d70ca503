package sim

import (
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// Recommender is what the rules of package compat have in common.
type Recommender = compat.Recommender

// Rule is a rule of package compat as a Controller: the same that can be a policy of its own. It is shown the demand of the
// last visible step, which is NaN where that is a hole; where nothing has been seen the count stays. Its time is that of the
// grid of steps, so that a timestamp beside the grid does not put two measurements into one granule of its windows.
type Rule struct {
	rule Recommender
	unit float64 // the demand that the rule sees as 1
	// A rule that is faster than the trace decides several times in a step, see compat.Most.
	times int
	every time.Duration

	values [1]float64
	begun  time.Time // the first step
}

// NewRule returns a Controller around a rule that decides once a step. unit is the demand, in the trace's unit, that it
// sees as 1.
func NewRule(rule Recommender, unit float64) *Rule { return &Rule{rule: rule, unit: unit, times: 1} }

// Decide implements Controller.
func (r *Rule) Decide(s *Step) (int, error) {
	fleet := compat.Fleet{Ready: s.Fleet.Ready, Starting: s.Fleet.Starting}
	if len(s.Demand) == 0 {
		return fleet.Ordered(), nil
	}
	r.values[0] = s.Demand[len(s.Demand)-1] / r.unit
	if s.First == 0 {
		r.begun = s.Times[0]
	}
	now := r.begun.Add(time.Duration(s.Index) * s.Length)
	return compat.Most(r.rule, now, r.every, r.times, r.values[:], fleet), nil
}

// newRule is one of the rules of package compat for a trace, at its defaults.
func (o Options) newRule(t *Trace, name string) (Controller, error) {
	switch name {
	case KubeHPABehavior, KubeHPALegacy:
		return o.kubeHPA(t, name == KubeHPABehavior)
	case KnativeKPA:
		return o.kpa(t)
	case LazyCapacity:
		return o.lcp(t)
	}
	return nil, unknownPolicy(name)
}

// kubeHPA is the Kubernetes controller with a metric that does not depend on the count. It decides every 15 s, or once a
// step where that is shorter.
func (o Options) kubeHPA(t *Trace, behavior bool) (Controller, error) {
	cfg := compat.KubeHPAConfig{
		ScaleToZero: o.ScaleToZero,
		Metrics:     []compat.KubeMetric{{Name: "replicas' worth of demand", Kind: compat.KubeAverageValue, Target: 0.70}},
		SyncPeriod:  compat.Duration(max(min(15*time.Second, t.Step), time.Millisecond)),
	}
	if behavior {
		cfg.Behavior = &compat.KubeBehavior{}
	}
	rule, err := compat.NewKubeHPA(cfg)
	if err != nil {
		return nil, err
	}
	r := NewRule(rule, o.Capacity)
	r.every = 15 * time.Second
	r.times = max(1, int(t.Step/r.every))
	return o.sensed(r), nil
}

// kpa is Knative's rule with windows of at least a step. A replica takes 100 requests at a time.
func (o Options) kpa(t *Trace) (Controller, error) {
	cfg := compat.KPAConfig{
		StableWindow: compat.Duration(max(60*time.Second, t.Step)),
		Granularity:  compat.Duration(max(t.Step, time.Millisecond)),
		MinScale:     o.floor(),
	}
	rule, err := compat.NewKPA(cfg)
	if err != nil {
		return nil, err
	}
	return NewRule(rule, o.Capacity/100), nil
}

// lcp is lazy capacity provisioning at the prices of the plant. Counts beyond the peak of the trace are of no use to it, so
// that its table ends there gives nothing away.
func (o Options) lcp(t *Trace) (Controller, error) {
	// What is 0 would mean the default.
	const nothing = 1e-300
	rule, err := compat.NewLCP(compat.LCPConfig{
		Capacity: o.Capacity,
		Step:     compat.Duration(t.Step),
		Boot:     compat.Duration(max(o.Boot, 1)),
		Penalty:  max(o.Penalty, nothing),
		Min:      o.floor(),
		Max:      max(replicasFor(peakDemand(t.Demand), o.Capacity), 1),
	})
	if err != nil {
		return nil, err
	}
	return NewRule(rule, 1), nil
}
