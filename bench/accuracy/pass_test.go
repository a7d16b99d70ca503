package main

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func trace(t *testing.T, step time.Duration, demand []float64) *sim.Trace {
	t.Helper()
	tr, err := sim.NewTrace("t", start, step, demand)
	require.NoError(t, err)
	return tr
}

// Twelve hours are a step: scoring begins at step 4, a day before is two steps before, and the repeater says at step k that
// the median of step k+h is v(k)+h.
func TestPassByHand(t *testing.T) {
	hole := math.NaN()
	//                               0   1   2   3   4   5   6     7   8   9
	tr := trace(t, 12*time.Hour, []float64{10, 20, 12, 22, 14, 24, hole, 30, 19, 21})
	tallies, err := pass(context.Background(), newRepeater(tr.Step), tr, []int64{1, 2})
	require.NoError(t, err)

	// One step ahead: targets 4, 5, 8 and 9 (6 is a hole, and 7 would be forecast from it), of medians 23, 15, 31, 20.
	one := tallies[0]
	require.Equal(t, 4, one.n)
	// Errors v - median: -9, 9, -12, 1. At level .99 the quantile is 4.9 more: -13.9, 4.1, -16.9, -3.9.
	require.InDelta(t, (9+9+12+1)/2., one.loss[0], 1e-9)
	require.InDelta(t, .01*(13.9+16.9+3.9)+.99*4.1, one.loss[4], 1e-9)
	require.Equal(t, [len(levels)]int{2, 3, 3, 3, 3}, one.covered, "at .8 the quantile is 3 more")
	// Target 8 has no value one day before: that is the hole.
	require.Equal(t, 3, one.paired)
	require.InDelta(t, 9+9+1, one.err, 1e-9)
	require.InDelta(t, 2+2+9, one.naive, 1e-9, "14-12, 24-22, 21-30")

	// Two steps ahead: targets 4, 5, 7 and 9, of medians 14, 24, 26 and 32.
	two := tallies[1]
	require.Equal(t, 4, two.n)
	require.InDelta(t, (0+0+4+11)/2., two.loss[0], 1e-9)
	require.Equal(t, [len(levels)]int{3, 3, 4, 4, 4}, two.covered, "30 is 4 above the median of 26: as the quantile at .9")
	require.Equal(t, 4, two.paired)
	require.InDelta(t, 0+0+4+11, two.err, 1e-9)
	require.InDelta(t, 2+2+6+9, two.naive, 1e-9)

	rows := traceRows(tr, []string{"12h", "1d"}, tallies)
	require.InDelta(t, 19./13, float64(rows[0].Relative), 1e-9)
	require.InDelta(t, 15./19, float64(rows[1].Relative), 1e-9)
	mean := (10. + 20 + 12 + 22 + 14 + 24 + 30 + 19 + 21) / 9
	require.InDelta(t, 15.5/4/mean, float64(rows[0].Pinball[0]), 1e-9)
	require.InDelta(t, 0.75, float64(rows[0].Coverage[3]), 1e-9)
	require.Equal(t, number(20), rows[0].Median)
	require.False(t, rows[0].Enough)
}

