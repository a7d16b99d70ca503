package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// EngineConfig returns the configuration of an engine that plays a trace on the terms o: cfg with the step, boot time,
// delay, penalty and capacity that the plant has, so that both go by the same values. The other fields of cfg stay.
//
// It is an error if cfg has a step that is not the trace's, or more than one signal, because a trace is one. The plant
// accepts terms that an engine does not; what the engine refuses, scaler.New reports. A boot time of 0, which for an
// engine means the default, becomes the shortest there is: the engine then counts on one step.
func EngineConfig(cfg scaler.Config, t *Trace, o Options) (scaler.Config, error) {
	var faults scaler.Faults
	if cfg.Step != 0 && cfg.Step.Std() != t.Step {
		faults = append(faults, scaler.Fault{Field: "step", Value: cfg.Step.String(), Wanted: "the trace's, " + t.Step.String() + ", or none"})
	}
	if len(cfg.Signals) > 1 {
		faults = append(faults, scaler.Fault{Field: "signals", Value: fmt.Sprintf("%d of them", len(cfg.Signals)), Wanted: "one, because a trace is one"})
	}
	if o.Penalty == 0 { // for an engine that means the default
		faults = append(faults, scaler.Fault{Field: "penalty", Value: "0", Wanted: "more than 1"})
	}
	if len(faults) > 0 {
		return cfg, faults
	}
	cfg.Step = scaler.Duration(t.Step)
	cfg.Boot = scaler.Duration(max(o.Boot, 1))
	// The plant shows a late sample at the start of a step, so that is how late it is.
	cfg.Delay = scaler.Duration(time.Duration(o.LagSteps(t.Step)) * t.Step)
	cfg.Penalty = o.Penalty
	signals := make([]scaler.Signal, 1)
	copy(signals, cfg.Signals)
	signals[0].Capacity = o.Capacity
	cfg.Signals = signals
	return cfg, nil
}

// EngineController is the engine as a Controller: the same that runs live.
//
// At each step it is given the samples that have become visible (a hole is not a sample), the events whose start is no
// further away than the announcement, and the fleet. An event that finds the engine's table full is offered again at the
// next step.
type EngineController struct {
	engine   *scaler.Engine
	decision scaler.Decision
	fed      int              // samples seen so far, holes included
	events   []forecast.Event // not announced yet, by start
	announce time.Duration
	decided  func(step int, d *scaler.Decision) // of a Case; nil for others
}

// NewEngineController returns a controller around a new engine. Take the configuration from EngineConfig. The events are
// those of the trace by start, nil if there are none; announce is how long before its start each becomes known. The error
// is scaler.New's.
func NewEngineController(cfg scaler.Config, events []forecast.Event, announce time.Duration) (*EngineController, error) {
	engine, err := scaler.New(cfg)
	if err != nil {
		return nil, err
	}
	return &EngineController{engine: engine, events: events, announce: announce}, nil
}

// Decide implements Controller.
func (c *EngineController) Decide(s *Step) (int, error) {
	for ; c.fed < s.First+len(s.Demand); c.fed++ {
		if d := s.Demand[c.fed-s.First]; d >= 0 {
			if err := c.engine.Observe(0, forecast.Sample{Time: s.Times[c.fed-s.First], Value: d}); err != nil {
				return 0, err
			}
		}
	}
	for len(c.events) > 0 && !c.events[0].Start.After(s.Time.Add(c.announce)) {
		err := c.engine.Announce(c.events[0])
		if errors.Is(err, scaler.ErrEventTableFull) {
			break
		}
		if err != nil {
			return 0, err
		}
		c.events = c.events[1:]
	}
	if err := c.engine.Recommend(&c.decision, s.Time, s.Fleet); err != nil {
		return 0, err
	}
	if c.decided != nil {
		c.decided(s.Index, &c.decision)
	}
	return c.decision.Replicas, nil
}

// Decision returns the decision of the last step, with the record of how it came about. It is overwritten by the next.
func (c *EngineController) Decision() *scaler.Decision { return &c.decision }
