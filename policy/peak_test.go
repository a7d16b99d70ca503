package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The twin keeps every proposal.
func TestPeakIsTheLargestOfItsWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Int64Range(0, 12).Draw(t, "span")
		p := newPeak(span)
		type proposal struct {
			step int64
			n    int
		}
		var all []proposal
		k := rapid.SampledFrom([]int64{-5, 0, 1<<31 - 3, 1<<32 - 3}).Draw(t, "first step")
		top := 0
		for range 60 {
			k += rapid.Int64Range(0, 3).Draw(t, "gap")
			n := rapid.IntRange(0, 50).Draw(t, "count")
			all = append(all, proposal{k, n})
			top = max(top, n)
			want := 0
			for _, a := range all {
				if k-a.step <= span {
					want = max(want, a.n)
				}
			}
			got := p.raise(k, n)
			if span < peakRoom {
				require.Equal(t, want, got)
			}
			require.GreaterOrEqual(t, got, want, "a window never lets go too early")
			require.LessOrEqual(t, got, top)
		}
	})
}
