package adapters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ErrRunning is what Run returns while an earlier Run of the same Runner has not ended.
var ErrRunning = errors.New("the runner runs already")

// Runner drives one engine: it reads the sources, asks for a decision and carries it out. Make it with NewRunner.
//
// All methods are safe for concurrent use. Ticks exclude each other; Announce, Withdraw and AppendBinary wait for no I/O.
type Runner struct {
	cfg     Config
	running sync.Mutex // held by Run

	ticking sync.Mutex // held by Tick; guards feeds and buffer
	feeds   []feed
	buffer  []forecast.Sample

	engine sync.Mutex // guards cfg.Engine, and is never held during I/O
}

// NewRunner returns a Runner that has read nothing yet. The error wraps scaler.Faults, with every fault of cfg. The Runner
// keeps what cfg refers to; nobody else may use the Engine from now on.
func NewRunner(cfg Config) (*Runner, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, fmt.Errorf("runner: %w", faults)
	}
	r := &Runner{cfg: cfg}
	for i, s := range cfg.Engine.Config().Signals {
		newest, _ := cfg.Engine.Newest(i) // zero for a new engine
		r.feeds = append(r.feeds, feed{index: i, name: s.Name, source: cfg.Sources[i], newest: newest, since: newest})
	}
	return r, nil
}

// Announce tells the engine of an event, as scaler.Engine.Announce does. The next tick takes it into account.
func (r *Runner) Announce(ev forecast.Event) error {
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.Announce(ev)
}

// Withdraw takes an announced event back, as scaler.Engine.Withdraw does.
func (r *Runner) Withdraw(id string) error {
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.Withdraw(id)
}

// AppendBinary appends a snapshot of the engine to b, as scaler.Engine.AppendBinary does. A Runner with the restored
// engine reads on from its newest sample.
func (r *Runner) AppendBinary(b []byte) ([]byte, error) {
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.AppendBinary(b)
}

// Tick decides once, at time now: it reads what is new from every source, asks the actuator for the fleet, has the engine
// decide, applies the decision if it changes the count, and tells the observers.
//
// The decision and the error do not exclude each other; the error joins everything that went wrong, each with what was
// tried. A source that fails is left out, and the engine decides with what it has: its guard against stale samples
// releases nothing. Where Apply fails the observers are told nevertheless. Where the fleet cannot be looked at, or ctx
// ends before the decision, there is none: its Time is zero and nobody is told.
func (r *Runner) Tick(ctx context.Context, now time.Time) (scaler.Decision, error) {
	r.ticking.Lock()
	defer r.ticking.Unlock()

	var faults []error
	failed := func(err error) (scaler.Decision, error) {
		return scaler.Decision{}, errors.Join(append(faults, err)...)
	}
	for i := range r.feeds {
		if err := r.read(ctx, &r.feeds[i], now); err != nil {
			faults = append(faults, err)
		}
	}
	if ctx.Err() != nil { // who shuts down does not want the fleet changed for want of samples
		return failed(fmt.Errorf("tick at %v: %w", now, ctx.Err()))
	}

	fleet, err := r.cfg.Actuator.Fleet(ctx)
	if err != nil {
		return failed(fmt.Errorf("looking at the fleet: %w", err))
	}
	var d scaler.Decision
	if err := r.recommend(&d, now, fleet); err != nil {
		return failed(fmt.Errorf("deciding: %w", err))
	}
	if d.Change() != 0 {
		if err := r.cfg.Actuator.Apply(ctx, &d); err != nil {
			faults = append(faults, fmt.Errorf("applying %d -> %d replicas: %w", fleet.Ordered(), d.Replicas, err))
		}
	}
	for _, o := range r.cfg.Observers {
		o.Decision(ctx, &d)
	}
	return d, errors.Join(faults...)
}

// Run ticks at each multiple of Interval of the wall clock until ctx ends, and then returns nil. Call Tick before it for a
// decision at once.
//
// Errors are logged and the loop goes on. A tick that takes longer than the interval makes the loop leave out the
// boundaries that it missed; ticks never pile up. Run starts no goroutine: it is the caller's, go or not.
func (r *Runner) Run(ctx context.Context) error {
	if !r.running.TryLock() {
		return ErrRunning
	}
	defer r.running.Unlock()

	timer := time.NewTimer(time.Until(r.boundary(time.Now())))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		begin := time.Now()
		d, err := r.Tick(ctx, begin)
		r.log(ctx, &d, err)
		next := r.boundary(time.Now())
		if missed := int(next.Sub(r.boundary(begin)) / r.cfg.Interval); missed > 0 && ctx.Err() == nil {
			r.cfg.Logger.WarnContext(ctx, "tick took longer than the interval", "took", time.Since(begin), "interval", r.cfg.Interval, "missed", missed)
		}
		timer.Reset(time.Until(next))
	}
}

// boundary returns the first multiple of Interval after t.
func (r *Runner) boundary(t time.Time) time.Time {
	return t.Truncate(r.cfg.Interval).Add(r.cfg.Interval)
}

// log tells what a tick of Run came to.
func (r *Runner) log(ctx context.Context, d *scaler.Decision, err error) {
	if !d.Time.IsZero() {
		level := slog.LevelDebug
		if d.Change() != 0 {
			level = slog.LevelInfo
		}
		r.cfg.Logger.Log(ctx, level, "decision", "decision", d)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		r.cfg.Logger.InfoContext(ctx, "stopped in the middle of a tick", "error", err)
	default:
		r.cfg.Logger.ErrorContext(ctx, "tick", "error", err)
	}
}

// maxBuffer is the number of samples that the buffer keeps room for from tick to tick; a backfill's is given back.
const maxBuffer = 4096

// read brings the engine what is new in one source.
func (r *Runner) read(ctx context.Context, f *feed, now time.Time) error {
	from := f.window(now, r.cfg.Backfill, r.cfg.Overlap)
	if !from.Before(now) { // the clock was set back
		return nil
	}
	samples, err := f.source.Read(ctx, r.buffer[:0], from, now)
	if err != nil {
		return fmt.Errorf("signal %q: reading %v to %v: %w", f.name, from, now, err)
	}
	r.engine.Lock()
	err = f.observe(r.cfg.Engine, samples, from, now, r.cfg.Location)
	r.engine.Unlock()
	f.forget(r.cfg.Overlap)
	if r.buffer = samples[:0]; cap(samples) > maxBuffer {
		r.buffer = nil
	}
	return err
}

// recommend asks the engine.
func (r *Runner) recommend(d *scaler.Decision, now time.Time, fleet policy.Fleet) error {
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.Recommend(d, now, fleet)
}
