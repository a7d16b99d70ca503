package policy

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFleetThatIdlesGoesWhenItHasCostAColdStart(t *testing.T) {
	require.Equal(t, 30*time.Minute, BreakEven(0.5, 1))
	require.Equal(t, 10*time.Minute, BreakEven(0.5, 3))
	require.Equal(t, time.Hour, BreakEven(1, 0))

	nan := math.NaN()
	i := Idle{Below: 0.2, After: 5 * time.Minute}
	require.False(t, i.Over(minutes(0), 3, 4, false))
	for m := 1; m < 6; m++ {
		require.False(t, i.Over(minutes(m), 0.1, 0.1, false), "minute %d", m)
	}
	require.True(t, i.Over(minutes(6), 0.1, 0.1, false))
	require.True(t, i.Over(minutes(7), nan, nan, false), "what is not known stays as it was")
	for name, busy := range map[string]func() bool{
		"demand":           func() bool { return i.Over(minutes(8), 0.2, 0, false) },
		"likely demand":    func() bool { return i.Over(minutes(8), 0, 0.2, false) },
		"an event":         func() bool { return i.Over(minutes(8), 0, 0, true) },
		"an event, unseen": func() bool { return i.Over(minutes(8), nan, nan, true) },
	} {
		i.quiet, i.since = true, 0
		require.False(t, busy(), name)
		require.False(t, i.Over(minutes(9), 0, 0, false), "%s begins the wait anew", name)
		require.True(t, i.Over(minutes(14), 0, 0, false))
	}
	i.Forget()
	require.False(t, i.Over(minutes(99), nan, nan, false), "what was never seen is not idle")
	never := Idle{}
	require.False(t, never.Over(minutes(0), 0, 0, false))
	require.False(t, never.Over(minutes(10000), 0, 0, false))
}
