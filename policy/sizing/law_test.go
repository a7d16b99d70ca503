package sizing

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

// lawOf has seen n replicas that use base + cost*demand, more or less.
func lawOf(n int, base, cost, noise float64, seed uint64) *Law {
	rng := rand.New(rand.NewPCG(seed, 1))
	var l Law
	for range n {
		d := 20 + 60*rng.Float64()
		l.Update(d, base+cost*d+noise*rng.NormFloat64())
	}
	return &l
}

func TestLawLearnsWhatAReplicaUses(t *testing.T) {
	l := lawOf(2000, 0.2, 0.01, 0.03, 1)
	require.InDelta(t, 0.2, l.Base(), 0.01)
	require.InEpsilon(t, 0.01, l.Cost(), 0.02)
	mean, bound := l.Capacity(1.4, 2)
	require.InEpsilon(t, 120, mean, 0.02)
	require.Less(t, bound, mean)
	require.Greater(t, bound, 115.)
	require.Equal(t, 2000, l.Seen())
	require.Zero(t, l.Drifts())
}

// Recursive least squares is weighted least squares over the whole history with the prior as two observations more.
func TestLawEqualsLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Law
		n := rapid.IntRange(5, 200).Draw(t, "n")
		noise := rapid.SampledFrom([]float64{0, 0.01, 0.2}).Draw(t, "noise")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		var xs, ys []float64
		for range n {
			x := 1 + 9*rng.Float64()
			xs, ys = append(xs, x), append(ys, 0.5+0.3*x+noise*(rng.Float64()-0.5))
			l.Update(xs[len(xs)-1], ys[len(ys)-1])
		}
		if l.Drifts() > 0 {
			t.Skip("the noise of this draw looks like a drift")
		}
		// The normal equations with forgetting; the prior fades as the observations do.
		w := math.Pow(lawForget, float64(n))
		a, b, d := w/lawPrior, 0., w*l.scale*l.scale/lawPrior
		var p, q float64
		for i, x := range xs {
			w := math.Pow(lawForget, float64(n-1-i))
			a, b, d = a+w, b+w*x, d+w*x*x
			p, q = p+w*ys[i], q+w*x*ys[i]
		}
		det := a*d - b*b
		require.InDelta(t, (p*d-q*b)/det, l.Base(), 1e-8)
		require.InDelta(t, (a*q-b*p)/det, l.Cost(), 1e-8)
	})
}

// The bound must lie below the truth about as often as a bound at 1.645 standard errors promises: 95 times in a hundred.
func TestLawBoundHolds(t *testing.T) {
	below, runs := 0, 600
	for i := range runs {
		l := lawOf(60, 0.2, 0.01, 0.1, uint64(i))
		if _, bound := l.Capacity(1.4, 1.645); bound <= 120 {
			below++
		}
	}
	share := float64(below) / float64(runs)
	require.Greater(t, share, 0.91)
	require.Less(t, share, 0.99)
}

// A deploy that doubles the cost of a request is noticed, believed within some tens of observations, and not before.
func TestLawFollowsADeploy(t *testing.T) {
	l := lawOf(3000, 0.2, 0.01, 0.03, 7)
	_, before := l.Capacity(1.4, 2)
	rng := rand.New(rand.NewPCG(7, 9))
	widest := before
	for range 60 {
		d := 20 + 60*rng.Float64()
		l.Update(d, 0.2+0.02*d+0.03*rng.NormFloat64())
		_, b := l.Capacity(1.4, 2)
		widest = min(widest, b)
	}
	mean, _ := l.Capacity(1.4, 2)
	require.Equal(t, 1, min(l.Drifts(), 1), "a drift was noticed")
	require.InEpsilon(t, 60, mean, 0.1)
	require.Less(t, widest, 60., "in between the bound is careful")
}

func TestLawOfWhatDemandDoesNotUse(t *testing.T) {
	l := lawOf(500, 3, 0, 0.05, 4)
	mean, bound := l.Capacity(4, 2)
	require.Greater(t, bound, 1000., "%v", mean)
	var none Law
	mean, bound = none.Capacity(4, 2)
	require.True(t, math.IsNaN(mean) && math.IsNaN(bound))
}

func TestLawSurvivesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Law
		odd := rapid.SampledFrom([]float64{0, 1, 1, 5, -1, 1e12, 1e-12, math.NaN(), math.Inf(1), 3.5})
		for range rapid.IntRange(0, 400).Draw(t, "n") {
			l.Update(odd.Draw(t, "demand"), odd.Draw(t, "used"))
		}
		require.False(t, math.IsNaN(l.Base()) || math.IsNaN(l.Cost()) || math.IsInf(l.Cost(), 0))
		mean, bound := l.Capacity(rapid.Float64Range(0, 100).Draw(t, "usable"), 2)
		if l.Seen() >= lawTrusted {
			require.GreaterOrEqual(t, mean, bound)
			require.GreaterOrEqual(t, bound, 0.)
		}
		var twin Law
		w := state.NewWriter(nil)
		l.State(&w)
		r := state.NewReader(w.Bytes())
		twin.State(&r)
		require.NoError(t, r.Err())
		require.Equal(t, l, twin)
	})
}

func TestLawAllocatesNothing(t *testing.T) {
	l := lawOf(10, 1, 1, 1, 1)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		l.Update(3, 4)
		l.Capacity(1, 2)
	}))
}
