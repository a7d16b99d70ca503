package fit

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

// recurring is demand that recurs after each of the periods, with noise.
func recurring(step time.Duration, length time.Duration, seed uint64, periods ...time.Duration) History {
	rng := rand.New(rand.NewPCG(seed, 9))
	h := History{Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Step: forecast.Duration(step), Values: make([]float64, length/step)}
	for i := range h.Values {
		z := 0.1 * rng.NormFloat64()
		for _, p := range periods {
			a := 2 * math.Pi * float64(i) * float64(step) / float64(p)
			z += 0.4*math.Sin(a) + 0.2*math.Sin(2*a+1)
		}
		h.Values[i] = 1000 * math.Exp(z)
	}
	return h
}

const day = 24 * time.Hour

// A shift of ten hours is nothing that the defaults know.
func TestFitProposesWhatGains(t *testing.T) {
	h := recurring(5*time.Minute, 30*day, 1, 10*time.Hour)
	o := Options{Leads: []forecast.Duration{forecast.Duration(10 * time.Minute), forecast.Duration(3 * time.Hour)}, Evals: 40}
	res, err := Fit(context.Background(), o, h)
	require.NoError(t, err)
	t.Log("\n" + res.Report.String())
	require.Equal(t, []time.Duration{10 * time.Hour}, periods(res.Seasons))
	require.Equal(t, forecast.Duration(10*time.Hour), res.Config.Seasons.Main)
	require.Negative(t, res.Config.Seasons.Long, "a week is no multiple of ten hours")
	require.Contains(t, res.Report.Chosen, "main season 10h")

	rows := map[string]Row{}
	for _, r := range res.Report.Rows {
		rows[r.Choice] = r
	}
	require.Equal(t, "as it is", res.Report.Rows[0].Choice)
	require.Zero(t, res.Report.Rows[0].Gain)
	require.Greater(t, float64(rows["proposed"].Gain), 0.05)
	require.Equal(t, parts, rows["proposed"].Better)
	require.GreaterOrEqual(t, rows["proposed"].Gain, rows["main season 10h"].Gain, "each further choice adds to it")

	// The row is what a backtest of the proposal says.
	got, err := Backtest(context.Background(), res.Config, h, len(h.Values)/2, 120)
	require.NoError(t, err)
	require.Equal(t, rows["proposed"].Scores, got)

	text, err := json.Marshal(res)
	require.NoError(t, err)
	var back Result
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, res.Report.Chosen, back.Report.Chosen)
	require.Equal(t, res.Report.Rows, back.Report.Rows)
	require.Equal(t, res.Seasons, back.Seasons)

	again, err := Fit(context.Background(), o, h)
	require.NoError(t, err)
	require.Equal(t, res, again, "the same history gives the same proposal")
}

// A day and a week are what the defaults are made for; that the short season is missing may be worth something.
func TestFitKeepsSeasonsThatAreRight(t *testing.T) {
	h := recurring(15*time.Minute, 10*7*day, 2, day, 7*day)
	res, err := Fit(context.Background(), Options{Evals: 40, Leads: []forecast.Duration{forecast.Duration(time.Hour)}}, h)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{day, 7 * day}, periods(res.Seasons))
	now := res.Config.Seasons.WithDefaults()
	require.Equal(t, forecast.Duration(day), now.Main)
	require.Equal(t, forecast.Duration(7*day), now.Long)
	for _, r := range res.Report.Rows {
		require.False(t, strings.HasPrefix(r.Choice, "main") || strings.HasPrefix(r.Choice, "long") || r.Choice == "no long season", r.Choice)
	}
}

// Ten days say nothing about weeks.
func TestFitDoesNotTakeSilenceForAbsence(t *testing.T) {
	res, err := Fit(context.Background(), Options{Evals: 10, Leads: []forecast.Duration{forecast.Duration(time.Hour)}}, recurring(15*time.Minute, 20*day, 3, day))
	require.NoError(t, err)
	for _, r := range res.Report.Rows {
		require.NotEqual(t, "no long season", r.Choice)
	}
}

