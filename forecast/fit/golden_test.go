package fit

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden reads a file of reference values from R into v, or skips the test.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "golden", name))
	if os.IsNotExist(err) {
		t.Skipf("reference values from R are absent: ../shared/golden/%s", name)
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}

type classic struct {
	Frequency int
	Y         []float64
}

// classics are the series that the reference values were made from.
func classics(t *testing.T) map[string]classic {
	t.Helper()
	var s map[string]classic
	golden(t, "series.json", &s)
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
