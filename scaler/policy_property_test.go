package scaler

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// More demand never gives fewer replicas: with everything else as it is, twice of what is measured and expected asks for
// at least as many.
func moreDemandNeverGivesFewer(rt *rapid.T) {
	l := newLoop(rt, drawConfig(rt))
	n := 0
	story(rt, l, func(f policy.Fleet, d *Decision) {
		if n++; n%60 != 0 {
			return
		}
		last := 0
		for _, demand := range []float64{0.25, 0.9, 1, 1.001, 4} {
			var a Decision
			require.NoError(rt, l.engine.WhatIf(&a, l.now, f, WhatIf{Demand: demand}))
			require.GreaterOrEqual(rt, a.Replicas, last, "at %v times the demand: %s", demand, &a)
			last = a.Replicas
		}
	})
}

func TestMoreDemandNeverGivesFewer(t *testing.T) { rapid.Check(t, moreDemandNeverGivesFewer) }
func FuzzMoreDemandNeverGivesFewer(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(moreDemandNeverGivesFewer))
}

// A higher penalty never gives fewer replicas either, where the forecast decides: unserved demand is dearer.
func dearerDemandNeverGivesFewer(rt *rapid.T) {
	cfg := drawConfig(rt)
	cfg.Exclude, cfg.Policy = nil, rapid.SampledFrom([]string{"band-wide", "band-tight", "band-tight-half"}).Draw(rt, "policy")
	l := newLoop(rt, cfg)
	n := 0
	story(rt, l, func(f policy.Fleet, d *Decision) {
		if n++; n%60 != 0 || d.Event {
			return
		}
		last := 0
		for _, penalty := range []float64{1.5, 20, 21, 400} {
			var a Decision
			require.NoError(rt, l.engine.WhatIf(&a, l.now, f, WhatIf{Penalty: penalty}))
			require.GreaterOrEqual(rt, a.Replicas, last, "at a penalty of %v: %s", penalty, &a)
			last = a.Replicas
		}
	})
}

func TestDearerDemandNeverGivesFewer(t *testing.T) { rapid.Check(t, dearerDemandNeverGivesFewer) }
func FuzzDearerDemandNeverGivesFewer(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(dearerDemandNeverGivesFewer))
}

// A step of demand under a dead time of ten steps does not overshoot: what is on order counts, so the fleet grows to what
// the newest quantiles ask for at that step, never by the same need again for each step of waiting.
func TestAStepUnderDeadTimeDoesNotOvershoot(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before := rapid.Float64Range(2, 40).Draw(rt, "before")
		after := before * rapid.Float64Range(1.2, 4).Draw(rt, "times")
		l := newLoop(rt, Config{Boot: Duration(10 * 60e9), Policy: rapid.SampledFrom([]string{"band-wide", "band-tight"}).Draw(rt, "policy")})
		need := l.fleet().Ordered()
		for i := range 180 {
			l.step(before)
			if i == 120 {
				before = after
			}
			// A band keeps its largest need for a while, and in a wide one what is there is left alone.
			var c policy.Curve
			require.True(rt, c.Set(forecast.Levels[:], l.d.Demand[:], l.d.Capacity))
			need = max(need, c.Count(l.d.Penalty))
			require.LessOrEqual(rt, l.d.Replicas, need, "step %d: %s", i, &l.d)
		}
	})
}

// Noise inside the dead band gives no change. A rule that leaves ratios of demand to capacity within b of its target alone,
// on a fleet that meets the lowest demand exactly, moves for noise of +-e only where 2e/(1-e) exceeds b: that is how far
// the highest demand lies above the lowest. The most nervous HPA has b = .1 and looks at the newest value alone.
func TestNoiseInsideTheDeadBandGivesNoChange(t *testing.T) {
	rapid.Check(t, noiseInsideTheDeadBandGivesNoChange)
}
func FuzzNoiseInsideTheDeadBandGivesNoChange(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(noiseInsideTheDeadBandGivesNoChange))
}

func noiseInsideTheDeadBandGivesNoChange(rt *rapid.T) {
	const band = 0.1
	n := rapid.IntRange(1, 200).Draw(rt, "replicas")
	edge := band / (2 + band) // where 2e/(1-e) is band
	e := rapid.Float64Range(0, edge).Draw(rt, "noise")
	lowest := 0.5 * float64(n) // hpa-50: half a replica's worth each
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
	l := newLoop(rt, Config{Policy: "hpa-50-0m"})
	l.plant = policy.NewPlant(l.engine.cfg.bootSteps(), n, 1)
	for range 5 {
		l.step(lowest)
	}
	require.Equal(rt, n, l.d.Replicas)
	middle := lowest / (1 - e)
	for i := range 120 {
		v := middle * (1 + e*(2*rng.Float64()-1))
		if i%40 == 39 { // the ends themselves, just inside
			v = middle * (1 + 0.999999*e*float64(1-2*(i/40%2)))
		}
		require.Zero(rt, l.step(max(v, lowest)).Change(), "%v of %d: %s", v, n, &l.d)
	}
	require.Positive(rt, l.step(lowest*(1+band+0.001)).Change(), "beyond the band it moves: %s", &l.d)
}

// An exact tie never moves: demand that is worth exactly as much as the replicas that are there, for which another policy
// would do as well as the one that leads, is a thousand steps of rest.
func TestAnExactTieNeverMoves(t *testing.T) {
	for _, capacity := range []float64{1, 10, 0.1, 1.0 / 3} {
		for n := 1; n <= 5; n++ {
			l := newLoop(t, Config{Signals: []Signal{{Name: "a", Capacity: capacity}, {Name: "b", Capacity: capacity}}, Change: 0.01})
			for i := range 1200 {
				l.step(float64(n))
				if i < 200 {
					continue
				}
				require.Zero(t, l.d.Change(), "%d replicas' worth at a capacity of %v, step %d: %s", n, capacity, i, &l.d)
				require.Equal(t, "a", l.d.Signal, "of two signals that need as much the first is named")
			}
			leader := l.d.Leader
			for range 1000 {
				l.step(float64(n))
				require.Equal(t, leader, l.d.Leader, "who leads does not change hands for nothing")
				require.Zero(t, l.d.Change())
			}
		}
	}
}
