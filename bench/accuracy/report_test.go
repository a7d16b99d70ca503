package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// rowOf is a row with that coverage of the 95 % quantile.
func rowOf(trace, lead string, n int, median, relative, c95 float64) traceRow {
	return traceRow{
		Trace: trace, Step: 60, Lead: lead, Median: number(median), N: n, Enough: n >= enough, Relative: number(relative),
		Pinball:  [len(levels)]number{0.1, 0.08, 0.05, 0.03, 0.01},
		Coverage: [len(levels)]number{0.5, 0.8, 0.9, number(c95), 0.99},
	}
}

func madeUp() *tracesReport {
	nothing := rowOf("short", "1d", 0, 50, math.NaN(), math.NaN())
	for i := range levels {
		nothing.Pinball[i], nothing.Coverage[i] = number(math.NaN()), number(math.NaN())
	}
	return newTracesReport([]traceRow{
		rowOf("busy", "2m", 500, 20, 0.5, 0.93),
		rowOf("busy", "10m", 5000, 20, 0.25, 0.9299),
		rowOf("busy", "1h", 5000, 20, 0.5, 0.9701),
		rowOf("idle", "2m", 5000, 19.9, 2, 0.99),
		rowOf("idle", "1h", 5000, 19.9, math.NaN(), 0.97),
		rowOf("short", "10m", 499, 50, 4, 0.5),
		nothing,
	})
}

func TestMeansAndViolations(t *testing.T) {
	r := madeUp()
	require.InDelta(t, 1, float64(r.Means[0].Relative), 1e-12, "of 1/2 and 2")
	require.Equal(t, 2, r.Means[0].Traces)
	require.InDelta(t, 0.25, float64(r.Means[1].Relative), 1e-12, "too few targets do not count")
	require.Equal(t, 1, r.Means[1].Traces)
	require.InDelta(t, 0.5, float64(r.Means[2].Relative), 1e-12, "nor does an error that does not exist")
	require.Equal(t, 0, r.Means[3].Traces)
	require.False(t, r.Means[3].Relative.exists())
	require.Equal(t, []violation{
		{"busy", "10m", 0.9299, "at least 0.93"},
		{"busy", "1h", 0.9701, "at most 0.97"},
	}, r.Violations)

	edge := rowOf("x", "1h", 1000, 20, 1, 0.97)
	require.Empty(t, missed(&edge), "0.97 is what it may be")
	unknown := rowOf("x", "1h", 1000, 0, 1, math.NaN())
	require.Equal(t, "at least 0.93", missed(&unknown), "a quantile that is no number covers nothing")
}

func TestReports(t *testing.T) {
	m4 := &m4Report{Series: 414, Horizon: 48, SMAPE: 18.383, MASE: 2.395, OWA: 1, MSIS: 12.5, Coverage: 0.95}
	both := report{M4: m4, Traces: madeUp()}
	for _, as := range []string{"table", "json"} {
		text, err := both.format(as)
		require.NoError(t, err)
		golden(t, "report."+as, string(text))
	}
	text, err := report{Traces: newTracesReport([]traceRow{rowOf("a", "1h", 600, 5, 1, 0.95)})}.format("table")
	require.NoError(t, err)
	require.NotContains(t, string(text), "*")
	require.Contains(t, string(text), ": none\n")
	require.NotContains(t, string(text), "m4")
}
