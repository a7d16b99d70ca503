package scaler

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
)

// WhatIf alters what a decision is based on. The zero value alters nothing.
type WhatIf struct {
	// Next adds a sample to every signal, a step after its newest number and so many times its value; the answer is then
	// that of a step later [0: none].
	Next float64
	// Demand multiplies the forecast of every signal and what was measured last, as seen by this decision [1].
	Demand float64
	// Penalty is that of Config; the shadow policies keep what they have cost at the configured one [as configured].
	Penalty float64
	// Withdraw takes announced events back by their ID, then Announce adds some or moves those that have their ID.
	Withdraw []string
	Announce []forecast.Event
}

// WhatIfError says which field of a WhatIf is wrong, and what was wanted.
type WhatIfError struct {
	Field, Value, Wanted string
}

// Error implements error.
func (e *WhatIfError) Error() string {
	return "what if: " + e.Field + " is " + e.Value + "; wanted " + e.Wanted
}

// check refuses what cannot be.
func (q *WhatIf) check() error {
	factor := func(v float64, field string) error {
		if v >= 0 && v <= 1e6 {
			return nil
		}
		return &WhatIfError{field, strconv.FormatFloat(v, 'g', -1, 64), "0 (as it is) or a factor up to 1e6"}
	}
	if err := factor(q.Next, "next"); err != nil {
		return err
	}
	if err := factor(q.Demand, "demand"); err != nil {
		return err
	}
	if q.Penalty != 0 && !(q.Penalty > 1 && q.Penalty <= 1e6) {
		return &WhatIfError{"penalty", strconv.FormatFloat(q.Penalty, 'g', -1, 64), "0 (as configured), or more than 1 and up to 1e6"}
	}
	return nil
}

// WhatIf fills d with what Recommend would decide at time now for the fleet if things were as q has them, and changes
// nothing. What q adds is added to what the engine knows; another time and another fleet are arguments, as of Peek. Within a step the
// largest need is kept: ask before Recommend has decided on the step, or with Next, what less demand would release.
// Errors: a *WhatIfError, a *FleetError, or those of Announce and Withdraw; d is then as it was. It allocates as much as
// the events of q need.
func (e *Engine) WhatIf(d *Decision, now time.Time, fleet policy.Fleet, q WhatIf) error {
	if err := q.check(); err != nil {
		return err
	}
	w := state.NewWriter(e.saved[:0])
	e.fields(&w)
	e.saved = w.Bytes()
	cfg, plan, signals := e.cfg, e.plan, slices.Clone(e.signals)
	err := e.suppose(d, now, fleet, &q)
	e.cfg, e.plan = cfg, plan
	copy(e.signals, signals)
	r := state.NewReader(e.saved)
	e.fields(&r)
	return err
}

// suppose alters the engine and decides.
func (e *Engine) suppose(d *Decision, now time.Time, fleet policy.Fleet, q *WhatIf) error {
	for _, id := range q.Withdraw {
		if err := e.Withdraw(id); err != nil {
			return err
		}
	}
	for i := range q.Announce {
		if err := e.Announce(q.Announce[i]); err != nil {
			return err
		}
	}
	if q.Next > 0 {
		now = now.Add(e.cfg.Step.Std())
		for i := range e.signals {
			series := e.signals[i].forecast.Series()
			newest, ok := series.NewestNumber()
			if !ok {
				continue
			}
			// The step must be over before its value can be read.
			e.signals[i].forecast.Advance(newest.Add(e.cfg.Step.Std()))
			v, _ := series.At(series.Index(newest))
			if math.IsNaN(v) {
				continue
			}
			if err := e.Observe(i, forecast.Sample{Time: newest.Add(e.cfg.Step.Std()), Value: v * q.Next}); err != nil {
				return err
			}
		}
	}
	if q.Penalty > 0 {
		e.cfg.Penalty, e.plan.Penalty = q.Penalty, q.Penalty
	}
	if err := check(fleet); err != nil {
		return err
	}
	if q.Demand > 0 && q.Demand != 1 {
		// More demand on replicas as they are is the same as demand as it is on replicas that carry less.
		// What the shadow policies have cost so far is settled before.
		if !e.ever || now.UnixNano() >= e.last {
			for i := range e.signals {
				e.signals[i].forecast.Advance(now)
			}
			e.settle(now, fleet.Ordered())
		}
		for i := range e.signals {
			e.signals[i].capacity /= q.Demand
		}
		if err := e.Recommend(d, now, fleet); err != nil {
			return err
		}
		d.Capacity *= q.Demand
		d.Observed *= q.Demand
		for i := range d.Demand {
			d.Demand[i] *= q.Demand
		}
		return nil
	}
	return e.Recommend(d, now, fleet)
}
