package fit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/reference"
)

type classic struct {
	Frequency int
	Y         []float64
}

// classics are the series that the reference values were made from.
func classics(t *testing.T) map[string]classic {
	t.Helper()
	var s map[string]classic
	reference.Read(t, "series.json", &s)
	return s
}

// same wants two vectors to agree to 1e-9 of the largest value of the wanted one.
func same(t *testing.T, want, got []float64, msg string, args ...any) {
	t.Helper()
	sameTo(t, 1e-9, want, got, msg, args...)
}

func sameTo(t require.TestingT, tolerance float64, want, got []float64, msg string, args ...any) {
	require.Len(t, got, len(want), append([]any{msg}, args...)...)
	require.NotEmpty(t, want, append([]any{msg}, args...)...)
	var scale float64
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i := range want {
		if d := math.Abs(want[i] - got[i]); !(d <= tolerance*scale) {
			require.Failf(t, "values differ", "[%d]: wanted %v, got %v, difference %.3g of %v; "+msg, append([]any{i, want[i], got[i], d, scale}, args...)...)
		}
	}
}
