package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
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

// The step in which a need stops being held, against trying each that comes.
func TestUntilAgainstTwin(t *testing.T) {
	fresh := NewHold(3)
	require.Zero(t, fresh.Until(1))
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 6).Draw(t, "steps")
		h := NewHold(steps)
		k := rapid.Int64Range(-1000, 1000).Draw(t, "begin")
		for range rapid.IntRange(1, 20).Draw(t, "calls") {
			h.Raise(k, rapid.IntRange(0, 9).Draw(t, "need"))
			k += rapid.SampledFrom([]int64{0, 1, 1, 2, 9}).Draw(t, "ahead")
		}
		n := rapid.IntRange(1, 9).Draw(t, "n")
		until := h.Until(n)
		for j := h.step; j <= h.step+int64(steps); j++ {
			later := NewHold(steps)
			later.step = h.step
			copy(later.need, h.need)
			require.Equal(t, j < until, later.Raise(j, 0) >= n, "step %d of %d, until %d", j, h.step, until)
		}
	})
}

func TestAHoldForgetsAndRefuses(t *testing.T) {
	h := NewHold(3)
	h.Raise(100, 9)
	h.Forget()
	require.Equal(t, 2, h.Raise(50, 2), "an earlier step is as good as any")
	require.Equal(t, 2, h.Raise(51, 1))
	for step, ok := range map[int64]bool{noStep: true, maxStep: true, -maxStep: true, maxStep + 1: false, -maxStep - 1: false} {
		bad := NewHold(3)
		bad.step = step
		w := state.NewWriter(nil)
		bad.State(&w)
		require.NoError(t, w.Err(), "what is written is not judged")
		again := NewHold(3)
		r := state.NewReader(w.Bytes())
		again.State(&r)
		require.Equal(t, ok, r.Err() == nil, "step %d", step)
		if !ok {
			require.Equal(t, int64(noStep), again.step, "and is not kept")
		}
	}
}
