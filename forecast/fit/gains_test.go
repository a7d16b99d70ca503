package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

// On days of the taylor series, hours ahead, the search finds gains that beat the defaults where they were not looked for.
func TestGainsOfTaylor(t *testing.T) {
	h := History{Step: forecast.Duration(30 * time.Minute), Values: classics(t)["taylor"].Y[:2016]}
	gains, ratio, err := Gains(context.Background(), GainsOptions{}, h)
	require.NoError(t, err)
	require.Less(t, ratio, 0.9, "%+v", gains)

	again, _, err := Gains(context.Background(), GainsOptions{}, h)
	require.NoError(t, err)
	require.Equal(t, gains, again, "the same input gives the same gains")

	unit := mean(h.Values)
	rest := classics(t)["taylor"].Y
	loss := func(g forecast.Smoothing) (sum float64) {
		m := NewSmoother(g, 48, 336, true, unit)
		for i, v := range rest {
			if e := m.learn(m.transform(v)); i >= 2016 {
				sum += e * e
			}
		}
		return sum
	}
	require.Less(t, loss(gains), 0.9*loss(forecast.Smoothing{}.WithDefaults()), "out of the sample too")
}

// Of a series that the model itself made its own gains are found.
func TestGainsAreThoseOfTheModel(t *testing.T) {
	for _, want := range []forecast.Smoothing{
		{Level: 0.3, Main: 0.02, Long: 0.3, AR: 0.1},
		{Level: 0.02, Main: 0.3, Long: 0.3, AR: 0.8},
	} {
		rng := rand.New(rand.NewPCG(5, 5))
		m := NewSmoother(want, 24, 0, false, 1)
		y := make([]float64, 24*200)
		for i := range y {
			y[i] = 100 + 10*math.Sin(2*math.Pi*float64(i)/24)
			if i >= 24 {
				y[i] = m.ahead(1) + rng.NormFloat64()
			}
			m.learn(y[i])
		}
		var o GainsOptions
		got, _, _, err := search(context.Background(), func(p []float64) float64 {
			return o.loss(NewSmoother(smoothing(p, false), 24, 0, false, 1), y, forecast.Duration(time.Hour))
		}, [][]float64{vector(forecast.Smoothing{}.WithDefaults(), false)}, 300)
		require.NoError(t, err)
		require.InDeltaSlice(t, vector(want, false), got, 0.07)
	}
}

func TestGainsAtALeadTime(t *testing.T) {
	h := trace(t, "nab_nyc_taxi")
	h.Values = h.Values[:4000]
	for _, o := range []GainsOptions{
		{Lead: forecast.Duration(time.Hour), Evals: 60},
		{Lead: forecast.Duration(24 * time.Hour), Level: 0.95, Evals: 60},
	} {
		gains, ratio, err := Gains(context.Background(), o, h)
		require.NoError(t, err)
		require.LessOrEqual(t, ratio, 1.0, "%+v", gains)
	}
}

func TestGainsStopWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := History{Step: forecast.Duration(time.Hour), Values: make([]float64, 24*30)}
	for i := range h.Values {
		h.Values[i] = 1 + float64(i%24)
	}
	_, _, err := Gains(ctx, GainsOptions{}, h)
	require.ErrorIs(t, err, context.Canceled)
}

func TestGainsSaysWhatIsWrong(t *testing.T) {
	hours := func(n int) History { return History{Step: forecast.Duration(time.Hour), Values: make([]float64, n)} }
	for want, c := range map[string]struct {
		o GainsOptions
		h History
	}{
		"gains: history of 70h0m0s; wanted at least three main seasons of 24h0m0s": {h: hours(70)},
		"history without any demand; wanted some values above 0":                   {h: hours(100)},
		"gains: Level: 2; wanted between 0 and 1":                                  {o: GainsOptions{Level: 2}, h: hours(100)},
		"gains: Seasons.Main: -1ns; wanted a main season":                          {o: GainsOptions{Seasons: forecast.Seasons{Main: -1}}, h: hours(100)},
		"gains: a main season of 2h0m0s has 2 bins of 1h0m0s; wanted at least 4":   {o: GainsOptions{Seasons: forecast.Seasons{Main: forecast.Duration(2 * time.Hour)}}, h: hours(100)},
		"history: Step 0s; wanted a positive duration":                             {},
	} {
		_, _, err := Gains(context.Background(), c.o, c.h)
		require.EqualError(t, err, want)
	}
}

// The search stays in its bounds and finds the bottom of a bowl.
func TestSearch(t *testing.T) {
	middle := []float64{0.5, 0.5, 0.5}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Float64Range(0.05, 0.95), 2, 3).Draw(t, "want")
		start := rapid.SliceOfN(rapid.Float64Range(0.1, 0.9), len(want), len(want)).Draw(t, "start")
		evals := 0
		got, least, n, err := search(context.Background(), func(p []float64) float64 {
			evals++
			sum := 0.0
			for i, v := range p {
				require.True(t, v >= 0 && v <= 1)
				sum += (v - want[i]) * (v - want[i])
			}
			return sum
		}, [][]float64{start, middle[:len(want)]}, 400)
		require.NoError(t, err)
		require.Equal(t, evals, n)
		require.LessOrEqual(t, n, 2*400+8)
		require.Less(t, least, 1e-4)
		for i := range want {
			require.InDelta(t, want[i], got[i], 0.02)
		}
	})
	_, _, _, err := search(context.Background(), func([]float64) float64 { return math.NaN() }, [][]float64{{0.5}}, 50)
	require.ErrorIs(t, err, errNoLoss)
}
