package main

import (
	"context"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// rollingRow is what forecasts of whole paths, all steps up to a horizon, were worth. An origin is every step from a place
// of the series on that has a value and the horizon before it, in a single streaming pass: what is learned from a target
// is known to the origins after it.
type rollingRow struct {
	Series   string  `json:"series"`
	Step     float64 `json:"step_s"`
	Horizon  int     `json:"horizon_steps"`
	From     int     `json:"from_step"` // the first origin
	Origins  int     `json:"origins"`
	MAPE     number  `json:"mape_percent"`          // mean of |error| / value over all steps of all paths, values of 0 left out
	Last     number  `json:"mape_at_horizon"`       // the same of the last step of each path
	Relative number  `json:"relative_error"`        // sum of |error| over that of the daily seasonal naive, which has the newest known day
	AtLast   number  `json:"relative_error_at_end"` // the same of the last step of each path
}

// rolling forecasts the horizon after every origin from step from on.
func rolling(ctx context.Context, t *sim.Trace, from, horizon int, v variant) (rollingRow, error) {
	steps := make([]int64, horizon)
	asked := make([]time.Duration, horizon)
	for i := range steps {
		steps[i] = int64(i) + 1
		asked[i] = time.Duration(i) * t.Step
	}
	f := forecast.New(v.config(t.Step, sim.DefaultCapacity(t), leadsOf(t.Step, steps)))
	var (
		sums [2]pathSums // whole paths, last steps
		rows []float64
		out  = rollingRow{Series: t.Name, Step: t.Step.Seconds(), Horizon: horizon, From: from}
	)
	for k, value := range t.Demand {
		if k%64 == 0 && ctx.Err() != nil {
			return out, ctx.Err()
		}
		if math.IsNaN(value) {
			continue
		}
		f.Observe(t.Times[k], value)
		now := t.Times[k].Add(t.Step)
		f.Advance(now)
		if k < from || k+horizon >= len(t.Demand) {
			continue
		}
		out.Origins++
		rows = f.Quantiles(rows, now, asked)
		for h := range horizon {
			target, days := k+1+h, 1+h/int(day/t.Step)
			said := quantile(rows[h*forecast.NumLevels:(h+1)*forecast.NumLevels], 0.5)
			before := t.Demand[target-days*int(day/t.Step)]
			sums[0].add(t.Demand[target], said, before)
			if h == horizon-1 {
				sums[1].add(t.Demand[target], said, before)
			}
		}
	}
	out.MAPE, out.Relative = sums[0].mape(), sums[0].relative()
	out.Last, out.AtLast = sums[1].mape(), sums[1].relative()
	return out, nil
}

// pathSums are errors of forecasts.
type pathSums struct {
	n                  int
	share, err, naives float64
}

// add counts a forecast of the value y, with the naive one beside it.
func (s *pathSums) add(y, said, naive float64) {
	if y > 0 {
		s.n++
		s.share += math.Abs(y-said) / y
	}
	if !math.IsNaN(y) && !math.IsNaN(naive) {
		s.err += math.Abs(y - said)
		s.naives += math.Abs(y - naive)
	}
}

func (s *pathSums) mape() number     { return number(100 * s.share / float64(s.n)) } // 0/0 is NaN
func (s *pathSums) relative() number { return number(s.err / s.naives) }

// hourly is the trace in hours of the clock, each the mean of its known values; nil for one whose step is longer, or that
// is shorter than three weeks or without demand: two weeks pass before the first origin.
func hourly(t *sim.Trace) *sim.Trace {
	if t.Step > time.Hour {
		return nil
	}
	first := t.Times[0].Truncate(time.Hour)
	sum := make([]float64, t.Times[len(t.Times)-1].Sub(first)/time.Hour+1)
	known := make([]int, len(sum))
	for i, v := range t.Demand {
		if !math.IsNaN(v) {
			h := t.Times[i].Sub(first) / time.Hour
			sum[h] += v
			known[h]++
		}
	}
	for h := range sum {
		sum[h] /= float64(known[h]) // 0/0 is NaN: a hole
	}
	out, err := sim.NewTrace(t.Name, first, time.Hour, sum)
	if err != nil || len(sum) < 3*7*24 || sim.DefaultCapacity(out) == 0 {
		return nil
	}
	return out
}

// Where the first origin of an hourly trace is, and how far it looks.
const (
	hourlyFrom    = 2 * 7 * 24
	hourlyHorizon = 24
)
