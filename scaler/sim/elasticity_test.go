package sim

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestElasticityByHand(t *testing.T) {
	// Needed 1 2 4 - 4 0 replicas; the hole has no neighbours to move with.
	tr, err := NewTrace("t", time.Unix(0, 0).UTC(), time.Minute, []float64{10, 20, 40, math.NaN(), 35, 0})
	require.NoError(t, err)
	c := Case{Trace: tr, Options: Options{Capacity: 10}}
	r := Result{Ready: []int32{1, 3, 3, 3, 4, 2}}
	got := c.Elasticity(&r)
	require.InDelta(t, (1.0/4)/5, got.Under, 1e-15)
	require.InDelta(t, (1.0/2+2)/5, got.Over, 1e-15)
	require.Equal(t, []float64{.2, .4}, []float64{got.UnderTime, got.OverTime})
	require.InDelta(t, 1.0/3, got.Instability, 1e-15, "up with up, flat against up, down with down")

	r.Ready = []int32{1, 2, 4, 0, 4, 0}
	require.Zero(t, c.Elasticity(&r), "supply that follows need exactly")
	c.Options.ScoreFrom = tr.Times[3]
	r.Ready[4] = 3
	require.Equal(t, Elasticity{Under: .125, UnderTime: .5, Instability: 0}, c.Elasticity(&r))
}
