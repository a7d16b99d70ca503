package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHoldKeepsTheLargestNeed(t *testing.T) {
	h := NewHold(3)
	require.Equal(t, 9, h.Raise(100, 9))
	require.Equal(t, 9, h.Raise(101, 4))
	require.Equal(t, 9, h.Raise(102, 5))
	require.Equal(t, 5, h.Raise(103, 2), "three steps later it is forgotten")
	require.Equal(t, 7, h.Raise(103, 7), "a second call for a step raises")
	require.Equal(t, 7, h.Raise(103, 1), "and never lowers")
	require.Equal(t, 7, h.Raise(101, 3), "an earlier step changes nothing")
	require.Equal(t, 1, h.Raise(900, 1), "a long silence forgets all")
}

func TestHoldAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "steps")
		h := NewHold(n)
		needs := map[int64]int{}
		k := rapid.Int64Range(-1000, 1000).Draw(t, "begin")
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			k += rapid.SampledFrom([]int64{0, 1, 1, 1, 2, 9}).Draw(t, "ahead")
			need := rapid.IntRange(0, 50).Draw(t, "need")
			needs[k] = max(needs[k], need)
			want := 0
			for j := k - int64(n) + 1; j <= k; j++ {
				want = max(want, needs[j])
			}
			require.Equal(t, want, h.Raise(k, need))
		}
	})
}
