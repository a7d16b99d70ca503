package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestUnits(t *testing.T) {
	require.Equal(t, 6, Unit(3).Up(4))
	require.Equal(t, 3, Unit(3).Down(5))
	require.Equal(t, 0, Unit(3).Up(0))
	require.Equal(t, 4, Unit(0).Up(4))
	require.Equal(t, 4, Unit(1).Down(4))
	require.Equal(t, Limits{Min: 3, Max: 9, StepUp: 3, StepDown: 4, Unit: 3}, Unit(3).Fit(Limits{Min: 2, Max: 11, StepUp: 1, StepDown: 4}))
	require.Equal(t, Limits{Min: 3, Max: 3, Unit: 3}, Unit(3).Fit(Limits{Min: 1, Max: 2}))
	require.Equal(t, Limits{Min: 3, Unit: 3}, Unit(3).Fit(Limits{Min: 1}), "no limit stays none")
	require.Equal(t, Limits{Min: 1, Max: 7, StepUp: 2, Unit: 1}, Unit(1).Fit(Limits{Min: 1, Max: 7, StepUp: 2}))
}

// What is decided is a whole number of units within the limits, and a fleet that should move does.
func TestLimitsInUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := Unit(rapid.IntRange(1, 5).Draw(t, "unit"))
		n := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		l := u.Fit(Limits{Min: n("min", 1, 9), Max: n("max", 20, 60), StepUp: n("up", 0, 9), StepDown: n("down", 0, 9)})
		ordered, need := n("ordered", 0, 70), n("need", 0, 70)
		var tr Trail
		want := u.Round(&tr, need)
		require.GreaterOrEqual(t, want, need)
		require.Less(t, want, need+int(u))
		got := l.Rate(&tr, want, ordered)
		require.Zero(t, got%int(u))
		require.True(t, (got > ordered) == (want > ordered) && (got < ordered) == (want < ordered), "ordered %d, wanted %d, got %d", ordered, want, got)
		if l.StepUp > 0 {
			require.LessOrEqual(t, got, ordered+l.StepUp)
		}
		if l.StepDown > 0 {
			require.GreaterOrEqual(t, got, ordered-l.StepDown)
		}
		got = l.Bound(&tr, got)
		require.Zero(t, got%int(u))
		require.True(t, got >= l.Min && got <= l.Max)
	})
}
