package main

import (
	"context"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// model is what a pass asks of a forecaster; *forecast.Forecaster is one.
type model interface {
	Observe(t time.Time, v float64) forecast.Verdict
	Advance(now time.Time)
	Quantiles(dst []float64, now time.Time, leads []time.Duration) []float64
	Series() *forecast.Series
}

// levels are the quantile levels that are scored.
var levels = [...]float64{0.5, 0.8, 0.9, 0.95, 0.99}

// day is the season of the naive forecast; scoring starts after warmup, two of them.
const (
	day    = 24 * time.Hour
	warmup = 2 * day
)

// tally sums what the forecasts at one lead time were worth. Sums are in the unit of the trace.
type tally struct {
	steps   int64 // lead time in steps, from the newest closed step to the target
	n       int   // targets
	loss    [len(levels)]float64
	covered [len(levels)]int // targets at or below the quantile

	paired     int     // targets with a value one day before
	err, naive float64 // of the paired: absolute errors of the median and of the value one day before

	pending []pendingRow // ring by target step
	rivals  *rivals      // single experts; nil: not asked for
}

// pendingRow is a forecast that waits for its target.
type pendingRow struct {
	target int64 // step; -1 if none
	at     [len(levels)]float64
}

func newTally(steps int64) tally {
	t := tally{steps: steps, pending: make([]pendingRow, steps)}
	for i := range t.pending {
		t.pending[i].target = -1
	}
	return t
}

// expect keeps the forecast, a row of all forecast.Levels, of step target.
func (t *tally) expect(target int64, row []float64) {
	p := &t.pending[target%t.steps]
	p.target = target
	for i, q := range levels {
		p.at[i] = quantile(row, q)
	}
}

// score compares step target, which has the value v, with its forecast if there is one; before is the value one day
// before, or NaN.
func (t *tally) score(target int64, v, before float64) {
	p := &t.pending[target%t.steps]
	if p.target != target {
		return
	}
	t.n++
	for i, q := range levels {
		t.loss[i] += pinball(q, v, p.at[i])
		if v <= p.at[i] {
			t.covered[i]++
		}
	}
	if !math.IsNaN(before) {
		t.paired++
		t.err += math.Abs(p.at[0] - v)
		t.naive += math.Abs(before - v)
		if t.rivals != nil {
			t.rivals.score(target, v)
		}
	}
}

// leadSteps is the number of steps from the newest closed one to the target of a lead time, rounded up.
func leadSteps(lead, step time.Duration) int64 { return int64((lead + step - 1) / step) }

// pass shows the trace to the model once, in order, and scores its forecasts at the lead times, in steps. The grid of steps
// is the model's own, and so are the values: the model sees nothing that it could not have seen at that time, and is asked
// for nothing else than for what it learns. Holes are not fed; they are neither targets nor the step a forecast is made
// from. Targets begin warmup after the first step of the grid or later.
func pass(ctx context.Context, f model, t *sim.Trace, steps []int64) ([]tally, error) {
	tallies := make([]tally, len(steps))
	leads := make([]time.Duration, len(steps))
	for i, h := range steps {
		tallies[i] = newTally(h)
		leads[i] = time.Duration(h-1) * t.Step // from the end of the newest closed step, where the forecast is made
	}
	each, asked := f.(weigher)
	if asked {
		for i, h := range steps {
			tallies[i].rivals = newRivals(h)
		}
	}
	var (
		ws     []forecast.Weight
		s      = f.Series()
		values []float64 // of the closed steps
		rows   []float64
	)
	for i, at := range t.Times {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if math.IsNaN(t.Demand[i]) {
			continue
		}
		f.Observe(at, t.Demand[i])
		now := time.Unix(0, s.Start(s.Index(at)+1)).UTC()
		f.Advance(now)
		last := s.Last()
		if last < int64(len(values)) { // a second row in one step, for a source whose times are off the grid
			continue
		}
		for k := int64(len(values)); k <= last; k++ {
			v, _ := s.At(k)
			values = append(values, v)
			if math.IsNaN(v) || time.Duration(k)*t.Step < warmup {
				continue
			}
			before := stepBefore(values, k, t.Step)
			for j := range tallies {
				tallies[j].score(k, v, before)
			}
		}
		rows = f.Quantiles(rows, now, leads)
		for j := range tallies {
			tallies[j].expect(last+steps[j], rows[j*forecast.NumLevels:(j+1)*forecast.NumLevels])
			if asked {
				ws = each.weights(ws, time.Duration(steps[j])*t.Step)
				tallies[j].rivals.expect(last+steps[j], ws)
			}
		}
	}
	return tallies, nil
}

// stepBefore is the value of the step that holds the instant one day before the start of step k; NaN if there is none.
func stepBefore(values []float64, k int64, step time.Duration) float64 {
	from := time.Duration(k)*step - day
	if from < 0 {
		return math.NaN()
	}
	return values[from/step]
}
