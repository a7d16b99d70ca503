package compat

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// The comparisons of a StepPolicy.
const (
	StepAtLeast = "GreaterThanOrEqualToThreshold"
	StepAbove   = "GreaterThanThreshold"
	StepAtMost  = "LessThanOrEqualToThreshold"
	StepBelow   = "LessThanThreshold"
)

// The adjustment types of a StepPolicy.
const (
	StepChange  = "ChangeInCapacity"
	StepPercent = "PercentChangeInCapacity"
	StepExact   = "ExactCapacity"
)

// StepAdjustment is what happens where the measurement less the threshold lies in an interval: from the lower bound, which
// belongs to it, to the upper one, which does not; for a policy that compares downwards the other way round. A bound that
// is left out is infinite.
type StepAdjustment struct {
	MetricIntervalLowerBound *float64 `json:"MetricIntervalLowerBound,omitempty"`
	MetricIntervalUpperBound *float64 `json:"MetricIntervalUpperBound,omitempty"`
	ScalingAdjustment        int      `json:"ScalingAdjustment"`
}

// StepPolicy is an alarm and what it does.
type StepPolicy struct {
	Threshold          float64          `json:"Threshold"`
	ComparisonOperator string           `json:"ComparisonOperator,omitempty"` // default GreaterThanOrEqualToThreshold
	EvaluationPeriods  int              `json:"EvaluationPeriods,omitempty"`  // default 1
	Sum                bool             `json:"Sum,omitempty"`                // compare the total, not the average of those in service
	AdjustmentType     string           `json:"AdjustmentType,omitempty"`     // default ChangeInCapacity
	MinMagnitude       int              `json:"MinAdjustmentMagnitude,omitempty"`
	Adjustments        []StepAdjustment `json:"StepAdjustments"`
}

// StepScalingConfig is the configuration of a StepScaling, with the names of the cloud's API where it has them.
type StepScalingConfig struct {
	Policies []StepPolicy `json:"Policies"`
	MinSize  int          `json:"MinSize,omitempty"`
	MaxSize  int          `json:"MaxSize,omitempty"` // default 0: none
	// EstimatedInstanceWarmup is how long a new replica does not count, in seconds. Default 300.
	EstimatedInstanceWarmup *int     `json:"EstimatedInstanceWarmup,omitempty"`
	Cooldown                int      `json:"Cooldown,omitempty"` // seconds after a removal in which nothing else is removed
	Period                  Duration `json:"period,omitempty"`   // default 60 s: how often Recommend is called
}

