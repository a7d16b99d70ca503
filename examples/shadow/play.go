package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

// rule is the HPA that is played where nobody says what the real one did: CPU in percent of what a replica carries, with the
// defaults of Kubernetes.
func (t *terms) rule() *scaler.Today {
	return &scaler.Today{AtCapacity: []float64{1}, KubeHPA: &compat.KubeHPAConfig{
		Metrics: []compat.KubeMetric{{Name: "cpu", Kind: compat.KubeUtilization, Target: float64(t.target)}},
	}}
}

// patience is how many ticks in a row may fail.
const patience = 10

// play runs the engine in shadow mode from t.from to t.to, a tick for each step, and then in real time if it is to follow.
func play(ctx context.Context, t terms, out io.Writer, logger *slog.Logger) error {
	if err := t.events(); err != nil {
		return err
	}
	engine, err := scaler.New(scaler.Config{
		Step: scaler.Duration(t.step), Boot: scaler.Duration(t.boot), Penalty: t.penalty, MaxEvents: max(256, len(t.announced)),
		Signals: []scaler.Signal{{Name: "demand", Capacity: t.capacity}},
	})
	if err != nil {
		return err
	}
	demand, err := t.source(t.demand, logger)
	if err != nil {
		return err
	}
	there, err := t.fleet(ctx, logger)
	if err != nil {
		return err
	}
	hours := newHours(out)
	runner, err := adapters.NewRunner(adapters.Config{
		Engine: engine, Sources: []adapters.Source{demand}, Actuator: there, Observers: []adapters.Observer{hours},
		Mode: adapters.ModeShadow, Backfill: t.backfill, Logger: logger,
	})
	if err != nil {
		return err
	}
	for _, ev := range t.announced {
		if err := runner.Announce(ev); err != nil {
			return fmt.Errorf("event %s: %w", ev.ID, err)
		}
	}

	hours.header(there.provenance())
	failed := patience // the first tick must succeed: what is misspelt shows there
	for now := t.from; !now.After(t.to); now = now.Add(t.step) {
		there.at(now)
		_, err := runner.Tick(ctx, now)
		if ctx.Err() != nil {
			break // what was seen so far is worth a summary
		}
		if err == nil {
			failed = 0
			continue
		}
		if failed++; failed > patience {
			return fmt.Errorf("%s: %w", now.Format(time.RFC3339), err)
		}
		logger.WarnContext(ctx, "tick", "time", now, "error", err)
	}
	if t.follow && ctx.Err() == nil {
		there.at(time.Time{})
		if err := runner.Run(ctx); err != nil {
			return err
		}
	}
	return hours.summary(t.explain)
}

// fleet returns the fleet that is there.
func (t *terms) fleet(ctx context.Context, logger *slog.Logger) (fleet, error) {
	if t.ready == "" {
		demand, err := t.source(t.demand, logger)
		if err != nil {
			return nil, err
		}
		return t.play(ctx, demand)
	}
	ready, e1 := t.source(t.ready, logger)
	wanted, e2 := t.source(t.wanted, logger)
	return &observed{ready: ready, wanted: wanted, step: t.step}, errors.Join(e1, e2)
}
