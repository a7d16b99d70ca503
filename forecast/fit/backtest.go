package fit

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Levels are the quantile levels that a backtest scores: the middle, and what a fleet is sized by.
var Levels = [...]float64{0.5, 0.9, 0.95}

// Number is a float64 that is null in JSON while it is NaN.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// Score is what the forecasts at one lead time were worth.
type Score struct {
	Lead     forecast.Duration   `json:"lead"`
	N        int                 `json:"n"`              // targets
	Pinball  [len(Levels)]Number `json:"pinball"`        // mean loss at each of Levels, in mean demand
	Relative Number              `json:"relative_error"` // absolute error of the median, over that of seasonal naive on the same targets
	Covered  [len(Levels)]Number `json:"covered"`        // share of targets at or below the quantile at each of Levels
}

// parts is into how many consecutive parts the scored steps are split, to see whether a gain holds.
const parts = 12

// tally sums what a Score divides.
type tally struct {
	steps  int // from the newest closed step to the target
	sums   [parts]sums
	rows   [][len(Levels)]float64 // forecasts by target modulo steps
	target []int
}

type sums struct {
	n, paired  int
	loss       [len(Levels)]float64
	covered    [len(Levels)]int
	err, naive float64
}

func newTallies(leads []forecast.Duration, step forecast.Duration) []tally {
	tallies := make([]tally, len(leads))
	for i, d := range leads {
		n := int(max(1, (d+step-1)/step))
		tallies[i] = tally{steps: n, rows: make([][len(Levels)]float64, n), target: make([]int, n)}
	}
	return tallies
}

// expect keeps a forecast of step target, which is not step 0.
func (t *tally) expect(target int, row [len(Levels)]float64) {
	t.rows[target%t.steps], t.target[target%t.steps] = row, target
}

// score compares the value of step k, of which those before from do not count, with its forecast, if there is one.
func (t *tally) score(k, from int, values []float64, naive int) {
	row, v := t.rows[k%t.steps], values[k]
	if t.target[k%t.steps] != k || math.IsNaN(v) || math.IsNaN(row[0]) {
		return
	}
	s := &t.sums[(k-from)*parts/(len(values)-from)]
	s.n++
	for i, q := range Levels {
		s.loss[i] += pinball(q, v, row[i])
		if v <= row[i] {
			s.covered[i]++
		}
	}
	// Naive a season back, and for lead times longer than that, as many seasons as it takes to know the value.
	back := (t.steps + naive - 1) / naive * naive
	if k >= back && !math.IsNaN(values[k-back]) {
		s.paired++
		s.err += math.Abs(v - row[0])
		s.naive += math.Abs(v - values[k-back])
	}
}

// result divides the sums of the parts from first to last.
func (t *tally) result(lead forecast.Duration, scale float64, first, last int) Score {
	var a sums
	for _, s := range t.sums[first : last+1] {
		a.n += s.n
		a.err += s.err
		a.naive += s.naive
		for i := range Levels {
			a.loss[i] += s.loss[i]
			a.covered[i] += s.covered[i]
		}
	}
	s := Score{Lead: lead, N: a.n, Relative: Number(math.NaN())}
	for i := range Levels {
		s.Pinball[i] = Number(a.loss[i] / float64(a.n) / scale)
		s.Covered[i] = Number(float64(a.covered[i]) / float64(a.n))
	}
	if a.naive > 0 {
		s.Relative = Number(a.err / a.naive)
	}
	return s
}

// Backtest shows a history to a forecast.Forecaster of that configuration, step by step and once, and scores its forecasts
// at the configured lead times for the steps from index from on. Every step is an origin, and nothing is known to a
// forecast that was not known then; a Forecaster is never refitted, so this is what it would have said. naive is the
// season, in steps, of the naive forecast that errors are compared with.
//
// It is an error if the history is not demand, or ctx is done.
func Backtest(ctx context.Context, cfg forecast.Config, h History, from, naive int) ([]Score, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	if from < 0 || from >= len(h.Values) {
		return nil, fmt.Errorf("backtest from step %d of %d; wanted one of them", from, len(h.Values))
	}
	cfg = withLeads(cfg, h.Step)
	tallies, err := backtest(ctx, cfg, h, from, naive)
	return scores(tallies, cfg.Leads, h.Values[from:], 0, parts-1), err
}

func backtest(ctx context.Context, cfg forecast.Config, h History, from, naive int) ([]tally, error) {
	tallies := newTallies(cfg.Leads, h.Step)
	leads := make([]time.Duration, len(tallies))
	longest := 0
	for i := range tallies {
		leads[i] = time.Duration(tallies[i].steps-1) * h.Step.Std() // from the end of the newest closed step
		longest = max(longest, tallies[i].steps)
	}
	f := forecast.New(cfg)
	var rows []float64
	for k, v := range h.Values {
		if k%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if k >= from {
			for i := range tallies {
				tallies[i].score(k, from, h.Values, max(1, naive))
			}
		}
		if math.IsNaN(v) {
			continue // nobody forecasts from a step that nobody measured
		}
		f.Observe(h.Time(k), v)
		now := h.Time(k + 1)
		f.Advance(now)
		if k+longest < from {
			continue
		}
		rows = f.Quantiles(rows, now, leads)
		for i := range tallies {
			var row [len(Levels)]float64
			for j, q := range Levels {
				row[j] = rows[i*forecast.NumLevels+index(q)]
			}
			tallies[i].expect(k+tallies[i].steps, row)
		}
	}
	return tallies, nil
}

// backtestModel is Backtest for a classical model that has learned the steps before from. It has a mean alone, which stands
// for every quantile; less than nothing is nothing.
func backtestModel(ctx context.Context, m Model, leads []forecast.Duration, h History, from, naive int) ([]Score, error) {
	tallies := newTallies(leads, h.Step)
	for k := from; k < len(h.Values); k++ {
		if k%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		v := h.Values[k]
		for i := range tallies {
			tallies[i].score(k, from, h.Values, max(1, naive))
		}
		m.Update(v)
		for i := range tallies {
			if !math.IsNaN(v) {
				f := math.Max(0, m.Forecast(tallies[i].steps))
				tallies[i].expect(k+tallies[i].steps, [len(Levels)]float64{f, f, f})
			}
		}
	}
	return scores(tallies, leads, h.Values[from:], 0, parts-1), nil
}

// scores returns those of the parts from first to last, by lead time.
func scores(tallies []tally, leads []forecast.Duration, scored []float64, first, last int) []Score {
	list := make([]Score, len(tallies))
	for i := range tallies {
		list[i] = tallies[i].result(leads[i], mean(scored), first, last)
	}
	return list
}

// index is the place of a level in forecast.Levels.
func index(level float64) int {
	for i, q := range forecast.Levels {
		if q == level {
			return i
		}
	}
	panic("a level that package forecast does not have")
}

// withLeads returns cfg with the step of the history and its lead times named.
func withLeads(cfg forecast.Config, step forecast.Duration) forecast.Config {
	cfg.Step = step
	if len(cfg.Leads) == 0 {
		cfg.Leads = []forecast.Duration{step}
	}
	return cfg
}

// gain is how much smaller the pinball losses of b are than those of a, on the geometric mean over lead times and levels:
// 0.01 is one percent. Losses that are nothing or not known in either are left out.
func gain(a, b []Score) float64 {
	sum, n := 0.0, 0
	for i := range a {
		for j := range Levels {
			if r := float64(b[i].Pinball[j] / a[i].Pinball[j]); r > 0 && !math.IsInf(r, 1) {
				sum += math.Log(r)
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return 1 - math.Exp(sum/float64(n))
}
