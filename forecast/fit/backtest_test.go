package fit

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

// slowBacktest asks a fresh Forecaster for each origin, which can have seen nothing that comes later.
func slowBacktest(cfg forecast.Config, h History, from, naive int) []Score {
	list := []Score{}
	for _, lead := range cfg.Leads {
		steps := int((lead + h.Step - 1) / h.Step)
		var n int
		var loss, covered [len(Levels)]float64
		var err, against float64
		for k := from; k < len(h.Values); k++ {
			origin, v := k-steps, h.Values[k]
			if origin < 0 || math.IsNaN(v) || math.IsNaN(h.Values[origin]) {
				continue
			}
			f := forecast.New(cfg)
			for i, v := range h.Values[:origin+1] {
				if !math.IsNaN(v) {
					f.Observe(h.Time(i), v)
				}
			}
			f.Advance(h.Time(origin + 1))
			row := f.Quantiles(nil, h.Time(origin+1), []time.Duration{time.Duration(steps-1) * h.Step.Std()})
			n++
			for i, q := range Levels {
				x := row[index(q)]
				loss[i] += math.Max(q*(v-x), (q-1)*(v-x))
				if v <= x {
					covered[i]++
				}
			}
			back := naive
			for back < steps {
				back += naive
			}
			if k >= back && !math.IsNaN(h.Values[k-back]) {
				err += math.Abs(v - row[index(0.5)])
				against += math.Abs(v - h.Values[k-back])
			}
		}
		s := Score{Lead: lead, N: n, Relative: Number(err / against)}
		for i := range Levels {
			s.Pinball[i] = Number(loss[i] / float64(n) / mean(h.Values[from:]))
			s.Covered[i] = Number(covered[i] / float64(n))
		}
		list = append(list, s)
	}
	return list
}

func TestBacktestKnowsNothingOfTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		h := History{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Step: forecast.Duration(time.Hour), Values: make([]float64, 60)}
		for i := range h.Values {
			h.Values[i] = 100 + 20*math.Sin(float64(i)/4) + 10*rng.Float64()
			if i > 0 && rng.Float64() < 0.1 {
				h.Values[i] = math.NaN()
			}
		}
		cfg := forecast.Config{Step: h.Step, Unit: 10, Leads: []forecast.Duration{h.Step, 5 * h.Step, 26 * h.Step}}
		from := rapid.IntRange(24, 50).Draw(t, "from")
		naive := rapid.IntRange(1, 24).Draw(t, "naive")
		want := slowBacktest(cfg, h, from, naive)
		got, err := Backtest(context.Background(), cfg, h, from, naive)
		require.NoError(t, err)
		for i := range want {
			require.Equal(t, want[i].N, got[i].N)
			same := func(a, b Number) {
				require.Equal(t, math.IsNaN(float64(a)), math.IsNaN(float64(b)))
				if !math.IsNaN(float64(a)) {
					require.InDelta(t, float64(a), float64(b), 1e-9)
				}
			}
			same(want[i].Relative, got[i].Relative)
			for j := range Levels {
				same(want[i].Pinball[j], got[i].Pinball[j])
				same(want[i].Covered[j], got[i].Covered[j])
			}
		}
	})
}

// The naive forecast is as good as itself.
func TestNaiveIsTheMeasure(t *testing.T) {
	h := History{Step: forecast.Duration(time.Hour), Values: make([]float64, 400)}
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range h.Values {
		h.Values[i] = 50 + 50*rng.Float64()
	}
	m := newSeasonalNaive(24)
	Run(m, nil, h.Values[:200])
	leads := []forecast.Duration{h.Step, 24 * h.Step, 30 * h.Step}
	got, err := backtestModel(context.Background(), m, leads, h, 200, 24)
	require.NoError(t, err)
	for _, s := range got {
		require.InDelta(t, 1, float64(s.Relative), 1e-12, "%v", s.Lead)
	}
	require.Equal(t, 200-1, got[0].N)
	require.True(t, math.IsNaN(newSeasonalNaive(3).Forecast(1)))
	require.Equal(t, 7.0, func() float64 { m.Update(7); m.skip(); return m.Forecast(23) }())
}

func TestGain(t *testing.T) {
	row := func(v ...Number) []Score { return []Score{{Pinball: [len(Levels)]Number(v)}} }
	require.InDelta(t, 0.5, gain(row(2, 4, 8), row(1, 2, 4)), 1e-12)
	require.InDelta(t, 0, gain(row(1, 1, 1), row(2, 0.5, 1)), 1e-12, "the geometric mean")
	require.InDelta(t, -1, gain(row(1, 0, Number(math.NaN())), row(2, 0, 1)), 1e-12, "what is not known is left out")
	require.Zero(t, gain(row(0, 0, 0), row(0, 0, 0)))
}

func TestNumbersThatDoNotExistAreNull(t *testing.T) {
	b, err := json.Marshal([]Number{1.5, Number(math.NaN()), Number(math.Inf(1))})
	require.NoError(t, err)
	require.Equal(t, "[1.5,null,null]", string(b))
	var back []Number
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, Number(1.5), back[0])
	require.True(t, math.IsNaN(float64(back[1])))
}

func TestBacktestSaysWhatIsWrong(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	h := History{Step: forecast.Duration(time.Hour), Values: []float64{1, 2, 3}}
	_, err := Backtest(ctx, forecast.Config{}, h, 3, 1)
	require.EqualError(t, err, "backtest from step 3 of 3; wanted one of them")
	_, err = Backtest(ctx, forecast.Config{}, History{}, 0, 1)
	require.ErrorContains(t, err, "Step 0s; wanted")
	cancel()
	_, err = Backtest(ctx, forecast.Config{}, h, 1, 1)
	require.ErrorIs(t, err, context.Canceled)
}
