package fit

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/reference"
)

// R searches the initial season too, which is worth up to its length in log likelihood; level, slope and gains must be as
// good, and the forecasts near.
func TestEstimatedETSAgainstR(t *testing.T) {
	known := classics(t)
	var cases []struct {
		Kind, Series string
		LogLik       float64
		FC           struct{ Mean []float64 }
	}
	reference.Read(t, "estimated.json", &cases)
	n := 0
	for _, c := range cases {
		form, fixed := strings.CutPrefix(c.Kind, "ets-")
		if !fixed || form == "auto" {
			continue
		}
		n++
		t.Run(form+"/"+c.Series, func(t *testing.T) {
			s := known[c.Series]
			m, cfg, err := EstimateETS(context.Background(), etsForm(form, s.Frequency), s.Y)
			require.NoError(t, err)
			slack := 1.0
			if cfg.Season != None {
				slack = float64(2 * cfg.Period)
			}
			require.GreaterOrEqual(t, -m.Deviance()/2, c.LogLik-slack, "%+v", cfg)
			var far float64
			for h, want := range c.FC.Mean {
				far = math.Max(far, math.Abs(m.Forecast(h+1)-want)/math.Abs(want))
			}
			require.Less(t, far, 0.25, "%+v", cfg)
		})
	}
	require.Equal(t, 20, n)
}

func TestEstimatedDoubleSeasonAgainstR(t *testing.T) {
	y := classics(t)["taylor"].Y
	var want struct {
		MSE  float64
		MAPE float64 `json:"test_mape_next336"`
	}
	reference.Read(t, "dshw_estimated.json", &want)
	m, cfg, err := EstimateDoubleSeason(context.Background(), y[:2688], 48, 336)
	require.NoError(t, err)
	require.Less(t, m.SSE()/2688, 1.02*want.MSE, "%+v", cfg) // of the whole history, the first weeks included
	// The next week 336 steps ahead is one draw and no measure of a fit: only its order of size must be right.
	fresh := 0.0
	for i, v := range y[2688:3024] {
		fresh += 100 * math.Abs(m.Forecast(i+1)-v) / v / 336
	}
	require.Less(t, fresh, 2*want.MAPE, "%+v", cfg)
}

func TestEstimatesSayWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	_, _, err := EstimateETS(ctx, ETSConfig{Error: Additive, Season: Additive, Period: 12}, make([]float64, 23))
	require.EqualError(t, err, "ETS(A,N,A): 23 values; wanted at least 24")
	_, _, err = EstimateETS(ctx, ETSConfig{}, nil)
	require.ErrorContains(t, err, "Error: 0; wanted")
	_, _, err = EstimateDoubleSeason(ctx, nil, 7, 10)
	require.ErrorContains(t, err, "periods 7 and 10; wanted")
	_, _, err = EstimateDoubleSeason(ctx, make([]float64, 5), 2, 4)
	require.ErrorContains(t, err, "5 values; wanted at least two long seasons, 8")
	_, _, err = EstimateDoubleSeason(ctx, make([]float64, 8), 2, 4)
	require.ErrorContains(t, err, "value 0: 0; wanted all above 0")
}
