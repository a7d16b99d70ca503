package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCounterGivesRates(t *testing.T) {
	var c Counter
	at := func(s int) time.Time { return time.Date(2026, 3, 6, 12, 0, s, 0, time.UTC) }
	_, ok := c.Rate(at(0), 100)
	require.False(t, ok, "one reading is no rate")
	s, ok := c.Rate(at(15), 400)
	require.True(t, ok)
	require.Equal(t, Sample{Time: at(0), Value: 20}, s)

	for name, total := range map[string]float64{"no number": math.NaN(), "infinite": math.Inf(1), "negative": -1} {
		_, ok = c.Rate(at(20), total)
		require.False(t, ok, name)
	}
	_, ok = c.Rate(at(15), 500)
	require.False(t, ok, "the same time again")
	s, ok = c.Rate(at(45), 700)
	require.True(t, ok)
	require.Equal(t, Sample{Time: at(15), Value: 10}, s, "what was ignored left nothing behind")

	s, ok = c.Rate(at(55), 50)
	require.True(t, ok)
	require.Equal(t, Sample{Time: at(45), Value: 5}, s, "a reset begins at zero")
}

// Over any readings, resets included, the rates add up to what was counted, and none is negative.
func TestCounterLosesNothingButTheEndOfARun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Counter
		now := time.Unix(1_700_000_000, 0).UTC()
		total, want, got := 0.0, 0.0, 0.0
		_, _ = c.Rate(now, total)
		for range rapid.IntRange(1, 60).Draw(t, "readings") {
			seconds := rapid.IntRange(1, 300).Draw(t, "seconds")
			now = now.Add(time.Duration(seconds) * time.Second)
			counted := float64(rapid.IntRange(0, 1000).Draw(t, "counted"))
			if total > counted && rapid.IntRange(0, 5).Draw(t, "reset") == 0 {
				total = 0 // the reading will lie below the last one
			}
			total += counted
			want += counted
			s, ok := c.Rate(now, total)
			require.True(t, ok)
			require.GreaterOrEqual(t, s.Value, 0.0)
			require.Equal(t, now.Add(-time.Duration(seconds)*time.Second), s.Time)
			got += s.Value * float64(seconds)
		}
		require.InDelta(t, want, got, 1e-6*(1+want))
	})
}
