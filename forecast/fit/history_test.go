package fit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

func TestNewHistory(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 0, 0, 0, 0, time.FixedZone("CET", 3600))
	at := func(s int, v float64) forecast.Sample {
		return forecast.Sample{Time: t0.Add(time.Duration(s) * time.Second), Value: v}
	}
	h, err := NewHistory(forecast.Duration(time.Minute), []forecast.Sample{at(250, 7), at(0, 1), at(30, 3), at(61, 5)})
	require.NoError(t, err)
	require.Equal(t, t0, h.Start)
	require.Equal(t, t0.Add(2*time.Minute), h.Time(2))
	require.Len(t, h.Values, 5)
	require.Equal(t, []float64{2, 5}, h.Values[:2], "a step is the mean of its samples")
	require.True(t, math.IsNaN(h.Values[2]) && math.IsNaN(h.Values[3]), "a step without a sample is a gap")
	require.Equal(t, 7.0, h.Values[4], "the newest step is there")

	for want, samples := range map[string][]forecast.Sample{
		"no sample has a value": {at(0, math.NaN())},
		"wanted a finite value": {at(0, math.Inf(1))},
		"wanted at most":        {at(0, 1), {Time: t0.AddDate(100, 0, 0), Value: 1}},
		"more than a year":      {at(0, 1), {Time: t0.AddDate(2, 0, 0), Value: 1}},
	} {
		_, err := NewHistory(forecast.Duration(time.Minute), samples)
		require.ErrorContains(t, err, want)
	}
	_, err = NewHistory(0, nil)
	require.EqualError(t, err, "step 0s; wanted a positive duration")
}
