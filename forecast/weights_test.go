package forecast

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The mean of what the experts say, by their weights, is what the forecaster says, at every step, lead and with all of the past known.
func TestWeightsMakeTheForecast(t *testing.T) {
	f := New(Config{Unit: 5, Leads: []Duration{Duration(2 * time.Minute), Duration(time.Hour)}, Without: []Expert{ByMain, ByNaiveMain}})
	require.Empty(t, f.Weights(nil, time.Minute))
	var w []Weight
	now := time.Unix(0, 0).UTC()
	slept := 0
	for i := range 4 * 1440 {
		f.Observe(now, 100+40*math.Sin(2*math.Pi*float64(i)/1440)+float64(i*i%11))
		now = now.Add(time.Minute)
		f.Advance(now)
		for j, lead := range []time.Duration{time.Minute, time.Hour} {
			w = f.Weights(w, lead)
			require.Len(t, w, []int{int(numFast), int(NumExperts)}[j])
			var mean, total float64
			for e, x := range w {
				require.Equal(t, Expert(e), x.Expert)
				require.GreaterOrEqual(t, x.Weight, 0.0)
				total += x.Weight
				if x.Weight > 0 {
					mean += x.Weight * x.Forecast
				}
				if math.IsNaN(x.Forecast) {
					slept++
					require.Zero(t, x.Weight)
				}
			}
			require.InDelta(t, 1, total, 1e-12)
			require.InEpsilon(t, f.leads[j].now.mean*f.unit, mean, 1e-9)
			require.Zero(t, w[ByMain].Weight)
		}
	}
	require.False(t, math.IsNaN(w[ByMain].Forecast), "what is left out still speaks, for who compares")
	require.NotZero(t, slept, "no expert slept at the start")
	require.Zero(t, testing.AllocsPerRun(100, func() { w = f.Weights(w, time.Hour) }))
}

func TestLearnedResponse(t *testing.T) {
	f := New(Config{Kinds: []Kind{{Name: "tv"}}})
	require.Empty(t, f.Learned(nil, "tv"))
	now := time.Unix(0, 0).UTC()
	require.NoError(t, f.Announce(Event{ID: "a", Kind: "tv", Start: now.Add(time.Hour)}))
	bins := f.Learned(nil, "tv")
	require.Len(t, bins, responseBins)
	require.Equal(t, -time.Minute, bins[0].From)
	require.Equal(t, 8*time.Minute, bins[len(bins)-1].To)
	k := Kind{}.Defaults()
	var total float64
	for i, b := range bins {
		total += b.Share
		require.InDelta(t, k.share(b.From.Seconds(), b.To.Seconds()), b.Share, 1e-3, "the prior")
		if i > 0 {
			require.Equal(t, bins[i-1].To, b.From)
		}
	}
	require.InDelta(t, 1, total, 1e-12)
	require.Zero(t, testing.AllocsPerRun(10, func() { bins = f.Learned(bins, "tv") }))
}

// The heaviest are the first of Weights by weight, also while experts sleep.
func TestHeaviestAreTheFirstOfWeights(t *testing.T) {
	f := New(Config{Unit: 5, Leads: []Duration{Duration(2 * time.Minute), Duration(16 * time.Minute)}, Without: []Expert{ByLevel}, Bin: Duration(8 * time.Minute)})
	var top [4]Weight
	require.Zero(t, f.Heaviest(top[:], time.Minute))
	now := time.Unix(0, 0).UTC()
	for i := range 3 * 1440 {
		f.Observe(now, 100+40*math.Sin(2*math.Pi*float64(i)/1440)+float64(i*i%11))
		now = now.Add(time.Minute)
		f.Advance(now)
		for _, lead := range []time.Duration{time.Minute, 16 * time.Minute} {
			w := f.Weights(nil, lead)
			slices.SortStableFunc(w, func(a, b Weight) int { return cmp.Compare(b.Weight, a.Weight) })
			n := f.Heaviest(top[:], lead)
			for j := range top {
				if j >= n {
					require.Zero(t, w[j].Weight)
					continue
				}
				require.Equal(t, w[j].Expert, top[j].Expert, "step %d", i)
				require.InEpsilon(t, w[j].Weight, top[j].Weight, 1e-12)
			}
		}
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Heaviest(top[:], time.Hour) }))
}
