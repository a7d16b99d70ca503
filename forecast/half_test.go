package forecast

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHalfKeepsElevenBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Exp(rapid.Float64Range(-22, 22).Draw(t, "logarithm"))
		h := toHalf(v)
		require.True(t, h.known())
		require.InEpsilon(t, v, h.value(), 1./2048)
		require.Equal(t, h, toHalf(h.value()), "what was rounded stays")
		require.LessOrEqual(t, h, toHalf(v*1.01), "in order")
	})
}

func TestHalfAtItsEnds(t *testing.T) {
	var unset half
	require.False(t, unset.known())
	require.Zero(t, unset.value())
	require.True(t, toHalf(0).known(), "zero is a value")
	require.Zero(t, toHalf(0).value())
	require.Zero(t, toHalf(1e-12).value())
	require.InEpsilon(t, 4.29e9, toHalf(1e30).value(), 1e-2, "the largest")
	require.InEpsilon(t, 4.29e9, toHalf(math.Inf(1)).value(), 1e-2)
	for _, v := range []float64{1, 2, 1024, 0.5, 40, 1.0009765625} {
		require.Equal(t, v, toHalf(v).value(), "%v is exact", v)
	}
}
