package main

import (
	"context"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// m4Alpha is the share of values that an interval of the competition may miss.
const m4Alpha = 0.05

// m4Report is what the competition would say of the forecaster: means over all series.
type m4Report struct {
	Series   int     `json:"series"`
	Horizon  int     `json:"horizon_h"`
	SMAPE    float64 `json:"smape_percent"`
	MASE     float64 `json:"mase"`
	OWA      float64 `json:"owa"` // against Naive2
	MSIS     float64 `json:"msis"`
	Coverage float64 `json:"coverage_95"` // share of values in the interval from the .025 to the .975 quantile
}

// m4Forecast is the forecast of the hours after a series, in its unit.
type m4Forecast struct {
	median, low, high []float64
}

// measureM4 forecasts every series in dir.
func measureM4(ctx context.Context, dir string, v variant, notes lines) (*m4Report, error) {
	series, err := readM4(dir)
	if err != nil {
		return nil, err
	}
	done := func(i int, _ m4Forecast) {
		if n := i + 1; n%100 == 0 || n == len(series) {
			notes.progress("m4: %d of %d series", n, len(series))
		}
	}
	forecasts, err := inOrder(ctx, len(series), func(ctx context.Context, i int) (m4Forecast, error) {
		f, err := newM4Model(&series[i], v)
		if err != nil {
			return m4Forecast{}, err
		}
		return forecastM4(f, &series[i]), ctx.Err()
	}, done)
	if err != nil {
		return nil, err
	}
	return scoreM4(series, forecasts), nil
}

// m4Start is where the clock of every series begins, for M4 does not say where: some Monday.
func m4Start() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

// newM4Model returns a forecaster of the library's defaults, or a variant of them, for hourly steps, which learns each of the m4Horizon hours.
// The unit is sim.DefaultCapacity of the training values, as for a trace: the larger of p95/40 and max/2000.
func newM4Model(s *m4Series, v variant) (*forecast.Forecaster, error) {
	trace, err := sim.NewTrace(s.id, m4Start(), time.Hour, s.train)
	if err != nil {
		return nil, err
	}
	leads := make([]forecast.Duration, m4Horizon)
	for i := range leads {
		leads[i] = forecast.Duration(i+1) * forecast.Duration(time.Hour)
	}
	return forecast.New(v.config(time.Hour, sim.DefaultCapacity(trace), leads)), nil
}

// forecastM4 shows the training values to the model, once and in order, and asks for the hours after them. A forecast with
// lead h hours for the h-th hour after the end is the one that the model learns as its lead h: it counts leads from the
// start of the newest closed step.
func forecastM4(f model, s *m4Series) m4Forecast {
	now := m4Start()
	for _, v := range s.train {
		f.Observe(now, v)
		now = now.Add(time.Hour)
		f.Advance(now)
	}
	leads := make([]time.Duration, m4Horizon)
	for i := range leads {
		leads[i] = time.Duration(i) * time.Hour
	}
	rows := f.Quantiles(nil, now, leads)
	var out m4Forecast
	for i := range leads {
		row := rows[i*forecast.NumLevels : (i+1)*forecast.NumLevels]
		out.median = append(out.median, quantile(row, 0.5))
		out.low = append(out.low, quantile(row, m4Alpha/2))
		out.high = append(out.high, quantile(row, 1-m4Alpha/2))
	}
	return out
}

// scoreM4 takes the means over all series.
func scoreM4(series []m4Series, forecasts []m4Forecast) *m4Report {
	r := &m4Report{Series: len(series), Horizon: m4Horizon}
	for i, f := range forecasts {
		test, scale := series[i].test, seasonalScale(series[i].train, m4Season)
		r.SMAPE += smape(test, f.median)
		r.MASE += mase(test, f.median, scale)
		r.MSIS += msis(test, f.low, f.high, m4Alpha, scale)
		r.Coverage += inside(test, f.low, f.high)
	}
	for _, sum := range []*float64{&r.SMAPE, &r.MASE, &r.MSIS, &r.Coverage} {
		*sum /= float64(len(series))
	}
	r.OWA = owa(r.SMAPE, r.MASE, naive2SMAPE, naive2MASE)
	return r
}
