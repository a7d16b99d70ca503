package fit

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/reference"
)

type etsCase struct {
	Model, Series      string
	M, N               int
	Alpha, Beta, Gamma float64
	Phi                float64
	Init               []float64
	LikCore            float64 `json:"lik_core"`
	SSE                float64
	Sigma2             float64 `json:"sigma2_div_n"`
	Residuals, Fitted  []float64
	LastState          []float64 `json:"last_state"`
	ForecastMean       []float64 `json:"forecast_mean"`
	ForecastVar        []float64 `json:"forecast_var"`
	Level              []float64
	Lower, Upper       [][]float64
}

// etsForm reads the name of a form such as MAdM.
func etsForm(model string, period int) ETSConfig {
	c := map[byte]Component{'N': None, 'A': Additive, 'M': Multiplicative}
	cfg := ETSConfig{
		Error: c[model[0]], Trend: c[model[1]], Damped: strings.Contains(model, "d"), Season: c[model[len(model)-1]],
	}
	if cfg.Season != None {
		cfg.Period = period
	}
	return cfg
}

func TestETSAgainstR(t *testing.T) {
	known := classics(t)
	var cases []etsCase
	reference.Read(t, "ets_fixed.json", &cases)
	require.Len(t, cases, 48)
	for _, c := range cases {
		t.Run(c.Model+"/"+c.Series, func(t *testing.T) {
			cfg := etsForm(c.Model, c.M)
			cfg.Alpha, cfg.Beta, cfg.Gamma, cfg.Phi = c.Alpha, c.Beta, c.Gamma, c.Phi
			init := c.Init
			level, slope := init[0], 0.0
			init = init[1:]
			if cfg.Trend != None {
				slope, init = init[0], init[1:]
			}
			cycle := make([]float64, len(init)) // the file has s_0 first, which applies to the last value of a cycle
			for i, s := range init {
				cycle[len(init)-1-i] = s
			}
			m, err := NewETS(cfg, level, slope, cycle)
			require.NoError(t, err)
			y := known[c.Series].Y
			require.Len(t, y, c.N)
			fitted, residuals := make([]float64, c.N), make([]float64, c.N)
			for i, v := range y {
				fitted[i] = m.Forecast(1)
				residuals[i] = m.Residual(m.Update(v), fitted[i])
			}
			same(t, c.Fitted, fitted, "fitted")
			same(t, c.Residuals, residuals, "residuals")
			require.InEpsilon(t, c.SSE, m.SSE(), 1e-9)
			require.InEpsilon(t, c.Sigma2, m.sigma2(), 1e-9)
			require.InEpsilon(t, c.LikCore, m.Deviance(), 1e-9)
			same(t, c.LastState, m.State(), "last state")
			same(t, c.ForecastMean, Path(m, nil, len(c.ForecastMean)), "forecast")
			if c.ForecastVar == nil {
				require.True(t, math.IsNaN(m.Variance(1)))
				return
			}
			for i, v := range c.ForecastVar {
				require.InEpsilon(t, v, m.Variance(i+1), 1e-9, "variance %d steps ahead", i+1)
				for j, level := range c.Level {
					require.InEpsilon(t, c.Lower[j][i], m.Quantile(i+1, 0.5-level/200), 1e-9)
					require.InEpsilon(t, c.Upper[j][i], m.Quantile(i+1, 0.5+level/200), 1e-9)
				}
			}
		})
	}
}

// A gap leaves the forecast of every instant where it was.
func TestAGapMovesOnWithoutLearning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Float64Range(0, 1)
		cfg := ETSConfig{
			Error: Additive, Trend: Additive, Damped: rapid.Bool().Draw(t, "damped"), Season: Component(rapid.IntRange(0, 2).Draw(t, "season")),
			Period: 4, Alpha: unit.Draw(t, "alpha"), Beta: unit.Draw(t, "beta"), Gamma: unit.Draw(t, "gamma"), Phi: unit.Draw(t, "phi"),
		}
		m, err := NewETS(cfg, 100, 2, []float64{1, 2, 3, 4})
		require.NoError(t, err)
		Run(m, nil, rapid.SliceOfN(rapid.Float64Range(50, 150), 0, 9).Draw(t, "y"))
		gaps := rapid.IntRange(1, 9).Draw(t, "gaps")
		want := m.Forecast(gaps + 3)
		n := m.n
		for range gaps {
			require.True(t, math.IsNaN(m.Update(math.NaN())))
		}
		require.InDelta(t, want, m.Forecast(3), 1e-9*(1+math.Abs(want)))
		require.Equal(t, n, m.n)
	})
}

func TestETSSaysWhatIsWrong(t *testing.T) {
	_, err := NewETS(ETSConfig{Error: None, Trend: Multiplicative, Season: Additive, Period: 1, Alpha: 2, Gamma: math.NaN(), Beta: -1}, 0, 0, nil)
	for _, want := range []string{"Error: 0; wanted", "Trend: 2; wanted", "Period: 1; wanted", "Alpha: 2; wanted 0 to 1", "Gamma: NaN", "Beta: -1"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewETS(ETSConfig{Error: Additive, Damped: true}, 0, 0, nil)
	require.ErrorContains(t, err, "wanted a Trend to damp")
	_, err = NewETS(ETSConfig{Error: Additive, Season: Additive, Period: 4}, 0, 0, []float64{1})
	require.EqualError(t, err, "ETS: cycle of 1 values; wanted Period = 4")
	require.Equal(t, "ETS(M,Ad,M)", ETSConfig{Error: Multiplicative, Trend: Additive, Damped: true, Season: Multiplicative}.String())
}
