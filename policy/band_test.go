package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCalmIsTheShareOfTheFleet(t *testing.T) {
	for need, most := range map[int]int{0: 0, 1: 1, 23: 23, 24: 25, 47: 48, 48: 50, 960: 1000} {
		require.Equal(t, Band{need, most}, Calm(need, 0.04), "releasing %d of %d", most-need, most)
	}
	require.Equal(t, Band{172, 215}, Calm(172, 0.2), "172*0.2/0.8 is a little below 43")
	require.Equal(t, Band{maxReplicas, maxReplicas}, Calm(maxReplicas, 1e-12))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1_000_000).Draw(t, "need")
		share := rapid.Float64Range(1e-9, 0.5).Draw(t, "share")
		b := Calm(n, share)
		require.LessOrEqual(t, float64(b.High-n), share*float64(b.High)+1e-6)
		require.Greater(t, float64(b.High+1-n), share*float64(b.High+1)-1e-6)
		require.True(t, b.Holds(n) && b.Holds(b.High) && !b.Holds(b.High+1) && !b.Holds(n-1))
	})
}
