package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Events on the minute bring 60, 30 and 10 in the three minutes from one minute after their start on; every third of them
// comes together with a second one.
func TestAiringsByHand(t *testing.T) {
	const n = 5 * 1440
	value := make([]float64, n)
	for i := range value {
		value[i] = 100 + float64(i%2)
	}
	var plan strings.Builder
	plan.WriteString("timestamp\n")
	starts, alone, all, known := 0, 0, 0, 0
	for i := range (n - 120) / 74 { // no hour, no day
		k, twice, together := 100+74*i, i%3 == 0, 1
		if twice {
			together = 2
		}
		for range together {
			fmt.Fprintf(&plan, "%d\n", 60*k)
			for j, x := range []float64{60, 30, 10} {
				value[k+1+j] += x
			}
			all++
			if k >= 2*1440 {
				known++
			}
		}
		if k >= 2*1440 {
			starts++
			if !twice {
				alone++
			}
		}
	}
	var rows strings.Builder
	rows.WriteString("timestamp,value\n")
	for i, v := range value {
		fmt.Fprintf(&rows, "%d,%v\n", 60*i, v)
	}
	dir := t.TempDir()
	tr, events := write(t, dir, "t.csv", rows.String()), write(t, dir, "e.csv", plan.String())
	r, err := measureAirings(context.Background(), tr, events, variant{})
	require.NoError(t, err)
	require.Equal(t, known, r.Events)
	require.Equal(t, alone, r.Alone)
	// The base is the median of 30 minutes of 100 and 101, 100.5: the half of each minute cancels over pairs of minutes, as
	// all starts are even.
	for i, want := range []float64{0.5, -0.5, 60.5, 29.5, 10.5, -0.5, 0.5, -0.5, 0.5, -0.5} {
		require.InDelta(t, want/100, float64(r.Bins[i].Data), 1e-9, "step %d", i-1)
	}
	var learned float64
	for _, b := range r.Bins {
		learned += float64(b.Learned)
	}
	require.InDelta(t, 1, learned, 1e-9)
	require.Less(t, float64(r.Apart), float64(r.Began), "what was learned is nearer than the prior")
	require.Greater(t, float64(r.With), 0.9)
	require.Less(t, float64(r.Without), 0.6)
	one, two := 60.5+29.5+10.5+0.5, 120.5+59.5+20.5+0.5
	require.InDelta(t, float64(alone)*one+float64(starts-alone)*two, float64(r.Excess), 1e-6, "each step once")

	code, stdout, stderr := call("-aired", tr, "-events", events)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, fmt.Sprintf("response of %d of %d events", alone, known))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = measureAirings(ctx, tr, events, variant{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestBaseIsTheMedianOfQuietSteps(t *testing.T) {
	demand := make([]float64, 40)
	loud := make([]bool, 40)
	for i := range demand {
		demand[i] = float64(i)
	}
	tr := trace(t, time.Minute, demand)
	require.Equal(t, 23.5, base(tr, loud, 40), "of 9 to 38")
	for i := 20; i < 40; i++ {
		loud[i] = true
	}
	require.Equal(t, 14.0, base(tr, loud, 40), "of 9 to 19")
	require.True(t, math.IsNaN(base(tr, loud, 5)), "four steps are too few")
	require.Equal(t, -1, stepOf(tr, start.Add(-time.Second)))
	require.Equal(t, 0, stepOf(tr, start))
	require.Equal(t, 39, stepOf(tr, start.Add(40*time.Minute-1)))
	require.Equal(t, -1, stepOf(tr, start.Add(40*time.Minute)))
}

// What the plan of spots is worth on a real site: the .9 quantile four minutes ahead covers .92 of what the spots bring
// with the plan, and .43 without it.
func TestPlanOfRealSpots(t *testing.T) {
	path, plan := shared+"traces/tvads_tatari_web_total_a.csv", shared+"traces/tvads_tatari_spots_a.csv"
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the trace is not here: %v", err)
	}
	r, err := measureAirings(context.Background(), path, plan, variant{})
	require.NoError(t, err)
	require.Zero(t, r.Refused)
	require.Greater(t, float64(r.With), 0.9)
	require.Less(t, float64(r.Without), 0.5)
	require.Less(t, float64(r.Apart), 0.15, "measured .129")
	for _, c := range []number{r.C95.With, r.C95.Without} {
		require.InDelta(t, 0.95, float64(c), 0.02)
	}
}
