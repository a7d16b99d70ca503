package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDemoIsAWeekWithSpots(t *testing.T) {
	trace, events := demo()
	require.Equal(t, 7*24*60, trace.Len())
	require.Equal(t, time.Minute, trace.Step)
	require.Len(t, events, demoDays*demoSpots)
	for i, d := range trace.Demand {
		require.True(t, d >= 0 && d == math.Round(d), "step %d: %v", i, d)
	}
	end := trace.Times[trace.Len()-1].Add(trace.Step)
	for i, e := range events {
		require.NoError(t, e.Check())
		require.False(t, e.Start.Before(trace.Times[0]) || !e.Start.Before(end))
		require.True(t, i == 0 || !e.Start.Before(events[i-1].Start))
		require.GreaterOrEqual(t, e.Start.Hour(), 7)
		require.Positive(t, e.Weight)
	}

	again, same := demo()
	require.Equal(t, trace, again)
	require.Equal(t, events, same)
}

func TestResponseOfASpot(t *testing.T) {
	require.Zero(t, responded(-5))
	require.Zero(t, responded(0))
	require.InDelta(t, .01, responded(10), 1e-12)
	require.InDelta(t, .27, responded(60), 1e-12)
	require.InDelta(t, 1, responded(600), 1e-12)
	require.InDelta(t, 1, responded(9e9), 1e-12)

	demand := make([]float64, 30)
	addSpot(demand, 630, 100) // at 10:30
	sum := 0.0
	for i, d := range demand {
		require.True(t, d > 0 == (i >= 10 && i <= 20), "minute %d: %v", i, d)
		sum += d
	}
	require.InDelta(t, 100, sum, 1e-9)
	addSpot(demand, 29*60+59, 100) // a spot at the end of the trace
}

func TestSplitMix(t *testing.T) {
	// The first outputs of the published generator for the seed 1234567, as uniform numbers.
	s := splitMix(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		require.Equal(t, float64(want>>11)/(1<<53), s.uniform())
	}
}
