package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestShapeFindsTheQuantilesOfWhatItSaw(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := newShape(contexts, 1, 1)
	var all []float64
	for range 3000 {
		u := rng.ExpFloat64() - 1 // skewed to the right, as demand is
		s.update(4, u)
		all = append(all, u)
	}
	slices.Sort(all)
	var q [NumLevels]float64
	s.quantiles(&q, 4)
	for i, level := range Levels {
		want := all[int(level*float64(len(all)))]
		// A bin is .27 wide in asinh(2u): its half width bounds the error.
		require.InDelta(t, math.Asinh(2*want), math.Asinh(2*q[i]), 0.2, "level %v", level)
	}
}

func TestShapeOfAnUnseenContextIsTheCommonOne(t *testing.T) {
	s := newShape(contexts, 1, 1)
	for range 5000 {
		s.update(3, 2.5)
	}
	var seen, unseen [NumLevels]float64
	s.quantiles(&seen, 3)
	s.quantiles(&unseen, 7)
	require.InDelta(t, 2.5, seen[NumLevels/2], 0.5)
	require.InDelta(t, 2.5, unseen[NumLevels/2], 0.5)
}

func TestShapeIsMonotoneAndFinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShape(contexts, 1, 1)
		for range rapid.IntRange(0, 400).Draw(t, "updates") {
			u := rapid.SampledFrom([]float64{-1e9, -3, -0.4, 0, 0.1, 1, 5, 1e9, math.Inf(1), math.NaN()}).Draw(t, "u")
			s.update(rapid.IntRange(0, contexts-1).Draw(t, "context"), u)
		}
		var q [NumLevels]float64
		s.quantiles(&q, rapid.IntRange(0, contexts-1).Draw(t, "asked"))
		for i := range q {
			require.False(t, math.IsNaN(q[i]) || math.IsInf(q[i], 0), "%v", q)
			if i > 0 {
				require.GreaterOrEqual(t, q[i], q[i-1])
			}
		}
	})
}

// Growing weights and rescaling them is the same as decaying every count at every update.
func TestShapeForgetsAsDecayWould(t *testing.T) {
	s := newShape(contexts, 1, 1)
	twin := map[int]float64{}
	for b := range shapeBins {
		twin[b] = float64(s.all.count[b])
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100_000 { // enough for the weight to be rescaled three times
		b := rng.IntN(shapeBins)
		s.update(0, 0.5*(binEdge(b)+binEdge(b+1)))
		for i := range twin {
			twin[i] *= s.decay
		}
		twin[b] += s.decay
	}
	var total float64
	for _, v := range twin {
		total += v
	}
	for b := range shapeBins {
		require.InEpsilon(t, twin[b]/total, float64(s.all.count[b])/float64(s.all.total), 1e-3, "bin %d", b)
	}
}

// A context that sees one error again and again counts no further than its digits reach; its quantiles stay in that bin.
func TestShapeOfConstantErrors(t *testing.T) {
	s := newShape(contexts, 1, 1)
	for range 50_000 {
		s.update(3, 0)
		var sum float64
		for _, c := range s.own[3].count {
			sum += c.value()
		}
		require.InEpsilon(t, sum, float64(s.own[3].total), 1e-4)
	}
	var q [NumLevels]float64
	s.quantiles(&q, 3)
	require.InDelta(t, 0, q[0], binEdge(shapeBins/2)-binEdge(shapeBins/2-2))
	require.InDelta(t, 0, q[tailFrom], binEdge(shapeBins/2)-binEdge(shapeBins/2-2))
}