// WithDefaults returns c with everything filled in that was left out.
func (c StepScalingConfig) WithDefaults() StepScalingConfig {
	if c.EstimatedInstanceWarmup == nil {
		c.EstimatedInstanceWarmup = new(300)
	}
	if c.Period == 0 {
		c.Period = Duration(time.Minute)
	}
	c.Policies = slices.Clone(c.Policies)
	for i := range c.Policies {
		p := &c.Policies[i]
		if p.ComparisonOperator == "" {
			p.ComparisonOperator = StepAtLeast
		}
		if p.EvaluationPeriods == 0 {
			p.EvaluationPeriods = 1
		}
		if p.AdjustmentType == "" {
			p.AdjustmentType = StepChange
		}
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c StepScalingConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	f.bounds("MinSize", c.MinSize, "MaxSize", c.MaxSize)
	f.seconds("EstimatedInstanceWarmup", *c.EstimatedInstanceWarmup)
	f.seconds("Cooldown", c.Cooldown)
	f.duration("period", c.Period, time.Second, 24*time.Hour)
	if len(c.Policies) == 0 {
		f.addf("Policies is empty; wanted at least one")
	}
	for i, p := range c.Policies {
		if !known(p.Threshold) {
			f.addf("Policies[%d].Threshold is %v; wanted a finite number", i, p.Threshold)
		}
		if !slices.Contains([]string{StepAtLeast, StepAbove, StepAtMost, StepBelow}, p.ComparisonOperator) {
			f.addf("Policies[%d].ComparisonOperator is %q; wanted %s, %s, %s or %s", i, p.ComparisonOperator, StepAtLeast, StepAbove, StepAtMost, StepBelow)
		}
		if !slices.Contains([]string{StepChange, StepPercent, StepExact}, p.AdjustmentType) {
			f.addf("Policies[%d].AdjustmentType is %q; wanted %s, %s or %s", i, p.AdjustmentType, StepChange, StepPercent, StepExact)
		}
		if p.EvaluationPeriods < 1 || p.EvaluationPeriods > 1440 {
			f.addf("Policies[%d].EvaluationPeriods is %d; wanted 1 to 1440", i, p.EvaluationPeriods)
		}
		if p.MinMagnitude < 0 || p.MinMagnitude > math.MaxInt32 {
			f.addf("Policies[%d].MinAdjustmentMagnitude is %d; wanted 0 or more", i, p.MinMagnitude)
		}
		if len(p.Adjustments) == 0 {
			f.addf("Policies[%d].StepAdjustments is empty; wanted at least one", i)
		}
		last := math.Inf(-1)
		for j, a := range p.Adjustments {
			lower, upper := a.bounds()
			if !(lower < upper) || lower < last {
				f.addf("Policies[%d].StepAdjustments[%d] is %v to %v; wanted a lower bound below the upper one, and at least the upper one before (%v)", i, j, lower, upper, last)
			}
			last = upper
			if n := a.ScalingAdjustment; n < -math.MaxInt32 || n > math.MaxInt32 || n < 0 && p.AdjustmentType == StepExact {
				f.addf("Policies[%d].StepAdjustments[%d].ScalingAdjustment is %d; wanted a count", i, j, n)
			}
		}
	}
	return f.join()
}

func (a *StepAdjustment) bounds() (lower, upper float64) {
	lower, upper = math.Inf(-1), math.Inf(1)
	if a.MetricIntervalLowerBound != nil {
		lower = *a.MetricIntervalLowerBound
	}
	if a.MetricIntervalUpperBound != nil {
		upper = *a.MetricIntervalUpperBound
	}
	return lower, upper
}

// StepScaling is the rule of a cloud's step scaling policies, as Amazon documents it for EC2 Auto Scaling: the further an
// alarm is breached, the larger the step. Replicas that warm up are not in the measurement, and not in the count that a
// step up starts from: an alarm that goes on adds only what a larger step has more. Nothing is removed while there are any.
// Of several policies whose alarms are breached the largest count wins.
type StepScaling struct {
	cfg    StepScalingConfig
	group  group
	alarms []sustained
}

// NewStepScaling returns a StepScaling with the defaults filled in and all its memory allocated. The error is Validate's.
func NewStepScaling(cfg StepScalingConfig) (*StepScaling, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	if cfg.MaxSize == 0 {
		cfg.MaxSize = math.MaxInt32
	}
	return &StepScaling{
		cfg:    cfg,
		group:  newGroup(*cfg.EstimatedInstanceWarmup, cfg.Period),
		alarms: make([]sustained, len(cfg.Policies)),
	}, nil
}

// Reset forgets everything.
func (t *StepScaling) Reset() {
	t.group.reset()
	clear(t.alarms)
}

// Recommend decides from values[0], the total over the replicas in service. Where it is missing nothing is decided, and how
// long an alarm has been breached goes on.
func (t *StepScaling) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	current := fleet.Ordered()
	ns, d, over := t.group.admit(now, values, current, t.cfg.MinSize, t.cfg.MaxSize)
	if over {
		return d
	}
	warming := t.group.warm.warming(ns, current)
	service := min(fleet.Ready, current-warming)
	best, why, breached := 0, ReasonTolerance, false
	for i := range t.cfg.Policies {
		p := &t.cfg.Policies[i]
		value := values[0]
		if !p.Sum {
			if service <= 0 { // nobody to ask
				why = ReasonWarmup
				continue
			}
			value /= float64(service)
		}
		n, reason, ok := t.alarm(ns, p, &t.alarms[i], value, current, warming)
		switch {
		case !ok && !breached && reason != ReasonTolerance:
			why = reason
		case ok && (!breached || n > best):
			best, why, breached = n, reason, true
		}
	}
	if !breached {
		return Decision{current, why}
	}
	d = Decision{best, why}.atLeast(t.cfg.MinSize, ReasonMin).atMost(t.cfg.MaxSize, ReasonMax)
	if d.Count < current {
		switch {
		case warming > 0:
			return Decision{current, ReasonWarmup}
		case t.group.cools(ns, t.cfg.Cooldown):
			return Decision{current, ReasonCooldown}
		}
	}
	return t.group.settle(ns, current, d)
}

// alarm is the count that one policy asks for, false if its alarm is not breached or it has no step for the breach.
func (t *StepScaling) alarm(ns int64, p *StepPolicy, a *sustained, value float64, current, warming int) (int, Reason, bool) {
	over := value - p.Threshold
	up, breached := true, over < 0
	switch p.ComparisonOperator {
	case StepAtLeast:
		breached = over >= 0
	case StepAbove:
		breached = over > 0
	case StepAtMost:
		up, breached = false, over <= 0
	default:
		up = false
	}
	period := int64(t.cfg.Period)
	if held := a.observe(ns, period, breached); held == 0 {
		return 0, ReasonTolerance, false
	} else if held < period*int64(p.EvaluationPeriods) {
		return 0, ReasonSustain, false
	}
	for i := range p.Adjustments {
		s := &p.Adjustments[i]
		lower, upper := s.bounds()
		if up && lower <= over && over < upper || !up && lower < over && over <= upper {
			n, reason := p.adjust(s.ScalingAdjustment, current, warming)
			return n, reason, true
		}
	}
	return 0, ReasonTolerance, false
}

// adjust is the count after an adjustment.
func (p *StepPolicy) adjust(by, current, warming int) (int, Reason) {
	if p.AdjustmentType == StepExact {
		return by, ReasonMetric
	}
	base := current
	if by > 0 {
		base -= warming
	}
	if p.AdjustmentType == StepPercent {
		// Cut off towards zero, but at least 1 either way.
		change := int(max(-math.MaxInt32, min(math.Trunc(float64(base)*float64(by)/100), math.MaxInt32)))
		least := max(p.MinMagnitude, 1)
		switch {
		case by > 0:
			change = max(change, least)
		case by < 0:
			change = min(change, -least)
		}
		by = change
	}
	n := count(float64(base) + float64(by))
	if by > 0 && n <= current && warming > 0 {
		return current, ReasonWarmup
	}
	return n, ReasonMetric
}

// State walks what the rule remembers, for snapshots.
func (t *StepScaling) State(s *state.Codec) {
	t.group.state(s)
	if s.Len(len(t.alarms)) {
		for i := range t.alarms {
			t.alarms[i].state(s)
		}
	}
}