func TestPassOverNothing(t *testing.T) {
	tr := trace(t, time.Hour, []float64{1, 2, 3})
	tallies, err := pass(context.Background(), newRepeater(tr.Step), tr, []int64{1})
	require.NoError(t, err)
	row := traceRows(tr, []string{"1h"}, tallies)[0]
	require.Zero(t, row.N)
	for _, v := range []number{row.Relative, row.Pinball[0], row.Coverage[0]} {
		require.False(t, v.exists())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = pass(ctx, newRepeater(tr.Step), tr, []int64{1})
	require.ErrorIs(t, err, context.Canceled)
}

// A row that comes too early for a step of its own is dropped by the series, and is no second origin either.
func TestPassOffTheGrid(t *testing.T) {
	tr := trace(t, 12*time.Hour, []float64{1, 2, 3, 4, 5, 6, 7})
	tr.Times[4] = tr.Times[3].Add(time.Hour)
	tallies, err := pass(context.Background(), newRepeater(tr.Step), tr, []int64{1})
	require.NoError(t, err)
	require.Equal(t, 1, tallies[0].n, "step 4 has no value, so step 5 has no forecast")
	require.Equal(t, 0, tallies[0].paired, "but for step 6, whose day before is step 4")
}

// The slow twin: for each target a new forecaster, which sees the trace up to the step the forecast is made from and not
// beyond, and is asked for that one step. The pass must sum exactly the same, or it has looked ahead.
func TestPassAgainstTwin(t *testing.T) {
	demand := make([]float64, 130)
	for i := range demand {
		demand[i] = 60 + 30*math.Sin(2*math.Pi*float64(i)/24) + float64(i*i%11)
		if i%29 == 28 || i >= 70 && i < 73 {
			demand[i] = math.NaN()
		}
	}
	tr := trace(t, time.Hour, demand)
	steps, names := traceLeads(tr.Step)
	require.Equal(t, []int64{1, 24}, steps)
	require.Equal(t, []string{"1h", "1d"}, names)
	got, err := pass(context.Background(), newTraceModel(tr, steps, variant{}), tr, steps)
	require.NoError(t, err)
	for i, h := range steps {
		var want tally
		for k := 48; k < len(demand); k++ {
			from := k - int(h)
			if math.IsNaN(demand[k]) || math.IsNaN(demand[from]) {
				continue
			}
			f := newTraceModel(tr, steps, variant{})
			for j, v := range demand[:from+1] {
				if !math.IsNaN(v) {
					f.Observe(tr.Times[j], v)
				}
			}
			f.Advance(tr.Times[from+1])
			row := f.Quantiles(nil, tr.Times[from+1], []time.Duration{tr.Times[k].Sub(tr.Times[from+1])})
			want.n++
			for l, q := range levels {
				x := quantile(row, q)
				want.loss[l] += math.Max(q*(demand[k]-x), (q-1)*(demand[k]-x))
				if demand[k] <= x {
					want.covered[l]++
				}
			}
			if before := demand[k-24]; !math.IsNaN(before) {
				want.paired++
				want.err += math.Abs(demand[k] - quantile(row, 0.5))
				want.naive += math.Abs(demand[k] - before)
			}
		}
		require.Greater(t, want.n, 50)
		if h == 1 { // a day ahead, the day before is the step that the forecast is made from
			require.Greater(t, want.n, want.paired)
		}
		require.Equal(t, want.n, got[i].n)
		require.Equal(t, want.paired, got[i].paired)
		require.Equal(t, want.covered, got[i].covered)
		require.InDeltaSlice(t, want.loss[:], got[i].loss[:], 1e-9)
		require.InDelta(t, want.err, got[i].err, 1e-9)
		require.InDelta(t, want.naive, got[i].naive, 1e-9)
	}
}

func TestMeanAndMedian(t *testing.T) {
	hole := math.NaN()
	mean, median := meanAndMedian([]float64{9, hole, 1, 2, hole, 4})
	require.Equal(t, []float64{4, 3}, []float64{mean, median})
	mean, median = meanAndMedian([]float64{9, hole, 3})
	require.Equal(t, []float64{6, 6}, []float64{mean, median})
}

func TestTraceLeads(t *testing.T) {
	for _, c := range []struct {
		step  time.Duration
		steps []int64
		names []string
	}{
		{30 * time.Second, []int64{4, 20, 120, 2880}, []string{"2m", "10m", "1h", "1d"}},
		{2 * time.Minute, []int64{1, 5, 30, 720}, []string{"2m", "10m", "1h", "1d"}},
		{7 * time.Minute, []int64{2, 9, 206}, []string{"10m", "1h", "1d"}},
		{time.Hour, []int64{1, 24}, []string{"1h", "1d"}},
		{24 * time.Hour, []int64{1}, []string{"1d"}},
		{25 * time.Hour, nil, nil},
	} {
		steps, names := traceLeads(c.step)
		require.Equal(t, c.steps, steps, "%v", c.step)
		require.Equal(t, c.names, names, "%v", c.step)
	}
}

// A step that does not divide the day: one day before is the step that holds that instant, and it is never newer than the
// step that a forecast one day ahead is made from.
func TestStepBefore(t *testing.T) {
	values := make([]float64, 500)
	for i := range values {
		values[i] = float64(i)
	}
	require.True(t, math.IsNaN(stepBefore(values, 287, 5*time.Minute)))
	require.Equal(t, 0.0, stepBefore(values, 288, 5*time.Minute))
	require.Equal(t, 112.0, stepBefore(values, 400, 5*time.Minute))
	h := leadSteps(day, 7*time.Minute)
	require.Equal(t, float64(400-h), stepBefore(values, 400, 7*time.Minute), "205.7 steps before, in the middle of the 206th")
}

// The quantiles that are scored and the grid are those of the library.
var _ model = (*forecast.Forecaster)(nil)
