package adapters

import (
	"context"
	"fmt"

	"github.com/headroom-go/headroom/scaler"
)

// restore asks the store for a snapshot, once, and puts the engine that it makes in the place of the new one. What the new one
// was told by then the restored one is told too.
//
// A snapshot that cannot be had or used is reported: the new engine then begins with the backfill. With Config.Strict
// the next tick asks again, and there is no decision until it succeeds.
func (r *Runner) restore(ctx context.Context) error {
	if r.restored {
		return nil
	}
	engine, err := r.load(ctx)
	if err != nil && (r.cfg.Strict || ctx.Err() != nil) {
		return err
	}
	r.restored, r.saved = true, r.report.Time
	r.engine.Lock()
	defer r.engine.Unlock()
	early := r.early
	r.early, r.asked = nil, true
	if err != nil {
		return fmt.Errorf("%w; beginning anew with the backfill", err)
	}
	if engine == nil { // nothing was saved yet
		return nil
	}
	r.cfg.Engine = engine
	for _, f := range early {
		_ = f(engine) // whoever told it has got the answer of the new engine
	}
	r.begin()
	r.log.InfoContext(ctx, "snapshot restored")
	return nil
}

// load returns the engine of the snapshot, nil if there is none.
func (r *Runner) load(ctx context.Context) (*scaler.Engine, error) {
	var b []byte
	err := r.cfg.Retry.attempt(ctx, r.cfg.Interval/4, nil, func(ctx context.Context) (err error) {
		b, err = r.cfg.Store.Load(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loading the snapshot: %w", err)
	}
	if b == nil {
		return nil, nil
	}
	engine, err := scaler.Restore(r.cfg.Engine.Config(), b)
	if err != nil {
		return nil, fmt.Errorf("loading the snapshot: %w", err)
	}
	return engine, nil
}

// save has the store keep a snapshot.
func (r *Runner) save(ctx context.Context) error {
	b, err := r.AppendBinary(nil)
	if err == nil {
		err = r.cfg.Retry.attempt(ctx, r.cfg.Interval/4, nil, func(ctx context.Context) error { return r.cfg.Store.Save(ctx, b) })
	}
	if err != nil {
		return fmt.Errorf("saving a snapshot: %w", err)
	}
	return nil
}
