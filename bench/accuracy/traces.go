package main

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// leadTimes are the lead times that are measured.
var leadTimes = [...]struct {
	name string
	time time.Duration
}{{"2m", 2 * time.Minute}, {"10m", 10 * time.Minute}, {"1h", time.Hour}, {"1d", day}}

// enough is the number of targets from which on a row counts.
const enough = 500

// traceRow is what the forecasts of one trace at one lead time were worth. Numbers that do not exist, for want of targets
// or because they would be divided by zero, are NaN.
type traceRow struct {
	Trace    string              `json:"trace"`
	Step     float64             `json:"step_s"`
	Lead     string              `json:"lead"`
	Median   number              `json:"median"` // of the trace, in its unit
	N        int                 `json:"n"`
	Enough   bool                `json:"enough"`
	Relative number              `json:"relative_error"`
	Pinball  [len(levels)]number `json:"pinball"` // relative to the mean of the trace
	Coverage [len(levels)]number `json:"coverage"`
}

// measureTraces forecasts every trace in dir.
func measureTraces(ctx context.Context, dir string, notes lines) (*tracesReport, error) {
	paths, err := findTraces(dir, notes)
	if err != nil {
		return nil, err
	}
	type result struct {
		rows []traceRow
		skip string // why there are none
	}
	results, err := inOrder(ctx, len(paths), func(ctx context.Context, i int) (result, error) {
		t, err := sim.OpenTrace(paths[i])
		if err != nil {
			return result{}, err
		}
		if sim.DefaultCapacity(t) == 0 {
			return result{skip: "no step has any demand"}, nil
		}
		steps, names := traceLeads(t.Step)
		if len(steps) == 0 {
			return result{skip: "its step of " + t.Step.String() + " is longer than every lead time"}, nil
		}
		tallies, err := pass(ctx, newTraceModel(t, steps), t, steps)
		return result{rows: traceRows(t, names, tallies)}, err
	}, func(i int, r result) {
		if r.skip != "" {
			notes.note("%s is skipped: %s", paths[i], r.skip)
			return
		}
		notes.progress("%s (%d of %d)", r.rows[0].Trace, i+1, len(paths))
	})
	if err != nil {
		return nil, err
	}
	var rows []traceRow
	for _, r := range results {
		rows = append(rows, r.rows...)
	}
	return newTracesReport(rows), nil
}

// traceLeads are the lead times that are at least a step, in steps, and their names.
func traceLeads(step time.Duration) (steps []int64, names []string) {
	for _, l := range leadTimes {
		if l.time >= step {
			steps = append(steps, leadSteps(l.time, step))
			names = append(names, l.name)
		}
	}
	return steps, names
}

// newTraceModel returns a forecaster of the library's defaults that learns those lead times. The unit is
// sim.DefaultCapacity, as in a simulation.
func newTraceModel(t *sim.Trace, steps []int64) *forecast.Forecaster {
	leads := make([]forecast.Duration, len(steps))
	for i, h := range steps {
		leads[i] = forecast.Duration(h) * forecast.Duration(t.Step)
	}
	return forecast.New(forecast.Config{Step: forecast.Duration(t.Step), Unit: sim.DefaultCapacity(t), Leads: leads})
}

// traceRows divides the sums.
func traceRows(t *sim.Trace, names []string, tallies []tally) []traceRow {
	mean, median := meanAndMedian(t.Demand)
	rows := make([]traceRow, len(tallies))
	for i, a := range tallies {
		r := traceRow{Trace: t.Name, Step: t.Step.Seconds(), Lead: names[i], Median: number(median), N: a.n, Enough: a.n >= enough}
		r.Relative = number(math.NaN())
		if a.naive > 0 { // both means are over a.paired
			r.Relative = number(a.err / a.naive)
		}
		for j := range levels {
			r.Pinball[j] = number(a.loss[j] / float64(a.n) / mean) // 0/0 is NaN
			r.Coverage[j] = number(float64(a.covered[j]) / float64(a.n))
		}
		rows[i] = r
	}
	return rows
}

// meanAndMedian are those of the known values, of which there is at least one. The median of an even number of values is
// the mean of the two in the middle.
func meanAndMedian(demand []float64) (mean, median float64) {
	known := make([]float64, 0, len(demand))
	for _, v := range demand {
		if !math.IsNaN(v) {
			known = append(known, v)
			mean += v
		}
	}
	slices.Sort(known)
	n := len(known)
	return mean / float64(n), (known[(n-1)/2] + known[n/2]) / 2
}
