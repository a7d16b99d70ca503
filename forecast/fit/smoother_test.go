package fit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/headroom-go/headroom/forecast"
)

// The Smoother is the expert whose gains are searched: a Forecaster that is left with nothing else errs when and as it does,
// but for what calibration adds, and more so than a Smoother with other gains.
func TestSmootherIsTheExpertOfTheForecaster(t *testing.T) {
	y := classics(t)["taylor"].Y
	step := forecast.Duration(30 * time.Minute)
	unit := mean(y) / 20
	gains, others := forecast.Smoothing{Level: 0.05, Main: 0.2, Long: 0.4, AR: 0.9}, forecast.Smoothing{Level: 0.3, Main: 0.1, Long: 0.1, AR: 0.5}
	for expert, log := range map[forecast.Expert]bool{forecast.BySmoothing: false, forecast.BySmoothingLog: true} {
		cfg := forecast.Config{Step: step, Unit: unit, Leads: []forecast.Duration{4 * step}, Bin: step, Smoothing: gains}
		for e := range forecast.NumExperts {
			if e != expert {
				cfg.Without = append(cfg.Without, e)
			}
		}
		f := forecast.New(cfg)
		m, o := NewSmoother(gains, 48, 336, log, unit), NewSmoother(others, 48, 336, log, unit)
		h := History{Start: time.Date(2000, 6, 5, 0, 0, 0, 0, time.UTC), Step: step, Values: y}
		var row, expertErr, smootherErr, otherErr []float64
		for k, v := range y {
			f.Observe(h.Time(k), v)
			f.Advance(h.Time(k + 1))
			m.Update(v)
			o.Update(v)
			if k < 3*336 || k+4 >= len(y) {
				continue
			}
			row = f.Quantiles(row, h.Time(k+1), []time.Duration{3 * step.Std()})
			expertErr = append(expertErr, y[k+4]-row[index(0.5)])
			smootherErr = append(smootherErr, y[k+4]-m.Forecast(4))
			otherErr = append(otherErr, y[k+4]-o.Forecast(4))
		}
		same, other := stat.Correlation(expertErr, smootherErr, nil), stat.Correlation(expertErr, otherErr, nil)
		t.Logf("%v: %.3f, with other gains %.3f", expert, same, other)
		require.Greater(t, same, 0.93, "%v", expert)
		require.Less(t, other, same-0.05, "%v", expert)
	}
}

// Gaps move the phase on and nothing else, also in the first cycle.
func TestSmootherPassesOverGaps(t *testing.T) {
	gains := forecast.Smoothing{}.WithDefaults()
	m := NewSmoother(gains, 4, 0, false, 1)
	for _, v := range []float64{10, math.NaN(), 30, 20} {
		require.True(t, math.IsNaN(m.Update(v)), "no forecast before the first cycle is whole")
	}
	require.Equal(t, []float64{10, 20, 30, 20, 10}, Path(m, nil, 5))
	require.True(t, math.IsNaN(m.Update(math.NaN())))
	require.Equal(t, []float64{20, 30, 20, 10}, Path(m, nil, 4))
	empty := NewSmoother(gains, 2, 0, true, 1)
	Run(empty, nil, []float64{math.NaN(), math.NaN(), 4})
	require.True(t, math.IsNaN(empty.Forecast(1)), "a cycle of gaps is no beginning")
}
