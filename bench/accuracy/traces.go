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
	Experts  *expertErrors       `json:"experts,omitempty"` // where they were asked for
}

// settings are how a pass over a trace is made.
type settings struct {
	variant
	experts bool // score each expert beside the mix
}

// openTraces reads every trace in dir. Those that cannot be measured are skipped with a note.
func openTraces(ctx context.Context, dir string, notes lines) ([]*sim.Trace, error) {
	paths, err := findTraces(dir, notes)
	if err != nil {
		return nil, err
	}
	var traces []*sim.Trace
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t, err := sim.OpenTrace(path)
		if err != nil {
			return nil, err
		}
		switch steps, _ := traceLeads(t.Step); {
		case sim.DefaultCapacity(t) == 0:
			notes.note("%s is skipped: no step has any demand", path)
		case len(steps) == 0:
			notes.note("%s is skipped: its step of %v is longer than every lead time", path, t.Step)
		default:
			traces = append(traces, t)
		}
	}
	return traces, nil
}

// measureTraces forecasts every trace.
func measureTraces(ctx context.Context, traces []*sim.Trace, how settings, notes lines) (*tracesReport, error) {
	results, err := inOrder(ctx, len(traces), func(ctx context.Context, i int) ([]traceRow, error) {
		return measureTrace(ctx, traces[i], how)
	}, func(i int, _ []traceRow) { notes.progress("%s (%d of %d)", traces[i].Name, i+1, len(traces)) })
	if err != nil {
		return nil, err
	}
	return newTracesReport(slices.Concat(results...)), nil
}

// measureTrace forecasts a trace at each lead time.
func measureTrace(ctx context.Context, t *sim.Trace, how settings) ([]traceRow, error) {
	steps, names := traceLeads(t.Step)
	var m model = newTraceModel(t, steps, how.variant)
	if how.experts {
		m = weighed{m.(*forecast.Forecaster)}
	}
	tallies, err := pass(ctx, m, t, steps)
	return traceRows(t, names, tallies), err
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

// newTraceModel returns a forecaster of the library's defaults, or a variant of them, that learns those lead times. The unit is
// sim.DefaultCapacity, as in a simulation.
func newTraceModel(t *sim.Trace, steps []int64, v variant) *forecast.Forecaster {
	return forecast.New(v.config(t.Step, sim.DefaultCapacity(t), leadsOf(t.Step, steps)))
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
			r.Experts = a.rivals.relative(a.naive)
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
