package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The recent maxima and the range against a full scan of a list, gaps included.
func TestRecentExtremesAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBase(int64(time.Minute), Seasons{}.WithDefaults(), false)
		var all []float32
		for k, v := range rapid.SliceOfN(rapid.Float32Range(-20, 100), 1, 250).Draw(t, "values, negative for a gap") {
			if v < 0 {
				v = float32(math.NaN())
			}
			all = append(all, v)
			b.remember(int64(k), v)
			for i, span := range maximaSpans {
				want := 0.0
				for _, z := range all[max(0, len(all)-int(span)):] {
					if float64(z) > want {
						want = float64(z)
					}
				}
				require.Equal(t, want, b.maxima[i], "of %d after %d", span, k)
			}
			low := nothing
			for _, z := range all[max(0, len(all)-recentSteps):] {
				if float64(z) < low {
					low = float64(z)
				}
			}
			require.Equal(t, low, b.low, "after %d", k)
			require.Equal(t, b.maxima[3], b.top)
		}
	})
}

func TestWiden(t *testing.T) {
	require.Equal(t, 1.0, widen(0, 4))
	require.Equal(t, 1.0, widen(-3, 4))
	require.InDelta(t, math.Sqrt(1.5), widen(2, 4), 1e-12)
	require.Equal(t, 1.25, widen(1e6, 4), "no more than that")
}
