package main

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

func TestHours(t *testing.T) {
	demand := make([]float64, 3*7*24*4)
	for i := range demand {
		demand[i] = float64(i % 4)
	}
	demand[5] = math.NaN()
	for i := 8; i < 12; i++ {
		demand[i] = math.NaN()
	}
	at := time.Date(2026, 3, 2, 5, 30, 0, 0, time.UTC)
	tr, err := sim.NewTrace("x", at, 15*time.Minute, demand)
	require.NoError(t, err)
	h := hourly(tr)
	require.Equal(t, time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC), h.Times[0])
	require.Equal(t, time.Hour, h.Step)
	require.Equal(t, 0.5, h.Demand[0], "0 and 1")
	require.InDelta(t, 5.0/3, h.Demand[1], 1e-12, "2, 3 and 0, without a hole")
	require.Equal(t, 2.5, h.Demand[2], "2 and 3")
	require.Equal(t, 0.5, h.Demand[3], "0 and 1")
	require.Equal(t, 1.5, h.Demand[4])
	short, err := sim.NewTrace("x", at, 15*time.Minute, demand[:3*7*24*4-8])
	require.NoError(t, err)
	require.Nil(t, hourly(short))
	long, err := sim.NewTrace("x", at, 2*time.Hour, demand)
	require.NoError(t, err)
	require.Nil(t, hourly(long))
}

// A path is compared with a forecaster that starts anew for each origin, and with the newest known day.
func TestRollingEqualsItsTwin(t *testing.T) {
	const from, horizon = 60, 30
	demand := make([]float64, 24*4)
	for i := range demand {
		demand[i] = 50 + 30*math.Sin(2*math.Pi*float64(i)/24) + float64(i*i%7)
	}
	demand[62], demand[70] = math.NaN(), 0
	tr, err := sim.NewTrace("x", time.Unix(0, 0).UTC(), time.Hour, demand)
	require.NoError(t, err)
	got, err := rolling(context.Background(), tr, from, horizon, variant{})
	require.NoError(t, err)

	steps := make([]int64, horizon)
	for i := range steps {
		steps[i] = int64(i + 1)
	}
	var share, err1, naive, lastErr, lastNaive float64
	n, origins := 0, 0
	for k := from; k+horizon < len(demand); k++ {
		if math.IsNaN(demand[k]) {
			continue
		}
		origins++
		f := newTraceModel(tr, steps, variant{})
		for i := range k + 1 {
			if !math.IsNaN(demand[i]) {
				f.Observe(tr.Times[i], demand[i])
				f.Advance(tr.Times[i+1])
			}
		}
		for h := 1; h <= horizon; h++ {
			v, before := demand[k+h], demand[k+h-24]
			if h > 24 {
				before = demand[k+h-48]
			}
			row := f.Quantiles(nil, tr.Times[k+1], []time.Duration{time.Duration(h-1) * time.Hour})
			require.Len(t, row, forecast.NumLevels)
			e := math.Abs(v - quantile(row, 0.5))
			if v > 0 {
				n++
				share += e / v
			}
			if !math.IsNaN(v) && !math.IsNaN(before) {
				err1 += e
				naive += math.Abs(v - before)
				if h == horizon {
					lastErr += e
					lastNaive += math.Abs(v - before)
				}
			}
		}
	}
	require.Equal(t, origins, got.Origins)
	require.InEpsilon(t, 100*share/float64(n), float64(got.MAPE), 1e-9)
	require.InEpsilon(t, err1/naive, float64(got.Relative), 1e-9)
	require.InEpsilon(t, lastErr/lastNaive, float64(got.AtLast), 1e-9)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = rolling(ctx, tr, from, horizon, variant{})
	require.ErrorIs(t, err, context.Canceled)
}