func TestPropose(t *testing.T) {
	season := func(d time.Duration, share float64) Season { return Season{Period: forecast.Duration(d), Share: share} }
	for _, c := range []struct {
		found             []Season
		short, main, long time.Duration
	}{
		{nil, -1, -1, -1},
		{[]Season{season(time.Hour, 0.1), season(day, 0.2)}, time.Hour, day, -1},
		{[]Season{season(day, 0.2), season(7*day, 0.3)}, -1, day, 7 * day},
		{[]Season{season(day, 0.3), season(7*day, 0.2)}, -1, day, 7 * day},
		{[]Season{season(10*time.Hour, 0.3), season(7*day, 0.2)}, -1, 10 * time.Hour, -1},
		{[]Season{season(7*time.Second, 0.5), season(10*time.Minute, 0.1), season(20*time.Minute, 0.2)}, 20 * time.Minute, -1, -1},
		{[]Season{season(90*time.Minute+time.Millisecond, 0.1), season(7*day, 0.2)}, 90 * time.Minute, 7 * day, -1},
	} {
		want := forecast.Seasons{Short: forecast.Duration(c.short), Main: forecast.Duration(c.main), Long: forecast.Duration(c.long)}
		require.Equal(t, want, propose(c.found), "%v", c.found)
	}
}

// Noise in, nothing out.
func TestFitProposesNoSeasonForNoise(t *testing.T) {
	res, err := Fit(context.Background(), Options{Evals: 20, Leads: []forecast.Duration{forecast.Duration(time.Hour)}}, recurring(15*time.Minute, 28*day, 4))
	require.NoError(t, err)
	require.Empty(t, res.Seasons)
	require.False(t, slices.ContainsFunc(res.Report.Chosen, func(c string) bool { return strings.Contains(c, "season") && !strings.HasPrefix(c, "no ") }))
}

// The Forecaster beside classical models that were fitted to the first half, on the second one.
func TestForecasterBeatsClassicalModels(t *testing.T) {
	for _, name := range []string{"nab_nyc_taxi", "tvads_pl_visits_1h"} {
		t.Run(name, func(t *testing.T) {
			h := trace(t, name)
			res, err := Fit(context.Background(), Options{Classical: true, Evals: 20, Leads: []forecast.Duration{h.Step, forecast.Duration(day)}}, h)
			require.NoError(t, err)
			classical := 0
			for _, r := range res.Report.Rows {
				if !math.IsNaN(float64(r.Gain)) {
					continue
				}
				classical++
				for i, s := range r.Scores {
					require.Less(t, res.Report.Rows[0].Scores[i].Relative, s.Relative, "%s, %v ahead", r.Choice, s.Lead)
				}
			}
			require.GreaterOrEqual(t, classical, 5)
			require.Contains(t, res.Report.String(), "double season, 24h and 168h")
		})
	}
}

func TestFitSaysWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	h := recurring(time.Hour, 10*day, 1, day)
	for want, c := range map[string]struct {
		o Options
		h History
	}{
		"fit: history of 30h0m0s, of which 15h0m0s are for training; wanted at least 24 steps of 1h0m0s on both sides, and twice the longest lead time of 24h0m0s after training": {h: recurring(time.Hour, 30*time.Hour, 1)},
		"fit: Train: 1; wanted between 0 and 1":                                        {o: Options{Train: 1}, h: h},
		"fit: MinGain: -1; wanted between 0 and 1":                                     {o: Options{MinGain: -1}, h: h},
		"fit: Leads[1]: 0s; wanted a positive duration":                                {o: Options{Leads: []forecast.Duration{1, 0}}, h: h},
		"fit: history: Step 0s; wanted a positive duration":                            {},
		"fit: history without any demand; wanted some values above 0":                  {h: History{Step: h.Step, Values: make([]float64, 240)}},
		"fit: all of the training part or of the rest are gaps; wanted values in both": {h: History{Step: h.Step, Values: append(make([]float64, 120), slices.Repeat([]float64{math.NaN()}, 120)...)}},
	} {
		_, err := Fit(ctx, c.o, c.h)
		require.EqualError(t, err, want)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err := Fit(stopped, Options{}, h)
	require.ErrorIs(t, err, context.Canceled)
}

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		day: "24h", 90 * time.Minute: "1h30m", time.Minute: "1m", 30 * time.Second: "30s", time.Hour + time.Second: "1h0m1s", 10 * time.Minute: "10m",
	} {
		require.Equal(t, want, text(forecast.Duration(d)))
	}
}
