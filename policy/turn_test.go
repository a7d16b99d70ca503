package policy

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// times is a curve of demand that is f times as large.
func times(t require.TestingT, q []float64, f float64) *Curve {
	scaled := make([]float64, len(q))
	for i, v := range q {
		scaled[i] = v * f
	}
	var c Curve
	require.True(t, c.Set(levels, scaled, 10))
	return &c
}

// The demand of a turn is where the policy itself turns: a little more or less of it changes the count, and nothing on
// the near side does.
func turnsAreWhereThePolicyTurns(rt *rapid.T) {
	q := drawQuantiles(rt)
	q[len(q)-1]++ // some demand
	penalty := rapid.SampledFrom([]float64{2.5, 20, 300}).Draw(rt, "penalty")
	release := rapid.SampledFrom([]float64{1, 2, 5}).Draw(rt, "release")
	shadow := rapid.IntRange(0, NumShadows-1).Draw(rt, "shadow")
	n := rapid.IntRange(1, 60).Draw(rt, "replicas")
	c := times(rt, q, 1)
	r := &rivals[shadow]
	wants := func(demand float64) int {
		if r.family == FamilyHPA {
			p := r.params()
			return p.Propose(demand, 10, n)
		}
		scaled := times(rt, q, demand/(10*c.median()))
		v := Sight{Full: scaled.Newsvendor(penalty, release)}
		v.Half = Band{scaled.Count(penalty / 2), scaled.Count(float64(penalty/2) * release)}
		return r.clamp(&v, n)
	}
	up := TurnUp(shadow, c, 10, penalty, release, n)
	require.Equal(rt, r.family == FamilyHPA, up.Measured)
	if c.median() == 0 && !up.Measured {
		return
	}
	require.LessOrEqual(rt, wants(up.Demand*(1-1e-6)), n)
	require.Greater(rt, wants(up.Demand*(1+1e-6)), n)
	if n == 1 {
		return
	}
	to := rapid.IntRange(1, n-1).Draw(rt, "to")
	down := TurnDown(shadow, c, 10, penalty, release, n, to)
	require.LessOrEqual(rt, wants(down.Demand*(1-1e-6)), to)
	require.Greater(rt, wants(down.Demand*(1+1e-6)), to)
}

func TestTurnsAreWhereThePolicyTurns(t *testing.T) { rapid.Check(t, turnsAreWhereThePolicyTurns) }

func TestNoDemandNeverTurns(t *testing.T) {
	var c Curve
	require.True(t, c.Set(levels, make([]float64, len(levels)), 10))
	require.True(t, math.IsInf(c.Factor(1, 0.05), 1))
}

func FuzzTurns(f *testing.F) { f.Fuzz(rapid.MakeFuzz(turnsAreWhereThePolicyTurns)) }

// The last replica and the next one belong to the layers that have them, wherever the total lies.
func TestEndsAreThoseOfTheLayersThatMove(t *testing.T) {
	s := NewShadows(ShadowConfig{Step: 60e9, Boot: 2, Hold: 3, Penalty: 20, Change: 0.03, Limits: Limits{Min: 1}})
	ends := func(wanted [numLayers]int32) [4]int {
		for b := range s.leader {
			s.leader[b] = b
			s.runs[b].wanted = wanted[b]
		}
		more, moreAt, less, lessAt := s.Ends()
		return [4]int{more, moreAt, less, lessAt}
	}
	require.Equal(t, [4]int{1, 12, 1, 12}, ends([numLayers]int32{12, 12, 12, 12}), "all agree")
	require.Equal(t, [4]int{1, 6, 0, 6}, ends([numLayers]int32{6, 6, 6, 6}), "at a border")
	require.Equal(t, [4]int{1, 12, 3, 43}, ends([numLayers]int32{12, 12, 13, 43}), "the top still holds a crowd: 6+6+0+3")
	require.Equal(t, [4]int{0, 2, 0, 2}, ends([numLayers]int32{2, 6, 6, 6}))
	s.pin = 5
	s.runs[5].wanted = 9
	require.Equal(t, [4]int{5, 9, 5, 9}, ends([numLayers]int32{1, 1, 1, 1}), "a pinned policy decides alone")
}

// Half of the probability lies above the median, wherever the quantiles are.
func TestMedianHalvesTheDistribution(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuantiles(rt)
		var c Curve
		require.True(rt, c.Set(levels, q, 10))
		want := 0.0
		for i, l := range levels {
			if l == 0.5 {
				want = q[i] / 10
			}
		}
		require.InDelta(rt, want, c.median(), 1e-9*(1+want), "quantiles %v", q)
	})
}

func TestHowFarAReleaseLooksBack(t *testing.T) {
	for name, want := range map[string]time.Duration{
		"hpa-50-0m": 0, "hpa-70-5m": 5 * time.Minute, "hpa-95-15m": 15 * time.Minute, "band-wide": 2 * time.Minute, "band-tight-held": heldTimes*3*time.Minute - time.Minute,
	} {
		i := FindShadow(name)
		require.GreaterOrEqual(t, i, 0, name)
		require.Equal(t, want, LooksBack(i, 3*time.Minute, time.Minute), name)
	}
}
