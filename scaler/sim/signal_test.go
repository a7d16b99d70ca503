package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSaturatedSeesWhatWasServed(t *testing.T) {
	tr := minutes(t, 15, 5, 100, hole, 100, 40)
	o := Options{Capacity: 10, Boot: time.Minute, Signal: SignalUtilisation}
	c := &script{orders: []int{0, 0, 0, 4, 1, 0}}
	_, err := Run(context.Background(), tr, nil, o, o.sensed(c))
	require.NoError(t, err)
	last := c.seen[len(c.seen)-1]
	requireDemand(t, []float64{15, 5, 30, hole, 10}, last.Demand)
	require.Equal(t, []int32{3, 3, 3, 3, 1}, last.Served)
	for _, s := range c.seen {
		require.Len(t, s.Demand, s.Index)
	}
	o.Signal = SignalDemand
	require.Same(t, c, o.sensed(c))
}

func TestSaturatedHPANeedsRoundsToReachASurge(t *testing.T) {
	demand := []float64{20, 20, 20, 20, 200, 200, 200, 200, 200, 200, 200, 200}
	c := Case{Trace: minutes(t, demand...), Options: Options{Capacity: 10, Boot: time.Minute, Penalty: 20}}
	for _, name := range []string{KubeHPA, KubeHPABest, KubeHPASeasonal, KubeHPASeasonalBest, KubeHPABehavior, KubeHPALegacy} {
		c.Options.Signal = SignalDemand
		plain, err := c.Play(context.Background(), name)
		require.NoError(t, err)
		c.Options.Signal = SignalUtilisation
		blunt, err := c.Play(context.Background(), name)
		require.NoError(t, err)
		require.Greater(t, blunt.Cost, plain.Cost, name)
		if name == KubeHPA {
			require.EqualValues(t, 29, plain.Ordered[5], "ceil(200/7)")
			require.EqualValues(t, 5, blunt.Ordered[5], "ceil(3*10/7): three are all in use, and no more shows")
			require.EqualValues(t, 18, blunt.Ordered[11], "5, 8, 12, 18: half as many again with each boot time and look")
		}
	}
	c.Options.Signal = SignalDemand
	for _, name := range []string{KnativeKPA, LazyCapacity, Clairvoyant, Static} {
		plain, err := c.Play(context.Background(), name)
		require.NoError(t, err)
		c.Options.Signal = SignalUtilisation
		same, err := c.Play(context.Background(), name)
		require.NoError(t, err)
		require.Equal(t, plain.Ordered, same.Ordered, name)
	}
}

func TestSignalIsItsText(t *testing.T) {
	for _, s := range []Signal{SignalDemand, SignalUtilisation} {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back Signal
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, s, back)
	}
	var s Signal
	require.EqualError(t, s.UnmarshalText([]byte("cpu")), "wanted demand or utilisation")
	require.Equal(t, "Signal(7)", Signal(7).String())
}
