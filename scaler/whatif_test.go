package scaler

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// Whatever is asked, and also where it cannot be answered, the engine is afterwards what it was: its snapshot, and
// what it decides next.
func TestWhatIfChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLoop(t, Config{MaxEvents: 2, Kinds: []Kind{{Name: "tv"}}})
		if rapid.Bool().Draw(rt, "announced before") {
			require.NoError(rt, l.engine.Announce(forecast.Event{ID: "a", Start: t0.Add(2 * time.Hour)}))
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		for i := range 60 {
			l.step(wave(rng, i))
			before, err := l.engine.AppendBinary(nil)
			require.NoError(rt, err)
			factors := []float64{0, 0.5, 1, 3, -1, math.NaN()}
			q := WhatIf{Next: factors[rng.IntN(6)], Demand: factors[rng.IntN(6)], Penalty: []float64{0, 5, 200, 1}[rng.IntN(4)]}
			if rng.IntN(2) == 0 {
				q.Withdraw = []string{"a"}
			}
			for k := range rng.IntN(4) {
				q.Announce = append(q.Announce, forecast.Event{ID: string(rune('x' + k)), Kind: []string{"", "tv"}[rng.IntN(2)], Start: l.now.Add(time.Duration(k) * time.Minute), Weight: 3})
			}
			d := Decision{Replicas: -7}
			if l.engine.WhatIf(&d, l.now.Add(time.Duration(rng.IntN(200))*time.Second), policy.Fleet{Ready: rng.IntN(60)}, q) != nil {
				require.Equal(rt, -7, d.Replicas, "no answer is given with an error")
			}
			after, err := l.engine.AppendBinary(nil)
			require.NoError(rt, err)
			require.True(rt, bytes.Equal(before, after), "%+v", q)
			_, err = Restore(l.engine.Config(), after)
			require.NoError(rt, err)
			var asked, decided Decision
			require.NoError(rt, l.engine.WhatIf(&asked, l.now, l.fleet(), WhatIf{}))
			require.NoError(rt, l.engine.Recommend(&decided, l.now, l.fleet()))
			require.Equal(rt, decided, asked, "nothing altered is what Recommend does")
		}
	})
}

// A step that is supposed is the step that then comes.
func TestWhatIfNextIsWhatComesNext(t *testing.T) {
	l := newLoop(t, Config{})
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 300 {
		v := wave(rng, i)
		l.step(v)
		factor := 0.25 + 2*rng.Float64()
		var asked Decision
		l.plant.Arrive() // as step will do
		require.NoError(t, l.engine.WhatIf(&asked, l.now, l.fleet(), WhatIf{Next: factor}))
		next := l.now
		require.NoError(t, l.engine.Observe(0, forecast.Sample{Time: next, Value: v * factor}))
		l.now = l.now.Add(time.Minute)
		require.NoError(t, l.engine.Recommend(&l.d, l.now, l.fleet()))
		require.Equal(t, l.d, asked)
		l.plant.Order(l.d.Replicas)
	}
}

func TestWhatIfAlters(t *testing.T) {
	l := newLoop(t, Config{})
	for range 300 {
		l.step(12)
	}
	ask := func(q WhatIf) *Decision {
		var d Decision
		require.NoError(t, l.engine.WhatIf(&d, l.now, l.fleet(), q))
		return &d
	}
	plain := ask(WhatIf{})
	require.Greater(t, ask(WhatIf{Next: 3}).Replicas, plain.Replicas)
	require.Equal(t, l.now.Add(time.Minute), ask(WhatIf{Next: 3}).Time)
	twice := ask(WhatIf{Demand: 2})
	require.InDelta(t, 2*plain.Replicas, twice.Replicas, 1)
	require.InEpsilon(t, 2*plain.Quantile(.5), twice.Quantile(.5), 1e-12)
	require.InEpsilon(t, plain.Capacity, twice.Capacity, 1e-12)
	require.InEpsilon(t, 2*plain.Observed, twice.Observed, 1e-12)
	spot := forecast.Event{ID: "spot", Kind: "tv", Start: l.now.Add(2 * time.Minute)}
	require.Greater(t, ask(WhatIf{Announce: []forecast.Event{spot}}).Replicas, plain.Replicas)
	require.NoError(t, l.engine.Announce(spot))
	require.Equal(t, plain.Replicas, ask(WhatIf{Withdraw: []string{"spot"}}).Replicas)
	require.Greater(t, ask(WhatIf{}).Replicas, ask(WhatIf{Penalty: 1.5}).Replicas)
	require.Equal(t, 1.5, ask(WhatIf{Penalty: 1.5}).Penalty)

	var d Decision
	var bad *WhatIfError
	require.ErrorAs(t, l.engine.WhatIf(&d, l.now, l.fleet(), WhatIf{Next: -1}), &bad)
	require.ErrorContains(t, bad, "next is -1")
	require.ErrorAs(t, l.engine.WhatIf(&d, l.now, l.fleet(), WhatIf{Demand: math.Inf(1)}), &bad)
	require.ErrorAs(t, l.engine.WhatIf(&d, l.now, l.fleet(), WhatIf{Penalty: 1}), &bad)
	require.ErrorIs(t, l.engine.WhatIf(&d, l.now, l.fleet(), WhatIf{Withdraw: []string{"nobody"}}), ErrUnknownEvent)
	require.ErrorAs(t, l.engine.WhatIf(&d, l.now, policy.Fleet{Ready: -1}, WhatIf{Demand: 2}), new(*FleetError))
}

