package main

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// teller is a repeater whose experts say fixed things: the newest value, nothing, and 7.
type teller struct{ *repeater }

func (m teller) weights(dst []forecast.Weight, _ time.Duration) []forecast.Weight {
	return append(dst[:0],
		forecast.Weight{Expert: forecast.ByPersistence, Forecast: m.newest},
		forecast.Weight{Expert: forecast.ByLevel, Forecast: math.NaN()},
		forecast.Weight{Expert: forecast.BySeason, Forecast: 7})
}

func TestSingleExpertsAreScoredOnTheTargetsOfTheMix(t *testing.T) {
	demand := make([]float64, 24*6)
	for i := range demand {
		demand[i] = float64(5 + i*i%9)
		if i%10 == 9 {
			demand[i] = math.NaN()
		}
	}
	tr, err := sim.NewTrace("x", time.Unix(0, 0).UTC(), time.Hour, demand)
	require.NoError(t, err)
	const lead = 3
	tallies, err := pass(context.Background(), teller{newRepeater(tr.Step)}, tr, []int64{lead})
	require.NoError(t, err)
	a := &tallies[0]

	// The slow twin: each pair of a step that is known and a target that is, with the value a day before.
	var mix, newest, seven float64
	n := 0
	for k := 48; k < len(demand); k++ {
		from, v, before := demand[k-lead], demand[k], demand[k-24]
		if math.IsNaN(from) || math.IsNaN(v) || math.IsNaN(before) {
			continue
		}
		n++
		mix += math.Abs(v - from - lead)
		newest += math.Abs(v - from)
		seven += math.Abs(v - 7)
	}
	require.Equal(t, n, a.paired)
	require.InDelta(t, mix, a.err, 1e-9)
	require.InDelta(t, newest, a.rivals.err[forecast.ByPersistence], 1e-9)
	require.InDelta(t, newest, a.rivals.err[forecast.ByLevel], 1e-9, "the newest value stands in for a sleeper")
	require.InDelta(t, seven, a.rivals.err[forecast.BySeason], 1e-9)
	e := a.rivals.relative(a.naive)
	want := forecast.ByPersistence
	if seven < newest {
		want = forecast.BySeason
	}
	require.Equal(t, want, e.Best)
	require.InDelta(t, min(newest, seven)/a.naive, float64(e.BestIs), 1e-12)
	require.False(t, e.Relative[forecast.ByDays].exists(), "one that does not serve the lead has no error")
	require.Nil(t, a.rivals.relative(0))
	require.Nil(t, (*rivals)(nil).relative(1))
}

// TestExpertsOfAFolder runs the flags that look at experts.
func TestExpertsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.csv", days(900))
	code, plain, stderr := call("-traces", dir, "-quiet")
	require.Zero(t, code, stderr)
	code, stdout, stderr := call("-traces", dir, "-quiet", "-experts", "-ablation", "-hourly")
	require.Zero(t, code, stderr)
	require.True(t, strings.HasPrefix(stdout, plain), "what was there before is as it was")
	for _, s := range []string{"in hindsight", "paths of", "all experts", "without days_log", "fast experts only", "compact"} {
		require.Contains(t, stdout, s)
	}
	require.Empty(t, stderr, "no bar away from a terminal")

	var all, less, fast report
	_, stdout, _ = call("-traces", dir, "-quiet", "-format", "json", "-ablation", "-experts")
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	require.Len(t, all.Ablation, 1+int(forecast.NumExperts)+2)
	require.Equal(t, all.Traces.Means, all.Ablation[0].Means)
	_, stdout, _ = call("-traces", dir, "-quiet", "-format", "json", "-without", "days, class")
	require.NoError(t, json.Unmarshal([]byte(stdout), &less))
	require.NotEqual(t, all.Traces.Means[3], less.Traces.Means[3])
	require.Nil(t, less.Traces.Experts)
	_, stdout, _ = call("-traces", dir, "-quiet", "-format", "json", "-without",
		"naive_main,naive_long,ratio_main,ratio_long,class,shape,drift,smoothing,smoothing_log,neighbours,neighbours_log,days,days_log")
	require.NoError(t, json.Unmarshal([]byte(stdout), &fast))
	require.Equal(t, fast.Traces.Means, all.Ablation[len(all.Ablation)-2].Means)
	_, stdout, _ = call("-traces", dir, "-quiet", "-format", "json", "-compact")
	require.NoError(t, json.Unmarshal([]byte(stdout), &fast))
	require.Equal(t, fast.Traces.Means, all.Ablation[len(all.Ablation)-1].Means)
}
