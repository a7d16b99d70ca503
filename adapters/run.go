package adapters

import (
	"context"
	"log/slog"
	"time"

	"github.com/headroom-go/headroom/scaler"
)

// Run ticks at each multiple of Interval of the wall clock, Offset later, until ctx ends, and then returns nil. Call Tick
// before it for a decision at once.
//
// Errors are logged and the loop goes on. A tick that takes longer than the interval makes the loop leave out the
// boundaries that it missed; ticks never pile up. Run starts no goroutine that outlives it: it is the caller's, go or not.
//
// When ctx ends, a tick in progress may go on for Grace and is then abandoned; then, within
// another Grace, a snapshot is saved and the Stoppers are told. A Source, Actuator, Store or Observer that does not honour
// its context is waited for.
func (r *Runner) Run(ctx context.Context) error {
	if !r.running.TryLock() {
		return ErrRunning
	}
	defer r.running.Unlock()

	work, done := outlast(ctx, r.cfg.Grace)
	defer done()
	due := r.boundary(time.Now())
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-timer.C:
			if ctx.Err() == nil { // of two that are ready select takes any, and nothing is begun any more
				due = r.turn(work, due)
				timer.Reset(time.Until(due))
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Grace)
	defer cancel()
	r.stop(last)
	return nil
}

// outlast returns a context that ends so long after ctx, or when done is called.
func outlast(ctx context.Context, grace time.Duration) (work context.Context, done context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(work, func() { timer.Stop() })
	})
	return work, func() { stop(); cancel() }
}

// boundary returns the first time after now at which Run ticks.
func (r *Runner) boundary(now time.Time) time.Time {
	return now.Add(-r.cfg.Offset).Truncate(r.cfg.Interval).Add(r.cfg.Interval + r.cfg.Offset)
}

// turn ticks because it was due, logs what happened, and returns when the next tick is due.
func (r *Runner) turn(ctx context.Context, due time.Time) time.Time {
	begin := time.Now()
	d, err := r.Tick(ctx, begin)
	r.tell(ctx, &d, err)
	now := time.Now()
	next := r.boundary(now)
	if missed := int(next.Sub(due)/r.cfg.Interval) - 1; missed > 0 && ctx.Err() == nil {
		r.log.WarnContext(ctx, "tick took longer than the interval", "took", now.Sub(begin), "waited", begin.Sub(due), "interval", r.cfg.Interval, "missed", missed)
	}
	return next
}

// tell logs what a tick came to.
func (r *Runner) tell(ctx context.Context, d *scaler.Decision, err error) {
	if !d.Time.IsZero() {
		level := slog.LevelDebug
		if d.Acts() {
			level = slog.LevelInfo
		}
		r.log.Log(ctx, level, "decision", "decision", d)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		r.log.InfoContext(ctx, "stopped in the middle of a tick", "error", err)
	default:
		r.log.ErrorContext(ctx, "tick", "error", err)
	}
}

// stop saves a last snapshot, unless it would put an engine that has not lived in the place of one that has, and tells the
// observers that want to know.
func (r *Runner) stop(ctx context.Context) {
	r.ticking.Lock()
	defer r.ticking.Unlock()
	if r.cfg.Store != nil && r.restored && !r.report.Time.IsZero() {
		if err := r.save(ctx); err != nil {
			r.log.ErrorContext(ctx, "stop", "error", err)
		}
	}
	for _, o := range r.cfg.Observers {
		if stopper, ok := o.(Stopper); ok {
			stopper.Stop(ctx)
		}
	}
}