// What an explanation says would change the count does: with a little more demand than More says another replica is
// wanted, with a little less none is.
func TestMoreIsWhereAnotherReplicaIsWanted(t *testing.T) {
	for _, shadow := range []string{"", "band-wide", "band-tight-half", "hpa-70-5m"} {
		l := newLoop(t, Config{Policy: shadow, Calm: 1e-9, Signals: []Signal{{Capacity: 10}}})
		rng := rand.New(rand.NewPCG(5, 5))
		asked := 0
		for i := range 900 {
			l.step(wave(rng, i))
			if i%9 != 0 || len(l.d.Steps()) > 0 || l.d.Stale {
				continue
			}
			turn, ok := l.d.More()
			require.True(t, ok)
			now := l.d.Quantile(.5)
			if turn.Measured {
				now = l.d.Observed
			}
			if shadow == "" && (turn.Measured || now > turn.Demand) {
				continue // the leader may have had another count than the fleet, or other layers hold more than it wants
			}
			var below, above Decision
			require.NoError(t, l.engine.WhatIf(&below, l.now, l.fleet(), WhatIf{Demand: turn.Demand / now * (1 - 1e-6)}))
			require.NoError(t, l.engine.WhatIf(&above, l.now, l.fleet(), WhatIf{Demand: turn.Demand / now * (1 + 1e-6)}))
			if shadow != "" {
				require.LessOrEqual(t, below.Replicas, l.d.Replicas, "%s: %s", shadow, &l.d)
			}
			require.Greater(t, above.Replicas, l.d.Replicas, "%s: %s", shadow, &l.d)
			asked++
		}
		require.Greater(t, asked, 30, "%s: enough was asked", shadow)
	}
}

// The same for a release: a policy that does not look back releases with a little less demand than Less says.
func TestLessIsWhereAReplicaIsReleased(t *testing.T) {
	for _, shadow := range []string{"band-wide", "band-tight", "hpa-75-0m"} {
		l := newLoop(t, Config{Policy: shadow, Hold: Duration(time.Minute), Signals: []Signal{{Capacity: 10}}})
		rng := rand.New(rand.NewPCG(6, 6))
		asked := 0
		for i := range 900 {
			l.step(2 * wave(rng, i))
			if i%5 != 0 {
				continue
			}
			// Within a step the largest count is kept, so the question comes before the decision.
			require.NoError(t, l.engine.Observe(0, forecast.Sample{Time: l.now, Value: l.d.Observed}))
			l.now = l.now.Add(time.Minute)
			l.plant.Arrive()
			var d, below, above Decision
			require.NoError(t, l.engine.Peek(&d, l.now, l.fleet()))
			turn, remain, ok := d.Less()
			if len(d.Steps()) > 0 || !ok {
				continue
			}
			now := d.Quantile(.5)
			if turn.Measured {
				now = d.Observed
			}
			require.NoError(t, l.engine.WhatIf(&below, l.now, l.fleet(), WhatIf{Demand: turn.Demand / now * (1 - 1e-6)}))
			require.NoError(t, l.engine.WhatIf(&above, l.now, l.fleet(), WhatIf{Demand: turn.Demand / now * (1 + 1e-6)}))
			require.LessOrEqual(t, below.Replicas, remain, "%s: %s", shadow, &d)
			require.Greater(t, above.Replicas, remain, "%s: %s", shadow, &d)
			asked++
		}
		require.Greater(t, asked, 20, "%s: enough was asked", shadow)
	}
}
