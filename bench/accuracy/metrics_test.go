package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/reference"
)

// Worked by hand, with numbers that a reader can follow.
func TestMetricsByHand(t *testing.T) {
	y, f := []float64{100, 200, 300}, []float64{110, 200, 260}
	// |e| = 10, 0, 40; |y|+|f| = 210, 400, 560.
	require.InDelta(t, 200./3*(10./210+40./560), smape(y, f), 1e-12)
	require.InDelta(t, 7.936507936507937, smape(y, f), 1e-12)
	require.Equal(t, 200.0, smape([]float64{5}, []float64{0}), "the worst there is")
	require.Equal(t, 100.0, smape([]float64{0, 5}, []float64{0, 0}), "zero forecast as zero has no error")

	train := []float64{1, 5, 2, 9, 3, 5} // of season 2: |1| + |4| + |1| + |-4| over 4
	require.Equal(t, 2.5, seasonalScale(train, 2))
	require.Equal(t, 5.0, seasonalScale([]float64{1, 5, 2, 9, 3}, 1), "4 + 3 + 7 + 6 over 4")
	require.InDelta(t, 50./3/2.5, mase(y, f, 2.5), 1e-12)

	require.Equal(t, 1.0, owa(naive2SMAPE, naive2MASE, naive2SMAPE, naive2MASE))
	require.InDelta(t, (0.5+0.25)/2, owa(10, 1, 20, 4), 1e-12)

	// Widths 20, 20, 40; one value is 5 above and one 10 below, which costs 2/.05 = 40 times that: 200 and 400.
	lo, hi := []float64{80, 185, 310}, []float64{100, 195 + 10, 350}
	y = []float64{105, 190, 300}
	require.InDelta(t, (20+200+20+40+400)/3./2, msis(y, lo, hi, 0.05, 2), 1e-9)
	require.InDelta(t, 1./3, inside(y, lo, hi), 1e-12)
	require.Equal(t, 1.0, inside([]float64{80, 205}, lo[:2], hi[:2]), "bounds are inside")

	require.InDelta(t, 1.8, pinball(0.9, 12, 10), 1e-12)
	require.InDelta(t, 0.2, pinball(0.9, 8, 10), 1e-12)
	require.Zero(t, pinball(0.9, 10, 10))

	require.InDelta(t, 4, geometricMean([]float64{2, 8}), 1e-12)
	require.True(t, math.IsNaN(geometricMean(nil)))
}

func TestQuantileBetweenLevels(t *testing.T) {
	row := make([]float64, forecast.NumLevels)
	for i, q := range forecast.Levels {
		row[i] = 1000 * q * q
	}
	for i, q := range forecast.Levels {
		require.Equal(t, row[i], quantile(row, q), "%v", q)
	}
	// .025 -> .625 and .05 -> 2.5: .03 is a fifth of the way. .97 -> 940.9 and .98 -> 960.4: .975 is half of it.
	require.InDelta(t, 0.625+0.2*1.875, quantile(row, 0.03), 1e-9)
	require.InDelta(t, 950.65, quantile(row, 0.975), 1e-9)
	require.Panics(t, func() { quantile(row, 0.001) })
	require.Panics(t, func() { quantile(row, 0.9999) })
}

type series map[string]struct {
	Frequency int
	Y         []float64
}

// Seasonal naive on the last two years of AirPassengers, with the intervals of a normal distribution.
func TestMetricsAgainstR(t *testing.T) {
	var known series
	reference.Read(t, "series.json", &known)
	var want struct {
		Test, Forecast []float64
		SMAPE          float64 `json:"smape_M4_200"`
		Scale          float64 `json:"mase_scale_snaive"`
		MASE           float64
		MSIS           float64   `json:"MSIS95"`
		SD             []float64 `json:"sd_h"`
		Levels         []float64 `json:"quantile_levels"`
		Loss           []float64 `json:"quantile_loss_sum_per_q"`
	}
	reference.Read(t, "metrics.json", &want)
	train := known["AirPassengers"].Y[:120]
	require.InEpsilon(t, want.SMAPE, smape(want.Test, want.Forecast), 1e-10)
	scale := seasonalScale(train, 12)
	require.InEpsilon(t, want.Scale, scale, 1e-10)
	require.InEpsilon(t, want.MASE, mase(want.Test, want.Forecast, scale), 1e-10)

	normal := func(q float64) []float64 {
		z := math.Sqrt2 * math.Erfinv(2*q-1)
		x := make([]float64, len(want.Forecast))
		for i, f := range want.Forecast {
			x[i] = f + z*want.SD[i]
		}
		return x
	}
	require.InEpsilon(t, want.MSIS, msis(want.Test, normal(0.025), normal(0.975), m4Alpha, scale), 1e-10)
	require.NotEmpty(t, want.Levels)
	for i, q := range want.Levels {
		var sum float64
		for j, x := range normal(q) {
			sum += pinball(q, want.Test[j], x)
		}
		require.InEpsilon(t, want.Loss[i], sum, 1e-9, "level %v", q)
	}
}

// The statistical benchmarks of M4 on classic series, as the competition's own code scores them.
func TestMetricsAgainstM4Benchmarks(t *testing.T) {
	var known series
	reference.Read(t, "series.json", &known)
	var want map[string]struct {
		Train   int `json:"n_train"`
		H       int
		Methods map[string]struct {
			Mean        []float64
			SMAPE, MASE float64
		}
	}
	reference.Read(t, "m4_benchmarks_classic.json", &want)
	require.NotEmpty(t, want)
	for name, c := range want {
		s := known[name]
		train, test := s.Y[:c.Train], s.Y[c.Train:c.Train+c.H]
		scale := seasonalScale(train, s.Frequency)
		naive2 := c.Methods["Naive2"]
		for method, m := range c.Methods {
			gotSMAPE, gotMASE := smape(test, m.Mean), mase(test, m.Mean, scale)
			require.InEpsilon(t, m.SMAPE, gotSMAPE, 1e-9, "%s of %s", method, name)
			require.InEpsilon(t, m.MASE, gotMASE, 1e-9, "%s of %s", method, name)
			if method == "Naive2" {
				require.InDelta(t, 1, owa(gotSMAPE, gotMASE, naive2.SMAPE, naive2.MASE), 1e-9)
			}
		}
	}
}
