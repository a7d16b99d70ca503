package scaler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// peakHour plays three days of demand that has its peak at noon, and from noon of the fourth what after gives.
func peakHour(t *testing.T, cfg Config, steps int, after func(i int, v float64) float64) (*loop, []Decision) {
	l := newLoop(t, cfg)
	rng := rand.New(rand.NewPCG(4, 4))
	const noon = 3*1440 + 720
	var out []Decision
	for i := range noon + steps {
		phase := float64(i%1440) / 1440
		v := (4 + float64(80*phase*(1-phase))) * (1 + float64(0.05*rng.NormFloat64()))
		if i >= noon {
			v = after(i-noon, v)
		}
		d := *l.step(v)
		if i >= noon {
			out = append(out, d)
		}
	}
	return l, out
}

// An hour of zeros that nobody believes leaves the forecast as a hole of an hour does, and what comes after finds the
// fleet that is needed.
func TestAForecastDoesNotLearnWhatIsDoubted(t *testing.T) {
	outage := func(value float64) func(int, float64) float64 {
		return func(i int, v float64) float64 {
			if i < 60 {
				return value
			}
			return v
		}
	}
	doubting := Config{Signals: []Signal{{Capacity: 10}}, Guard: Guard{Doubt: Duration(2 * time.Hour)}}
	_, zeros := peakHour(t, doubting, 90, outage(0))
	_, holes := peakHour(t, doubting, 90, outage(math.NaN()))
	_, naive := peakHour(t, Config{Signals: []Signal{{Capacity: 10}}}, 90, outage(0))
	worst := 0.
	for i := range zeros {
		for _, level := range []float64{0.05, 0.5, 0.95} {
			worst = max(worst, math.Abs(zeros[i].Quantile(level)/holes[i].Quantile(level)-1))
		}
		require.GreaterOrEqual(t, zeros[i].Replicas+2, holes[i].Replicas, "minute %d: %s", i, &zeros[i])
		require.False(t, zeros[i].Stale)
		if i < 60 {
			require.True(t, has(&zeros[i], policy.RuleDoubt), "minute %d: %s", i, &zeros[i])
			require.Zero(t, zeros[i].Observed, "what was measured is told all the same")
		}
	}
	require.Less(t, worst, 0.001, "quantiles")
	require.Less(t, naive[59].Quantile(0.5), 0.1*holes[59].Quantile(0.5), "without the doubt it is learned: %s", &naive[59])
}

// A fall that is true takes the fleet down as one that was never doubted would (here in twenty minutes at most, for what
// leads looks back a quarter of an hour), from the end of the doubt or, where another signal confirms it, from its beginning; and a step later.
func TestAFallThatIsTrueIsFollowed(t *testing.T) {
	fall := func(int, float64) float64 { return 0 }
	within := func(ds []Decision) int {
		for i := range ds {
			if ds[i].Replicas <= 2 {
				return i
			}
		}
		return len(ds)
	}
	two := []Signal{{Name: "a", Capacity: 10}, {Name: "b", Capacity: 3}}
	_, alone := peakHour(t, Config{Signals: []Signal{{Capacity: 10}}, Guard: Guard{Doubt: Duration(30 * time.Minute)}}, 120, fall)
	_, confirmed := peakHour(t, Config{Signals: two, Guard: Guard{Doubt: Duration(30 * time.Minute)}}, 120, fall)
	_, naive := peakHour(t, Config{Signals: two}, 120, fall)
	t.Logf("down after %d minutes alone, %d confirmed, %d undoubted", within(alone), within(confirmed), within(naive))
	for i := range 30 {
		require.GreaterOrEqual(t, alone[i].Change(), 0, "minute %d", i)
	}
	require.LessOrEqual(t, within(naive), 20)
	require.LessOrEqual(t, within(alone), 30+within(naive)+1, "the step that closes as the doubt ends is still a gap")
	require.LessOrEqual(t, within(confirmed), within(naive)+1, "two signals agree: the first step is lost")
	require.False(t, has(&confirmed[0], policy.RuleDoubt))
}

// A late sample does not undo the doubt, but one with another value fills the gap.
func TestADoubtedSampleThatComesAgain(t *testing.T) {
	l, ds := peakHour(t, Config{Signals: []Signal{{Capacity: 10}}, Guard: Guard{Doubt: Duration(time.Hour)}}, 3, func(int, float64) float64 { return 0 })
	require.True(t, has(&ds[2], policy.RuleDoubt))
	series := l.engine.signals[0].forecast.Series()
	at := time.Unix(0, series.Start(series.Last())).UTC()
	require.NoError(t, l.engine.Observe(0, forecast.Sample{Time: at, Value: 0}))
	v, _ := series.At(series.Last())
	require.True(t, math.IsNaN(v))
	require.Zero(t, series.Said())
	require.NoError(t, l.engine.Observe(0, forecast.Sample{Time: at, Value: 230}))
	v, _ = series.At(series.Last())
	require.Equal(t, 230., v)
	require.Equal(t, 230., series.Said())
}

// One signal is missing while the fall of another is doubted: each is named for what it is.
func TestADoubtBesideAHoleNamesBoth(t *testing.T) {
	l, _ := peakHour(t, Config{Signals: []Signal{{Name: "visits", Capacity: 10}, {Name: "orders", Capacity: 3}}, Guard: Guard{Doubt: Duration(time.Hour)}}, 1, func(_ int, v float64) float64 { return v })
	for range 10 {
		require.NoError(t, l.engine.Observe(1, forecast.Sample{Time: l.now, Value: 0}))
		l.now = l.now.Add(time.Minute)
		require.NoError(t, l.engine.Recommend(&l.d, l.now, l.fleet()))
	}
	require.True(t, l.d.Stale && has(&l.d, policy.RuleDoubt), "%s", &l.d)
	why := l.d.Explain().Why
	require.Contains(t, why, "Orders has fallen to 0")
	require.Contains(t, why, "the newest sample of visits is 11 minutes old")
}

// Whatever happened before, crowds and silence included: a zero straight after five steps that were measured, each of two
// replicas' worth or more, is doubted, however little the forecast would be surprised by it.
func TestAZeroIsDoubtedAfterWhatStood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, err := New(Config{Signals: []Signal{{Capacity: 10}}, Guard: Guard{Doubt: Duration(time.Hour)}, Forecast: Forecast{Compact: true}})
		require.NoError(t, err)
		now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
		var d Decision
		step := func(v float64) {
			if !math.IsNaN(v) {
				require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: v}))
			}
			now = now.Add(time.Minute)
			require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: max(1, d.Replicas)}))
		}
		level := rapid.Float64Range(20, 500).Draw(t, "level")
		known := 0
		for _, k := range rapid.SliceOfN(rapid.IntRange(0, 20), 30, 80).Draw(t, "course") {
			switch {
			case k == 0:
				level = rapid.Float64Range(20, 500).Draw(t, "level")
			case k < 8:
				step(math.NaN())
				continue
			case k == 8: // a crowd
				for range 4 {
					step(10 * level)
				}
				known += 4
			}
			step(level)
			known++
		}
		if known < policy.Stand {
			return
		}
		step(level) // what came before a silence is looked for within an hour
		step(0)
		require.True(t, has(&d, policy.RuleDoubt), "%s", &d)
		require.GreaterOrEqual(t, d.Change(), 0)
	})
}
