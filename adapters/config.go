package adapters

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/headroom-go/headroom/scaler"
)

// Config says what a Runner drives, and how. A zero field means the default in brackets.
type Config struct {
	// Engine decides. It belongs to the Runner from NewRunner on: use Runner.Announce, Withdraw and AppendBinary.
	Engine *scaler.Engine
	// Sources are the demand series, one for each of the engine's Signals, in their order.
	Sources []Source
	// Actuator has the fleet.
	Actuator Actuator
	// Observers are told of every decision, in this order [none].
	Observers []Observer

	// Interval is the time between decisions, 1s up to the engine's Step [the engine's Step]. It cannot be longer than
	// the Step, because the engine's lead time allows one step from one decision to the next.
	Interval time.Duration
	// Backfill is how much history is read before the first decision, and at most how far back is read after a source
	// was away [8 days]. The longest season that the engine learns is a week: 8 days show it every hour of a week, and
	// that of today's weekday twice. One step is next to nothing.
	Backfill time.Duration
	// Overlap is how late a sample may come and still be read: each window begins that long before the newest sample
	// that was seen [10 steps].
	Overlap time.Duration
	// Location is the place whose clock the daily pattern follows [that of the samples, as the sources give them].
	Location *time.Location
	// Logger takes what Run has to say: changes at Info, other decisions at Debug, errors at Error [nothing is logged].
	Logger *slog.Logger
}

const (
	defaultBackfill     = 8 * 24 * time.Hour
	defaultOverlapSteps = 10
	minInterval         = time.Second
	maxBackfill         = 366 * 24 * time.Hour
)

// complete returns c with its defaults, and every fault that it has.
func (c Config) complete() (Config, scaler.Faults) {
	var faults scaler.Faults
	fault := func(field, value, wanted string) {
		faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
	}

	if c.Actuator == nil {
		fault("actuator", "nil", "an actuator")
	}
	for i, s := range c.Sources {
		if s == nil {
			fault(fmt.Sprintf("sources[%d]", i), "nil", "a source")
		}
	}
	for i, o := range c.Observers {
		if o == nil {
			fault(fmt.Sprintf("observers[%d]", i), "nil", "an observer")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Backfill == 0 {
		c.Backfill = defaultBackfill
	}
	if c.Backfill < 0 || c.Backfill > maxBackfill {
		fault("backfill", c.Backfill.String(), fmt.Sprintf("more than 0s, up to %v", maxBackfill))
	}
	if c.Overlap < 0 {
		fault("overlap", c.Overlap.String(), "0s (10 steps) or more")
	}
	if c.Engine == nil {
		fault("engine", "nil", "an engine")
		return c, faults
	}

	engine := c.Engine.Config()
	if len(c.Sources) != len(engine.Signals) {
		names := make([]string, len(engine.Signals))
		for i, s := range engine.Signals {
			names[i] = s.Name
		}
		fault("sources", fmt.Sprintf("a list of %d", len(c.Sources)), fmt.Sprintf("one for each signal of the engine: %q", names))
	}
	step := engine.Step.Std()
	if c.Interval == 0 {
		c.Interval = step
	}
	if c.Interval < minInterval || c.Interval > step {
		fault("interval", c.Interval.String(), fmt.Sprintf("%v to %v, the engine's step", minInterval, step))
	}
	if c.Overlap == 0 {
		c.Overlap = defaultOverlapSteps * step
	}
	return c, faults
}
