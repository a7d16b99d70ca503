package compat

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// TargetTrackingConfig is the configuration of a TargetTracking, with the names of the cloud's API where it has them.
type TargetTrackingConfig struct {
	TargetValue float64 `json:"TargetValue"` // the measurement that each replica in service should have
	MinSize     int     `json:"MinSize,omitempty"`
	MaxSize     int     `json:"MaxSize,omitempty"` // default 0: none
	// EstimatedInstanceWarmup is how long a new replica does not count, in seconds. Default 300.
	EstimatedInstanceWarmup *int `json:"EstimatedInstanceWarmup,omitempty"`
	// ScaleInCooldown is how long after a removal nothing else is removed, in seconds. Default 0 (300 in Application Auto
	// Scaling).
	ScaleInCooldown int  `json:"ScaleInCooldown,omitempty"`
	DisableScaleIn  bool `json:"DisableScaleIn,omitempty"`

	// What follows is what the alarms have that the cloud makes for such a policy.
	Period           Duration `json:"period,omitempty"`             // default 60 s: how often Recommend is called
	ScaleOutPeriods  int      `json:"scale_out_periods,omitempty"`  // default 3: above the target for so long
	ScaleInPeriods   int      `json:"scale_in_periods,omitempty"`   // default 15: below the threshold for so long
	ScaleInThreshold float64  `json:"scale_in_threshold,omitempty"` // default 0.9, as a part of the target
}

// WithDefaults returns c with everything filled in that was left out.
func (c TargetTrackingConfig) WithDefaults() TargetTrackingConfig {
	if c.EstimatedInstanceWarmup == nil {
		c.EstimatedInstanceWarmup = new(300)
	}
	if c.Period == 0 {
		c.Period = Duration(time.Minute)
	}
	if c.ScaleOutPeriods == 0 {
		c.ScaleOutPeriods = 3
	}
	if c.ScaleInPeriods == 0 {
		c.ScaleInPeriods = 15
	}
	if c.ScaleInThreshold == 0 {
		c.ScaleInThreshold = 0.9
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c TargetTrackingConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	if !(c.TargetValue > 0) || !known(c.TargetValue) {
		f.addf("TargetValue is %v; wanted more than 0", c.TargetValue)
	}
	f.bounds("MinSize", c.MinSize, "MaxSize", c.MaxSize)
	f.seconds("EstimatedInstanceWarmup", *c.EstimatedInstanceWarmup)
	f.seconds("ScaleInCooldown", c.ScaleInCooldown)
	f.duration("period", c.Period, time.Second, 24*time.Hour)
	f.periods("scale_out_periods", c.ScaleOutPeriods)
	f.periods("scale_in_periods", c.ScaleInPeriods)
	if !(c.ScaleInThreshold > 0 && c.ScaleInThreshold <= 1) {
		f.addf("scale_in_threshold is %v; wanted over 0 and at most 1", c.ScaleInThreshold)
	}
	return f.join()
}

func (f *faults) seconds(name string, n int) {
	if n < 0 || n > 86400 {
		f.addf("%s is %d; wanted 0 to 86400 seconds", name, n)
	}
}

func (f *faults) periods(name string, n int) {
	if n < 1 || n > 1440 {
		f.addf("%s is %d; wanted 1 to 1440", name, n)
	}
}

// TargetTracking is the rule of a cloud's target tracking policy, as Amazon documents it for EC2 Auto Scaling and
// Application Auto Scaling: in proportion to the measurement, up after some minutes above the target, down after more
// minutes well below it. Replicas that warm up are not in the measurement; they count against what is ordered next, and
// nothing is removed while there are any.
//
// How much the cloud removes at once is not documented ("more gradually"); here it is what the proportion asks for.
type TargetTracking struct {
	cfg       TargetTrackingConfig
	group     group
	high, low sustained
}

// NewTargetTracking returns a TargetTracking with the defaults filled in and all its memory allocated. The error is
// Validate's.
func NewTargetTracking(cfg TargetTrackingConfig) (*TargetTracking, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	if cfg.MaxSize == 0 {
		cfg.MaxSize = math.MaxInt32
	}
	return &TargetTracking{cfg: cfg, group: newGroup(*cfg.EstimatedInstanceWarmup, cfg.Period)}, nil
}

// Reset forgets everything.
func (t *TargetTracking) Reset() {
	t.group.reset()
	t.high, t.low = sustained{}, sustained{}
}

// Recommend decides from values[0], the total over the replicas in service. Where it is missing nothing is decided, and how
// long it has been above or below goes on.
func (t *TargetTracking) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	current := fleet.Ordered()
	ns, d, over := t.group.admit(now, values, current, t.cfg.MinSize, t.cfg.MaxSize)
	if over {
		return d
	}
	warming := t.group.warm.warming(ns, current)
	service := min(fleet.Ready, current-warming)
	if service <= 0 { // nobody to ask
		return Decision{current, ReasonWarmup}
	}
	average := values[0] / float64(service)
	period := int64(t.cfg.Period)
	high := t.high.observe(ns, period, average > t.cfg.TargetValue)
	low := t.low.observe(ns, period, average < float64(t.cfg.TargetValue*t.cfg.ScaleInThreshold))
	want := count(math.Ceil(values[0] / t.cfg.TargetValue))
	d = Decision{want, ReasonMetric}.atLeast(t.cfg.MinSize, ReasonMin).atMost(t.cfg.MaxSize, ReasonMax)
	switch {
	case high > 0 && high < period*int64(t.cfg.ScaleOutPeriods), low > 0 && low < period*int64(t.cfg.ScaleInPeriods):
		return Decision{current, ReasonSustain}
	case high > 0 && d.Count > current:
		return t.group.settle(ns, current, d)
	case high > 0: // those that do not serve yet are enough
		return Decision{current, d.Reason}.because(service < current, ReasonWarmup)
	case low == 0 || t.cfg.DisableScaleIn || d.Count >= current:
		return Decision{current, ReasonTolerance}
	case warming > 0:
		return Decision{current, ReasonWarmup}
	case t.group.cools(ns, t.cfg.ScaleInCooldown):
		return Decision{current, ReasonCooldown}
	}
	return t.group.settle(ns, current, d)
}

// because is d with another reason, if that applies.
func (d Decision) because(applies bool, why Reason) Decision {
	if applies {
		d.Reason = why
	}
	return d
}

// State walks what the rule remembers, for snapshots.
func (t *TargetTracking) State(s *state.Codec) {
	t.group.state(s)
	t.high.state(s)
	t.low.state(s)
}
