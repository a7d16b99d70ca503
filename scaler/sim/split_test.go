package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSplitAddsUpToTheCost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		demand := rapid.SliceOfN(rapid.Float64Range(0, 90), 5, 60).Draw(t, "demand")
		tr, err := NewTrace("t", time.Unix(0, 0).UTC(), time.Minute, demand)
		require.NoError(t, err)
		o := DefaultOptions(tr)
		o.Capacity, o.Boot = 10, time.Duration(rapid.IntRange(0, 300).Draw(t, "boot"))*time.Second
		c := Case{Trace: tr, Options: o}
		for _, name := range []string{Clairvoyant, Static, KubeHPA, KnativeKPA} {
			r, err := c.Play(context.Background(), name)
			require.NoError(t, err)
			s := c.Split(&r)
			require.InDelta(t, r.Cost, s.Run+s.Switching+s.Unserved, 1e-9*(1+r.Cost), name)
			require.True(t, s.Run >= 0 && s.Switching >= 0 && s.Unserved >= 0, "%s: %+v", name, s)
		}
	})
}

func TestSplitByHand(t *testing.T) {
	tr, err := NewTrace("t", time.Unix(0, 0).UTC(), time.Hour, []float64{10, 10, 40})
	require.NoError(t, err)
	c := Case{Trace: tr, Options: Options{Capacity: 10, Penalty: 5}}
	r := Result{Ordered: []int32{2, 3, 3}, Ready: []int32{2, 2, 3}}
	r.Scores = score(tr, nil, c.Options, r.Ordered, r.Ready)
	require.Equal(t, Split{Run: 7, Switching: 1, Unserved: 5}, c.Split(&r))

	c.Options.Drain = time.Hour
	r.Draining = []int32{0, 0, 2}
	r.Scores = path{r.Ordered, r.Ready, r.Draining}.score(tr, nil, c.Options)
	require.Equal(t, Split{Run: 7, Switching: 3, Unserved: 5}, c.Split(&r))
}

func TestSearchesKeepWhatTheyTried(t *testing.T) {
	tr, err := NewTrace("t", time.Unix(0, 0).UTC(), time.Minute, []float64{10, 30, 20, 80, 60, 10, 20, 30})
	require.NoError(t, err)
	o := DefaultOptions(tr)
	o.Capacity = 10
	c := Case{Trace: tr, Options: o}
	for name, tried := range map[string]int{Static: 8, KubeHPABest: 95, KubeHPASeasonalBest: 95, DatadogWPA: 75, KubeHPA: 0} {
		r, err := c.Play(context.Background(), name)
		require.NoError(t, err)
		require.Len(t, r.Tried, tried, name)
		least := r.Cost
		for _, one := range r.Tried {
			require.GreaterOrEqual(t, one.Cost, r.Cost, name)
			least = min(least, one.Cost)
			require.Equal(t, name == Static, one.Replicas > 0)
			require.Equal(t, name == DatadogWPA, one.Watermarks != nil)
			require.Equal(t, name == KubeHPABest || name == KubeHPASeasonalBest, one.HPA != nil)
			if one.HPA != nil && *one.HPA == *r.Found {
				require.Equal(t, one.Cost, r.Cost)
			}
		}
		require.Equal(t, least, r.Cost)
	}
}
