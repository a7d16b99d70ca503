package sim

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func staticBest(t *testing.T, o Options, demand ...float64) Result {
	r, err := StaticBest(context.Background(), minutes(t, demand...), nil, o)
	require.NoError(t, err)
	return r
}

func TestStaticBest(t *testing.T) {
	o := Options{Capacity: 1, Penalty: 20}
	r := staticBest(t, o, 3, 1, 1, 1)
	require.Equal(t, []int32{3, 3, 3, 3}, r.Ordered)
	require.InDelta(t, 12.0/60, r.Cost, 1e-12)
	o.Penalty = 2
	r = staticBest(t, o, 3, 1, 1, 1)
	require.Equal(t, []int32{1, 1, 1, 1}, r.Ordered, "one costs 4+2*2, two 8+2*1, three 12")
	require.InDelta(t, 8.0/60, r.Cost, 1e-12)
	o.Penalty = 4
	require.Equal(t, []int32{1, 1, 1, 1}, staticBest(t, o, 3, 1, 1, 1).Ordered, "a tie: 4+8, 8+4, 12")
	o.ScoreFrom = at(60)
	require.Equal(t, []int32{1, 1, 1, 1}, staticBest(t, o, 9, 1, hole, 1).Ordered, "scored steps alone")
	o.ScaleToZero = true
	require.Equal(t, []int32{0, 0, 0, 0}, staticBest(t, o, 9, 0, hole, 0).Ordered)
}

func TestStaticBestTriesEveryTwoHundredthOfALargePeak(t *testing.T) {
	o := Options{Capacity: 1, Penalty: 1e6}
	require.Equal(t, []int32{399, 399}, staticBest(t, o, 399, 1).Ordered, "strides of 1")
	require.Equal(t, []int32{997, 997}, staticBest(t, o, 999, 1).Ordered, "1, 5, .. 997")
}

func TestStaticBestOfAnIdleTrace(t *testing.T) {
	require.Equal(t, []int32{1, 1}, staticBest(t, Options{Capacity: 1}, 0, 0).Ordered)
}
