package adapters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Tick decides once, at time now: it reads what is new from every feed, asks the actuator for the fleet, has the engine
// decide, applies the decision if it changes the count (or the actuator is Bounding) and the Mode is to act, tells the observers, and saves a snapshot
// if it is time.
//
// Reading takes half of the Interval at most (a backfill a minute), each call of the actuator and of the store a quarter of
// it, retries included.
//
// The decision and the error do not exclude each other; the error joins everything that went wrong, each with what was
// tried. A feed that fails is left out, and the engine decides with what it has: its guard against stale samples
// releases nothing. That samples are old is no error; Report says whose. Where Apply fails the observers are told
// nevertheless. Where the fleet cannot be looked at, or ctx ends before the decision, there is none: its Time is zero,
// and only Reporters are told.
func (r *Runner) Tick(ctx context.Context, now time.Time) (scaler.Decision, error) {
	r.ticking.Lock()
	defer r.ticking.Unlock()

	begin := time.Now()
	report := &r.report
	*report = Report{Workload: r.cfg.Name, Mode: r.cfg.Mode, Time: now, Inputs: report.Inputs}
	for i := range report.Inputs {
		report.Inputs[i] = InputReport{Signal: report.Inputs[i].Signal, Input: report.Inputs[i].Input}
	}
	report.Err = r.decide(ctx, now, report)
	report.Took = time.Since(begin)
	r.published.Lock()
	r.newest = report.clone()
	r.published.Unlock()
	for _, o := range r.cfg.Observers {
		if reporter, ok := o.(Reporter); ok {
			reporter.Report(ctx, report)
		}
	}
	return report.Decision, report.Err
}

// decide does what Tick says, and returns everything that went wrong.
func (r *Runner) decide(ctx context.Context, now time.Time, report *Report) error {
	var faults []error
	failed := func(err error) error { return errors.Join(append(faults, err)...) }

	if err := r.restore(ctx); err != nil {
		if faults = append(faults, err); !r.restored {
			return errors.Join(faults...)
		}
	}
	faults = append(faults, r.read(ctx, now))
	r.turns(ctx)
	if ctx.Err() != nil { // who shuts down does not want the fleet changed for want of samples
		return failed(fmt.Errorf("tick at %v: %w", now, ctx.Err()))
	}

	act := r.cfg.Interval / 4
	err := r.cfg.Retry.attempt(ctx, act, r.cfg.ActLimiter, func(ctx context.Context) (err error) {
		report.Fleet, err = r.cfg.Actuator.Fleet(ctx)
		return err
	})
	if err != nil {
		return failed(fmt.Errorf("looking at the fleet: %w", err))
	}
	fleet := report.Fleet
	if r.cfg.Mode == ModeShadow {
		fleet = r.own(now, fleet)
	}
	d := &report.Decision
	if err := r.recommend(d, now, fleet); err != nil {
		return failed(fmt.Errorf("deciding: %w", err))
	}
	switch {
	case r.cfg.Mode == ModeShadow:
		report.Shadow = r.shadow.play(d, report.Fleet)
	case r.cfg.Mode == ModeAct && (d.Acts() || bounds(r.cfg.Actuator)):
		err := r.cfg.Retry.attempt(ctx, act, r.cfg.ActLimiter, func(ctx context.Context) error { return r.cfg.Actuator.Apply(ctx, d) })
		if report.Applied = err == nil; err != nil {
			faults = append(faults, fmt.Errorf("applying %d -> %d replicas: %w", fleet.Ordered(), d.Replicas, err))
		}
	}
	for _, o := range r.cfg.Observers {
		o.Decision(ctx, d)
	}
	if r.cfg.Store != nil && now.Sub(r.saved) >= r.cfg.SaveEvery {
		err := r.save(ctx)
		if report.Saved = err == nil; err == nil {
			r.saved = now
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// read brings the engine what is new in all feeds. These are read at the same time, so that one that is slow takes nothing
// from the others, and observed in their order.
func (r *Runner) read(ctx context.Context, now time.Time) error {
	var reading sync.WaitGroup
	for i := range r.routes {
		if i == len(r.routes)-1 { // with one signal, as most have, no goroutine is needed
			r.routes[i].read(ctx, &r.cfg, now)
			break
		}
		reading.Go(func() { r.routes[i].read(ctx, &r.cfg, now) })
	}
	reading.Wait()

	r.engine.Lock()
	defer r.engine.Unlock()
	var faults []error
	for i := range r.routes {
		if err := r.routes[i].take(&r.cfg); err != nil {
			faults = append(faults, fmt.Errorf("signal %q: %w", r.routes[i].name, err))
		}
	}
	return errors.Join(faults...)
}

// turns logs which signals are read from another input than before, and which inputs have become old or young.
func (r *Runner) turns(ctx context.Context) {
	for i := range r.routes {
		route := &r.routes[i]
		for k := range route.reports {
			state, report := &route.inputs[k], &route.reports[k]
			log := func(level slog.Level, text string, args ...any) {
				r.log.Log(ctx, level, text, append([]any{"signal", report.Signal, "input", report.Input}, args...)...)
			}
			if report.Used && k != route.was {
				log(slog.LevelWarn, "signal is read from another input", "before", route.reports[route.was].Input)
				route.was = k
			}
			if !report.Read || report.Old == state.old {
				continue
			}
			switch state.old = report.Old; {
			case !report.Old:
				log(slog.LevelInfo, "samples of the input are young again", "newest", report.Newest)
			case report.Newest.IsZero():
				log(slog.LevelWarn, "input has no sample")
			default:
				log(slog.LevelWarn, "samples of the input are too old", "newest", report.Newest,
					"age", r.report.Time.Sub(report.Newest), "wanted", route.feed.Inputs[k].MaxAge)
			}
		}
	}
}

// recommend asks the engine, on the clock that its daily pattern follows: its windows go by that of now.
func (r *Runner) recommend(d *scaler.Decision, now time.Time, fleet policy.Fleet) error {
	if r.cfg.Location != nil {
		now = now.In(r.cfg.Location)
	}
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.Recommend(d, now, fleet)
}
