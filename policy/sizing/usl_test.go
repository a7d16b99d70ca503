package sizing

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The SPEC SDM91 benchmark, as Gunther's R package usl fits it: alpha .0277285, beta .0001044, gamma 89.9952330.
func TestFitScalability(t *testing.T) {
	law, residual, err := FitScalability(
		[]float64{1, 18, 36, 72, 108, 144, 216}, []float64{64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2})
	require.NoError(t, err)
	require.InDelta(t, 0.0277285, law.Alpha, 5e-8)
	require.InDelta(t, 0.00010436548, law.Beta, 5e-12)
	require.InDelta(t, 89.9952330, law.Gamma, 5e-6)
	require.InDelta(t, 96.52, law.Peak(), 0.005)
	require.InDelta(t, 27453.72, residual, 0.005)
}

func TestFitScalabilityFindsWhatMadeThePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Scalability{
			rapid.Float64Range(0.001, 0.2).Draw(t, "alpha"), rapid.Float64Range(1e-5, 1e-2).Draw(t, "beta"),
			rapid.Float64Range(0.1, 1e4).Draw(t, "gamma"),
		}
		var n, x []float64
		for _, v := range []float64{1, 2, 4, 8, 16, 32, 64, 128} {
			n, x = append(n, v), append(x, want.At(v))
		}
		got, _, err := FitScalability(n, x)
		require.NoError(t, err)
		require.InEpsilon(t, want.Gamma, got.Gamma, 1e-5)
		require.InDelta(t, want.Alpha, got.Alpha, 1e-5)
		require.InEpsilon(t, want.Beta, got.Beta, 1e-3)
	})
	law, _, err := FitScalability([]float64{1, 2, 3, 4}, []float64{10, 20, 30, 40})
	require.NoError(t, err)
	require.InDelta(t, 0, law.Alpha, 1e-6, "what scales without loss")
	require.Greater(t, law.Peak(), 1e3)
}

func TestFitScalabilityRefuses(t *testing.T) {
	for want, c := range map[string][2][]float64{
		"load test: 1 sizes and 2 throughputs; wanted as many of both":     {{1}, {1, 2}},
		"load test: 3 points at 3 different sizes; wanted at least 4 at 3": {{1, 2, 3}, {1, 2, 3}},
		"load test: 4 points at 2 different sizes; wanted at least 4 at 3": {{1, 2, 1, 2}, {1, 2, 1, 2}},
		"load test: point 1 is 0 at 2; wanted finite numbers above 0":      {{1, 2, 3, 4}, {1, 0, 3, 4}},
		"load test: point 3 is 4 at NaN; wanted finite numbers above 0":    {{1, 2, 3, math.NaN()}, {1, 2, 3, 4}},
		"load test: point 0 is +Inf at 1; wanted finite numbers above 0":   {{1, 2, 3, 4}, {math.Inf(1), 2, 3, 4}},
	} {
		_, _, err := FitScalability(c[0], c[1])
		require.EqualError(t, err, want)
	}
}
