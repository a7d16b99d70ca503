package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParetoBeginsExponential(t *testing.T) {
	p := newPareto(3, 1.2)
	for i, d := range p.over {
		require.InDelta(t, math.Log(0.02/(1-Levels[tailFrom+1+i])), d, 1e-9, "in mean excesses")
	}
}

// Drawn from a generalised Pareto tail of known weight, the distances in mean excesses come out.
func TestParetoFindsTheWeightOfTheTail(t *testing.T) {
	for _, xi := range []float64{-0.4, -0.2, 0, 0.2, 0.35} {
		rng := rand.New(rand.NewPCG(11, 12))
		var sums [tailLevels]float64
		const runs = 40
		for range runs {
			p := newPareto(1, 1)
			for range 40_000 {
				u := rng.Float64()
				if u < 0.98 {
					p.update(0)
					continue
				}
				q := (1 - u) / 0.02
				excess := -math.Log(q)
				if xi != 0 {
					excess = (math.Pow(q, -xi) - 1) / xi
				}
				p.update(p.from + excess)
			}
			for i, d := range p.over {
				sums[i] += d / runs
			}
		}
		for i, got := range sums {
			q := (1 - Levels[tailFrom+1+i]) / 0.02
			want := math.Log(1/q) * 1
			if xi != 0 {
				want = (math.Pow(q, -xi) - 1) / xi * (1 - xi)
			}
			require.InEpsilon(t, want, got, 0.1, "xi %v at %v", xi, Levels[tailFrom+1+i])
		}
	}
}

func TestParetoTracksItsQuantileAndStaysSane(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	p := newPareto(30, 1)
	over := 0
	for i := range 60_000 {
		u := rng.ExpFloat64()
		if i >= 20_000 && u > p.from {
			over++
		}
		p.update(u)
	}
	require.InDelta(t, 0.02, float64(over)/40_000, 0.004)
	for range 1000 {
		p.update(1e300)
		p.update(-1e300)
	}
	for i, d := range p.over {
		require.False(t, math.IsNaN(d) || math.IsInf(d, 0))
		if i > 0 {
			require.Greater(t, d, p.over[i-1])
		}
	}
}
