package policy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is paid for and what goes unserved separates over layers, or a leader of one could not be told from its cost there.
func TestLayersSplitCostExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "replicas")
		z := rapid.Float64Range(0, 200).Draw(t, "demand")
		sum, short := 0, 0.0
		for b := range numLayers {
			sum += within(n, b)
			short += math.Max(0, demandWithin(z, b)-float64(within(n, b)))
		}
		require.Equal(t, n, sum)
		require.InDelta(t, math.Max(0, z-float64(n)), short, 1e-9)
		require.Positive(t, within(max(n, 1), layerOf(n)), "the n-th replica lies in its layer")
		require.Zero(t, within(n, min(layerOf(n)+1, numLayers-1))*(numLayers-1-layerOf(n)), "and none lies above")
	})
	require.Zero(t, demandWithin(math.NaN(), 0))
}
