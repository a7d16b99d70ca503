package sizing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors of Karpenter's balanced consolidation, in parts of the pool's cost and of its nodes.
func TestBalanced(t *testing.T) {
	for _, c := range []struct {
		savings, disruption float64
		worth               bool
	}{
		{.125, .0375, true}, {.083, .05, true}, {.042, .10, false}, {.083, .29, false},
		{.5, 1, true}, // a uniform pool replaced at exactly half its price
		{.499, 1, false}, {0, 0, false}, {-.1, 0, false}, {.001, 0, true},
	} {
		require.Equal(t, c.worth, Balanced(c.savings, c.disruption, 2), "%+v", c)
	}
}

func TestTermsAsk(t *testing.T) {
	from, to := Bid{Nodes: 10, Run: 10}, Bid{Nodes: 5, Run: 4} // saves 6 an hour
	terms := DefaultTerms()
	terms.Tolerance = 2
	known := Circumstances{Learned: true}
	require.Equal(t, VetoNone, terms.Ask(from, to, 96, known), "144 in a day are one and a half times 96")
	require.Equal(t, VetoHorizon, terms.Ask(from, to, 96.01, known))
	require.Equal(t, VetoDisruption, terms.Ask(from, Bid{Nodes: 9, Run: 6}, 1, known), "all nodes replaced for two fifths")
	require.Equal(t, VetoUnknown, terms.Ask(from, to, 1, Circumstances{}))
	terms.Canary = false
	require.Equal(t, VetoNone, terms.Ask(from, to, 1, Circumstances{}))
	require.Equal(t, VetoEvent, terms.Ask(from, to, 1e9, Circumstances{Event: true, Emergency: true, Paused: true}))
	require.Equal(t, VetoEmergency, terms.Ask(from, to, 1, Circumstances{Emergency: true, Paused: true}))
	require.Equal(t, VetoPaused, terms.Ask(from, to, 1, Circumstances{Paused: true}))
	require.Equal(t, "disruption", VetoDisruption.String())
	require.Equal(t, "veto 99", Veto(99).String())
}
