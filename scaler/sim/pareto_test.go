package sim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParetoFront(t *testing.T) {
	nan := math.NaN()
	//                 cheap  both  dear  worse  same as 1  no figure
	a := []float64{1, 2, 3, 3, 2, nan, 1}
	b := []float64{9, 5, 1, 5, 5, 0, nan}
	require.Equal(t, []bool{true, true, true, false, true, false, false}, ParetoFront(a, b))
	require.Empty(t, ParetoFront(nil, nil))
}

func TestParetoFrontEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		// Few values, so that there are ties and equal pairs.
		figure := rapid.SampledFrom([]float64{-1, 0, 1, 2, 3, 4, math.Inf(1), math.NaN()})
		a := rapid.SliceOfN(figure, 0, 12).Draw(r, "a")
		b := rapid.SliceOfN(figure, len(a), len(a)).Draw(r, "b")
		want := make([]bool, len(a))
		for i := range a {
			want[i] = !math.IsNaN(a[i]) && !math.IsNaN(b[i])
			for j := range a {
				if a[j] <= a[i] && b[j] <= b[i] && (a[j] < a[i] || b[j] < b[i]) {
					want[i] = false
				}
			}
		}
		require.Equal(t, want, ParetoFront(a, b))
	})
}
