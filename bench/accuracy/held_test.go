package main

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler/sim"
)

// shared is where real series and traces are, which have no terms that would let them be part of this repository.
const shared = "../../../shared/"

func sharedTraces(t *testing.T) []*sim.Trace {
	t.Helper()
	if testing.Short() {
		t.Skip("forecasts a million steps")
	}
	if _, err := os.Stat(shared + "traces"); err != nil {
		t.Skipf("the traces are not here: %v", err)
	}
	traces, err := openTraces(context.Background(), shared+"traces", lines{w: io.Discard, quiet: true})
	require.NoError(t, err)
	require.Len(t, traces, 23)
	return traces
}

// What was measured on the traces is held, with a margin of about one in a hundred: who makes it worse shall know.
func TestAccuracyOnTraces(t *testing.T) {
	r, err := measureTraces(context.Background(), sharedTraces(t), settings{}, lines{w: io.Discard, quiet: true})
	require.NoError(t, err)
	for i, most := range []float64{0.288, 0.444, 0.538, 0.868} { // measured .284, .439, .532 and .859
		require.Less(t, float64(r.Means[i].Relative), most, r.Means[i].Lead)
	}
	for _, v := range r.Violations {
		require.Equal(t, "1d", v.Lead, "%v: coverage is a target at every shorter lead time", v)
	}
	require.LessOrEqual(t, len(r.Violations), 5, "%v", r.Violations)
}

// The target of day-ahead accuracy: at most .66 of the error of the day before. Measured: .637.
func TestDayAheadOnHourlyTraces(t *testing.T) {
	r, err := measureHourly(context.Background(), sharedTraces(t), variant{}, lines{w: io.Discard, quiet: true})
	require.NoError(t, err)
	n := 0
	for _, row := range r.Rows {
		if isReference(row.Series) {
			n++
		}
	}
	require.Equal(t, 5, n)
	require.LessOrEqual(t, float64(r.Reference), 0.66)
}

// The target for a week of half hours is a MAPE of at most 2 %. Over all origins after the two weeks in which a season is
// learned it is met (1.80); over those of the last four weeks alone it is missed (2.05), and so it is at the last half hour
// of the week (2.18 and 2.56). What is missed is held where it is.
func TestWeekAheadOnTaylor(t *testing.T) {
	if testing.Short() {
		t.Skip("learns 336 lead times")
	}
	if _, err := os.Stat(shared + "golden/series.json"); err != nil {
		t.Skipf("the series are not here: %v", err)
	}
	r, err := measureSeries(context.Background(), shared+"golden/series.json", variant{})
	require.NoError(t, err)
	require.Len(t, r.Rows, 4)
	require.Less(t, float64(r.Rows[0].MAPE), 1.22, "a day ahead")
	require.LessOrEqual(t, float64(r.Rows[1].MAPE), 2.0, "a week ahead: the target")
	require.Less(t, float64(r.Rows[1].Last), 2.21)
	require.Less(t, float64(r.Rows[2].MAPE), 1.1)
	require.Less(t, float64(r.Rows[3].MAPE), 2.07)
	require.Less(t, float64(r.Rows[3].Last), 2.6)
}
