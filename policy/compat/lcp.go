package compat

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// LCPConfig is the configuration of an LCP.
type LCPConfig struct {
	Capacity float64  `json:"capacity"`          // the demand that one replica carries
	Step     Duration `json:"step"`              // how long a decision holds: Recommend is called once a step
	Boot     Duration `json:"boot,omitempty"`    // default 2 m: a replica that is added costs as much as running so long
	Penalty  float64  `json:"penalty,omitempty"` // default 20: unserved demand of a replica's worth, in replicas
	Min      int      `json:"min,omitempty"`     // default 0
	Max      int      `json:"max"`               // the largest count, at most a million: memory and time grow with it
}

// WithDefaults returns c with everything filled in that was left out.
func (c LCPConfig) WithDefaults() LCPConfig {
	if c.Boot == 0 {
		c.Boot = Duration(2 * time.Minute)
	}
	if c.Penalty == 0 {
		c.Penalty = 20
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c LCPConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	if !(c.Capacity > 0) || !known(c.Capacity) {
		f.addf("capacity is %v; wanted more than 0", c.Capacity)
	}
	if !(c.Penalty > 0) || !known(c.Penalty) {
		f.addf("penalty is %v; wanted more than 0", c.Penalty)
	}
	f.duration("step", c.Step, 1, year)
	f.duration("boot", c.Boot, 1, math.MaxInt64)
	if c.Min < 0 {
		f.addf("min is %d; wanted 0 or more", c.Min)
	}
	if c.Max < max(c.Min, 1) || c.Max > 1_000_000 {
		f.addf("max is %d; wanted at least 1, at least min (%d) and at most 1000000", c.Max, c.Min)
	}
	return f.join()
}

// LCP is lazy capacity provisioning (Lin, Wierman, Andrew and Thereska 2011; for whole numbers Albers and Quedenfeld 2018):
// the fleet stays as long as it is inside the band in which a path that is optimal so far may end, and moves to the edge of
// the band when it is not. It needs no forecast and no parameter but the prices, and over any demand it costs at most three
// times the optimum, which no deterministic rule undercuts.
//
// That bound holds for counts that serve the demand they were chosen for. With a boot time, or a measurement that comes
// after the step it belongs to, an unknown spike costs any rule its penalty.
type LCP struct {
	cfg   LCPConfig
	clock clock
	work  *WorkFunction
}

// NewLCP returns an LCP with the defaults filled in and all its memory allocated. The error is Validate's.
func NewLCP(cfg LCPConfig) (*LCP, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	hours := cfg.Step.Std().Hours()
	prices := WorkPrices{Capacity: cfg.Capacity, Run: hours, Unserved: float64(hours * cfg.Penalty), Up: cfg.Boot.Std().Hours()}
	return &LCP{cfg: cfg, work: NewWorkFunction(prices, cfg.Min, cfg.Max)}, nil
}

// Reset forgets everything.
func (l *LCP) Reset() { l.clock = clock{} }

// Recommend takes values[0], the total demand of a step, and decides; each call is one step. Where the demand is missing
// nothing is decided or remembered.
func (l *LCP) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	current := fleet.Ordered()
	_, first, ok := l.clock.advance(now)
	if !ok {
		return Decision{current, ReasonClock}
	}
	if first {
		l.work.Start(current)
	}
	if len(values) == 0 || !(values[0] >= 0) || math.IsInf(values[0], 0) {
		return Decision{current, ReasonMissing}
	}
	low, high := l.work.Step(values[0])
	switch {
	case current < low:
		return Decision{low, ReasonBandLow}
	case current > high:
		return Decision{high, ReasonBandHigh}
	}
	return Decision{current, ReasonBand}
}

// State walks what the rule remembers, for snapshots.
func (l *LCP) State(s *state.Codec) {
	l.clock.state(s)
	l.work.State(s)
}
