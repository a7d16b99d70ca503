package scaler

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// story drives a loop through drawn demand, gaps and events, and calls check after every decision.
func story(t *rapid.T, l *loop, check func(before policy.Fleet, d *Decision)) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	noise := rapid.SampledFrom([]float64{0, 0.05, 0.5}).Draw(t, "noise")
	base := rapid.SampledFrom([]float64{0, 0.3, 4, 60}).Draw(t, "base")
	gaps := rapid.SampledFrom([]float64{0, 0.05, 0.5}).Draw(t, "gaps")
	n := 0
	for i := range 300 {
		v := math.Max(0, base*(1+noise*rng.NormFloat64()))
		if rng.IntN(60) == 0 {
			base = math.Max(0, base+20*rng.NormFloat64())
		}
		if rng.Float64() < gaps {
			v = math.NaN()
		}
		if rng.IntN(25) == 0 {
			n++
			ev := forecast.Event{ID: string(rune('a' + n%26)), Start: l.now.Add(time.Duration(rng.IntN(3600)-600) * time.Second), Window: time.Duration(rng.IntN(300)) * time.Second, Weight: float64(rng.IntN(100))}
			if err := l.engine.Announce(ev); err != nil {
				require.ErrorIs(t, err, ErrEventTableFull)
			}
		}
		l.plant.Arrive()
		if !math.IsNaN(v) {
			for s := range l.engine.cfg.Signals {
				require.NoError(t, l.engine.Observe(s, forecast.Sample{Time: l.now, Value: v * l.engine.cfg.Signals[s].Capacity}))
			}
		}
		l.now = l.now.Add(l.engine.cfg.Step.Std())
		before := l.fleet()
		require.NoError(t, l.engine.Recommend(&l.d, l.now, before), "step %d", i)
		check(before, &l.d)
		l.plant.Order(l.d.Replicas)
	}
}

func TestEveryDecisionKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		l := newLoop(t, cfg)
		cfg = l.engine.Config()
		story(rt, l, func(f policy.Fleet, d *Decision) {
			ordered := f.Ordered()
			require.GreaterOrEqual(rt, d.Replicas, cfg.Min)
			require.True(rt, cfg.Max == 0 || d.Replicas <= cfg.Max)
			if cfg.StepUp > 0 && d.Replicas > cfg.Min {
				require.LessOrEqual(rt, d.Replicas, ordered+cfg.StepUp)
			}
			if cfg.StepDown > 0 && (cfg.Max == 0 || ordered <= cfg.Max) {
				require.GreaterOrEqual(rt, d.Replicas, ordered-cfg.StepDown)
			}
			if d.Stale && (cfg.Max == 0 || ordered <= cfg.Max) {
				require.GreaterOrEqual(rt, d.Replicas, ordered, "stale data never scales down: %s", d)
			}
			for i, v := range d.Demand {
				require.False(rt, math.IsInf(v, 0) || v < 0, "%v", d.Demand)
				require.True(rt, i == 0 || math.IsNaN(v) || v >= d.Demand[i-1])
			}
			// The steps are a chain from what is ordered to what is decided.
			at := ordered
			for _, s := range d.Steps() {
				require.Equal(rt, at, s.Before)
				at = s.After
			}
			require.Equal(rt, at, d.Replicas)

			// The same question gets the same answer, and what was ordered is not ordered twice.
			var again Decision
			require.NoError(rt, l.engine.Recommend(&again, l.now, f))
			require.Equal(rt, d.Replicas, again.Replicas)
			if cfg.StepUp == 0 && cfg.StepDown == 0 && d.Replicas >= ordered {
				applied := policy.Fleet{Ready: f.Ready, Starting: d.Replicas - f.Ready}
				if applied.Starting >= 0 {
					require.NoError(rt, l.engine.Recommend(&again, l.now, applied))
					require.Equal(rt, d.Replicas, again.Replicas, "%s, then %s", d, &again)
				}
			}
		})
	})
}

