package fit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowAutocorrelation is the definition.
func slowAutocorrelation(x []float64, most int) []float64 {
	r := make([]float64, most+1)
	known, variance := 0.0, 0.0
	for lag := range r {
		sum, pairs := 0.0, 0.0
		for i := 0; i+lag < len(x); i++ {
			if p := x[i] * x[i+lag]; !math.IsNaN(p) {
				sum, pairs = sum+p, pairs+1
			}
		}
		if lag == 0 {
			known, variance = pairs, sum/pairs
		}
		r[lag] = sum / pairs / variance
		if pairs < max(2, known/4) {
			r[lag] = math.NaN()
		}
	}
	return r
}

func TestAutocorrelationByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Float64Range(-10, 10), rapid.Just(math.NaN()))
		x := append(rapid.SliceOfN(value, 1, 100).Draw(t, "x"), 1, -1)
		most := rapid.IntRange(0, len(x)-1).Draw(t, "most")
		got, want := autocorrelation(x, most), slowAutocorrelation(x, most)
		for lag := range want {
			require.Equal(t, math.IsNaN(want[lag]), math.IsNaN(got[lag]), "lag %d", lag)
			if !math.IsNaN(want[lag]) {
				require.InDelta(t, want[lag], got[lag], 1e-9, "lag %d", lag)
			}
		}
	})
}

func TestHill(t *testing.T) {
	r := make([]float64, 61)
	for lag := range r { // a hill at 24, on a slope that buries it, so that 23 is higher
		r[lag] = 2 - 0.05*float64(lag) + 0.1*math.Cos(2*math.Pi*float64(lag)/24)
	}
	require.Greater(t, r[23], r[24])
	top, rise, ok := hill(r, 20, 28, 0.05)
	require.True(t, ok)
	require.Equal(t, 24, top)
	require.InDelta(t, 0.2, rise, 1e-9)
	_, _, ok = hill(r, 20, 28, 0.25)
	require.False(t, ok, "no more than noise")
	_, _, ok = hill(r, 33, 38, 0.05)
	require.False(t, ok, "a valley")
	_, _, ok = hill(r, 70, 80, 0)
	require.False(t, ok, "beyond the end")
}
