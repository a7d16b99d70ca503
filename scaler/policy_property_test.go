package scaler

import (
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