// Demand and capacity scaled together change nothing: only their ratio is known.
func TestUnitsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		factor := rapid.SampledFrom([]float64{0.125, 2, 1024}).Draw(rt, "factor") // powers of two keep every bit
		one, two := newLoop(t, Config{Signals: []Signal{{Capacity: 3}}}), newLoop(t, Config{Signals: []Signal{{Capacity: 3 * factor}}})
		a, b := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 1))
		for i := range 300 {
			require.Equal(rt, one.step(wave(a, i)).Replicas, two.step(wave(b, i)).Replicas)
		}
	})
}

func TestAnEventNeverLowersADecision(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLoop(t, Config{MaxEvents: 6})
		story(rt, l, func(f policy.Fleet, d *Decision) {
			if !d.Event {
				return
			}
			var without Decision
			b, err := l.engine.AppendBinary(nil)
			require.NoError(rt, err)
			plain, err := Restore(l.engine.Config(), b)
			require.NoError(rt, err)
			for id := 'a'; id <= 'z'; id++ {
				_ = plain.Withdraw(string(id))
			}
			require.NoError(rt, plain.Recommend(&without, l.now, f))
			require.GreaterOrEqual(rt, d.Replicas, without.Replicas)
		})
	})
}

func TestConstantDemandSettles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.Float64Range(0, 200).Draw(rt, "demand")
		l := newLoop(t, Config{})
		changes := 0
		for i := range 1500 {
			if l.step(v).Change() != 0 && i > 500 {
				changes++
			}
		}
		require.LessOrEqual(rt, changes, 1, "demand %v ends at %d", v, l.d.Replicas)
		require.GreaterOrEqual(rt, float64(l.d.Replicas), math.Floor(v))
		require.LessOrEqual(rt, float64(l.d.Replicas), 1.15*v+2)
	})
}

// What ordinary demand ordered for a step is not released before that step has come. Around announced events the plan
// weighs every order anew instead: when a spot shows nothing, what was ordered for it goes.
func TestNothingIsReleasedBetweenOrderAndArrival(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLoop(t, Config{})
		var ordered []int
		story(rt, l, func(f policy.Fleet, d *Decision) {
			ordered = append(ordered, d.Replicas)
			if slices.ContainsFunc(d.Steps(), func(s policy.Step) bool { return s.Rule == policy.RuleEvent }) {
				ordered = ordered[:0]
			}
			if n := len(ordered); n >= 3 && ordered[n-2] > ordered[n-3] {
				require.GreaterOrEqual(rt, d.Replicas, ordered[n-2], "ordered %v", ordered[n-3:])
			}
		})
	})
}

// Samples that come late, twice or between the steps never make the decisions of a tidy feed worse than a refusal would:
// the counters account for each of them, and the decision stays in range.
func TestEverySampleIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, err := New(Config{})
		require.NoError(rt, err)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		var offered, unknown uint64
		var d Decision
		now := t0
		for range 500 {
			now = now.Add(time.Duration(rng.IntN(90)-20) * time.Second)
			v := 100 * rng.Float64()
			switch rng.IntN(20) {
			case 0:
				v, unknown = math.NaN(), unknown+1
			case 1:
				v = -1 - v
			case 2:
				v = math.Inf(1)
			}
			err := e.Observe(0, forecast.Sample{Time: now, Value: v})
			require.Equal(rt, v < 0 || v > maxValue, err != nil)
			offered++
			require.NoError(rt, e.Recommend(&d, now, policy.Fleet{Ready: 3}))
			require.True(rt, d.Replicas >= 1 && d.Replicas < 1e6)
		}
		c := e.Counts(0)
		got := c.Accepted + c.Replaced + c.Filled + c.Duplicate + c.Old + c.Far + c.Refused()
		require.Equal(rt, offered, got, "%+v", c)
		require.Equal(rt, unknown, c.Unknown)
	})
}

func TestLevelsAreAscending(t *testing.T) {
	require.True(t, slices.IsSorted(forecast.Levels[:]))
}
