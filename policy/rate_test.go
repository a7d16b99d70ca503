package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLimitsSayWhatTheyDid(t *testing.T) {
	var tr Trail
	l := Limits{Min: 2, Max: 10, StepUp: 3, StepDown: 1}
	require.Equal(t, 8, l.Rate(&tr, 20, 5))
	require.Equal(t, 8, l.Bound(&tr, 8))
	require.Equal(t, []Step{{RuleStepUp, 20, 8}}, tr.Steps())
	tr.Reset()
	require.Equal(t, 4, l.Rate(&tr, 0, 5))
	require.Equal(t, 2, l.Bound(&tr, 1))
	require.Equal(t, 10, l.Bound(&tr, 99))
	require.Equal(t, []Step{{RuleStepDown, 0, 4}, {RuleMin, 1, 2}, {RuleMax, 99, 10}}, tr.Steps())
}

func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string, lo int) int { return rapid.IntRange(lo, 50).Draw(t, name) }
		l := Limits{Min: n("min", 1), StepUp: n("up", 0), StepDown: n("down", 0)}
		if rapid.Bool().Draw(t, "bounded") {
			l.Max = l.Min + n("max", 0)
		}
		ordered := n("ordered", 0)
		var tr Trail
		got := l.Rate(&tr, n("need", 0), ordered)
		if l.StepUp > 0 {
			require.LessOrEqual(t, got, ordered+l.StepUp)
		}
		if l.StepDown > 0 {
			require.GreaterOrEqual(t, got, ordered-l.StepDown)
		}
		got = l.Bound(&tr, got)
		require.GreaterOrEqual(t, got, l.Min)
		require.True(t, l.Max == 0 || got <= l.Max)
	})
}

func TestTrailNeverOverflows(t *testing.T) {
	var tr Trail
	for i := range 3 * MaxSteps {
		tr.Apply(RuleMin, i, i+1)
		tr.Mark(RuleStale, i)
	}
	require.Len(t, tr.Steps(), MaxSteps)
}

func TestRulesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range numRules {
		require.NotEmpty(t, r.String())
		require.False(t, seen[r.String()], "%s twice", r)
		seen[r.String()] = true
		b, err := r.MarshalText()
		require.NoError(t, err)
		require.Equal(t, r.String(), string(b))
	}
	require.Equal(t, "unknown", Rule(200).String())
}
