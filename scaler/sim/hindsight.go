package sim

import (
	"context"
	"math"
	"runtime"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
)

// HPABest returns the cheapest HPA in hindsight: each of 19 targets (0.10 to 1.00 by 0.05) with each of 5 windows (0, 300,
// 900, 1800 and 3600 s) plays the trace, the rest of the parameters at their defaults, and the one of least cost over the
// scored steps is the result. Of equally cheap ones the lowest target wins, and of those the shortest window. Found of the
// result holds what won.
//
// As many of them play at a time as the processor has cores (runtime.GOMAXPROCS); the result does not depend on it.
// Options.Progress is called by the caller's goroutine alone, with the steps of all of them. HPABest returns when ctx has
// ended and all work has stopped; then it fails.
func HPABest(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	return bestHPA(ctx, t, events, o, false)
}

// SeasonalHPABest is HPABest for a SeasonalHPA.
func SeasonalHPABest(ctx context.Context, t *Trace, events []forecast.Event, o Options) (Result, error) {
	return bestHPA(ctx, t, events, o, true)
}

// hindsightParams are the parameters that a search tries, by target and then by window.
func hindsightParams() []compat.HPAParams {
	var all []compat.HPAParams
	for target := 10; target <= 100; target += 5 {
		for _, window := range []time.Duration{0, 300, 900, 1800, 3600} {
			p := compat.DefaultHPAParams()
			p.Target, p.Window = float64(target)/100, window*time.Second
			all = append(all, p)
		}
	}
	return all
}

func bestHPA(ctx context.Context, t *Trace, events []forecast.Event, o Options, seasonal bool) (Result, error) {
	params := hindsightParams()
	r, best, err := search(ctx, t, events, o, len(params), func(i int) (Controller, error) { return o.hpa(t, params[i], seasonal) })
	if err == nil {
		r.Found = &params[best]
		for i := range r.Tried {
			r.Tried[i].HPA = &params[i]
		}
	}
	return r, err
}

// search plays the cheapest of n controllers in hindsight and returns which it was; cheapest finds it.
func search(ctx context.Context, t *Trace, events []forecast.Event, o Options, n int, controller func(i int) (Controller, error)) (Result, int, error) {
	if err := o.Validate(t); err != nil {
		return Result{}, 0, err
	}
	best, tried, err := cheapest(ctx, t, o, n, runtime.GOMAXPROCS(0), controller)
	if err != nil {
		return Result{}, 0, err
	}
	c, err := controller(best)
	if err != nil {
		return Result{}, 0, err
	}
	o.Progress = nil // cheapest has reported the end
	r, err := Run(ctx, t, events, o, c)
	r.Tried = tried
	return r, best, err
}

// hpa is a new HPA with these parameters for a trace, with or without the schedule of the past.
func (o Options) hpa(t *Trace, p compat.HPAParams, seasonal bool) (Controller, error) {
	if seasonal {
		// A boot time beyond the end of the trace is as good as one that ends there.
		h, err := NewSeasonalHPA(p, t.Step, min(o.BootSteps(t.Step), t.Len()), o.Capacity)
		return o.sensed(h), err
	}
	h, err := NewHPA(p, t.Step, o.Capacity)
	return o.sensed(h), err
}

// cheapest plays n controllers, some at a time, and returns which of them costs least, the first of equally cheap ones, and
// how all of them did.
// Progress is reported by the goroutine that calls it. All work has stopped when it returns.
func cheapest(ctx context.Context, t *Trace, o Options, n, workers int, controller func(i int) (Controller, error)) (int, []Tried, error) {
	tried := make([]Tried, n)
	err := spread(ctx, n, workers, func(done int) { o.report(done, n*t.Len()) }, func(played func(steps int)) func(context.Context, int) error {
		path := newPath(t, o)
		return func(ctx context.Context, i int) error {
			c, err := controller(i)
			if err == nil {
				err = play(ctx, t, o.counting(t.Len(), played), c, path)
			}
			if err == nil {
				tried[i].Scores = path.score(t, nil, o)
			}
			return err
		}
	})
	if err != nil {
		return 0, nil, err
	}
	best, least := 0, math.Inf(1)
	for i := range tried {
		if cost := tried[i].Cost; cost < least {
			best, least = i, cost
		}
	}
	return best, tried, nil
}
