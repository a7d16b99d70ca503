package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/reference"
)

// exact returns a smoother in double precision with those gains and seasons, the first slot first, that never clips.
func exact(gain, seasonGain float64, season []float64, start float64) *smoother[float64] {
	s := &smoother[float64]{Smoothing: Smoothing{Level: gain, Main: seasonGain}, level: start, first: append([]float64(nil), season...), ready: true}
	return s
}

// unclipped updates without the clip, which begins to act only once errors have been seen.
func unclipped(s *smoother[float64], y float64, i int64) {
	s.seen = 0
	s.update(y, i, 0)
}

// Without a long season and an autoregression it is ETS(A,N,A): alpha is Level and gamma is Main.
func TestSmootherIsETSANA(t *testing.T) {
	var series map[string]struct{ Y []float64 }
	reference.Read(t, "series.json", &series)
	var cases []struct {
		Model, Series string
		M             int
		Alpha         float64
		Gamma         *float64
		Init          []float64
		Fitted        []float64
		LastState     []float64 `json:"last_state"`
		ForecastMean  []float64 `json:"forecast_mean"`
	}
	reference.Read(t, "ets_fixed.json", &cases)
	seen := 0
	for _, c := range cases {
		if c.Model != "ANA" {
			continue
		}
		seen++
		season := make([]float64, c.M)
		for j := range season { // the file has the season that is used last first
			season[j] = c.Init[c.M-j]
		}
		s := exact(c.Alpha, *c.Gamma, season, c.Init[0])
		y := series[c.Series].Y
		scale := math.Abs(y[0])
		for i, v := range y {
			require.InDelta(t, c.Fitted[i], s.at(int64(i), 0, 0), 1e-9*scale, "%s %d", c.Series, i)
			unclipped(s, v, int64(i))
		}
		require.InDelta(t, c.LastState[0], s.level, 1e-9*scale)
		for h, want := range c.ForecastMean {
			require.InDelta(t, want, s.at(int64(len(y)+h), 0, 0), 1e-9*scale, "%s, %d ahead", c.Series, h+1)
		}
	}
	require.Positive(t, seen)
}

// It is additive Holt-Winters without a trend: alpha is Level, and gamma (1-alpha) is Main.
func TestSmootherIsHoltWinters(t *testing.T) {
	var series map[string]struct{ Y []float64 }
	reference.Read(t, "series.json", &series)
	var cases []struct {
		Series, Seasonal string
		Period           int
		Alpha            float64
		Beta, Gamma      any
		Start            float64   `json:"l_start"`
		Season           []float64 `json:"s_start"`
		Fitted           []float64
		Mean             []float64 `json:"pred_mean"`
	}
	reference.Read(t, "holtwinters_fixed.json", &cases)
	seen := 0
	for _, c := range cases {
		gamma, ok := c.Gamma.(float64)
		if c.Seasonal != "additive" || c.Beta != false || !ok {
			continue
		}
		seen++
		s := exact(c.Alpha, gamma*(1-c.Alpha), c.Season, c.Start)
		y := series[c.Series].Y
		for i := c.Period; i < len(y); i++ {
			require.InDelta(t, c.Fitted[i-c.Period], s.at(int64(i), 0, 0), 1e-9*y[0], "%s %d", c.Series, i)
			unclipped(s, y[i], int64(i))
		}
		for h, want := range c.Mean {
			require.InDelta(t, want, s.at(int64(len(y)+h), 0, 0), 1e-9*y[0], "%s, %d ahead", c.Series, h+1)
		}
	}
	require.Positive(t, seen)
}

// The recursion against its definition, with both seasons, the autoregression, and a shift of the local clock.
func TestSmootherAgainstItsDefinition(t *testing.T) {
	const main, long, shift = 4, 12, 5
	s := &smoother[float64]{Smoothing: Smoothing{Level: 0.1, Main: 0.2, Long: 0.3, AR: 0.6}, first: make([]float64, main), second: make([]float64, long), level: 10, ready: true}
	level, d := 10.0, 0.0
	first, second := make([]float64, main), make([]float64, long)
	for i := range int64(500) {
		y := 10 + float64(i%main) + 3*math.Sin(float64(i)) + 2*float64((i/4)%3)
		f := level + first[(i+shift)%main] + second[(i+shift)%long]
		require.InDelta(t, f+0.6*d, s.at(i, shift, 0.6), 1e-9)
		e := y - f - 0.6*d
		d = y - f
		level += 0.1 * e
		first[(i+shift)%main] += 0.2 * e
		second[(i+shift)%long] += 0.3 * e
		s.seen = 0
		s.update(y, i, shift)
	}
}

func TestSmootherDoesNotLearnASpike(t *testing.T) {
	quiet := &smoother[float64]{Smoothing: Smoothing{}.WithDefaults(), first: make([]float64, 4), level: 10, ready: true}
	for i := range int64(100) {
		quiet.update(10+0.1*float64(i%3-1), i, 0)
	}
	spike := *quiet
	spike.first = append([]float64(nil), quiet.first...)
	spike.update(1000, 100, 0)
	require.InDelta(t, quiet.at(104, 0, 0), spike.at(104, 0, 0), 0.2, "a spike counts as four usual errors")
	require.Less(t, math.Abs(spike.d), 2., "and is not carried on")
}

func TestSmootherBeginsAndAnchors(t *testing.T) {
	for _, log := range []bool{false, true} {
		b := newBins(int64(time.Hour), int64(time.Hour), 4*int64(time.Hour), 0)
		day := []float64{10, 20, 40, 30}
		for range 2 {
			for _, v := range day {
				b.sum, b.count = v, 1
				b.close()
			}
		}
		s := newSmoother[float32](Smoothing{}.WithDefaults(), b)
		s.begin(b, 3, log)
		for h, want := range day {
			i := b.next + int64(h)
			require.InDelta(t, want, back(s.at(i, 3, 0), log), 1e-4, "the day that was")
		}
		s.d = 5
		s.gap()
		require.InDelta(t, 5*s.AR, s.d, 1e-12)
		s.anchor(transform(35, log), b.next+2, 3)
		require.InDelta(t, 35, back(s.at(b.next+2, 3, 1), log), 1e-3, "what came is what is expected there")
	}
}

func TestTransformAndBack(t *testing.T) {
	for _, v := range []float64{0, 1e-6, 0.3, 7, 1e6} {
		require.InDelta(t, v, back(transform(v, true), true), 1e-9*(1+v))
		require.Equal(t, v, back(transform(v, false), false))
	}
	require.Zero(t, back(-3, true), "nothing is negative")
	require.Zero(t, back(-3, false))
}
