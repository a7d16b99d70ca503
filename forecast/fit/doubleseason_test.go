package fit

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/reference"
)

type doubleSeasonCase struct {
	Alpha, Beta, Gamma, Omega, Phi float64
	Level                          float64   `json:"l0"`
	Slope                          float64   `json:"b0"`
	Long                           []float64 `json:"s10_period2"`
	Short                          []float64 `json:"s20_period1"`
	MSE, MAPE, SSE                 float64
	First                          []float64 `json:"fitted_first"`
	Last                           []float64 `json:"fitted_last"`
	Sum                            float64   `json:"fitted_sum"`
	Forecast                       []float64
}

func TestDoubleSeasonAgainstR(t *testing.T) {
	y := classics(t)["taylor"].Y[:2688]
	var cases []doubleSeasonCase
	reference.Read(t, "dshw_fixed.json", &cases)
	require.Len(t, cases, 2)
	for _, c := range cases {
		t.Run(fmt.Sprint("phi=", c.Phi), func(t *testing.T) {
			m, err := NewDoubleSeason(DoubleSeasonConfig{c.Alpha, c.Beta, c.Gamma, c.Omega, c.Phi}, c.Level, c.Slope, c.Short, c.Long)
			require.NoError(t, err)
			var fitted []float64
			var sum, sse float64
			for _, v := range y {
				fitted = append(fitted, m.Forecast(1))
				sum += m.Forecast(1)
				e := m.Update(v)
				sse += e * e
			}
			same(t, c.First, fitted[:20], "first fitted")
			same(t, c.Last, fitted[len(fitted)-20:], "last fitted")
			require.InEpsilon(t, c.Sum, sum, 1e-9)
			require.InEpsilon(t, c.SSE, sse, 1e-9)
			require.Len(t, c.Forecast, 336)
			same(t, c.Forecast, Path(m, nil, 336), "forecast")
		})
	}
}

func TestDoubleSeasonSaysWhatIsWrong(t *testing.T) {
	_, err := NewDoubleSeason(DoubleSeasonConfig{Omega: -1}, 0, 0, nil, nil)
	require.EqualError(t, err, "double season: Omega: -1; wanted 0 to 1")
	_, err = NewDoubleSeason(DoubleSeasonConfig{Phi: 1}, 0, 0, nil, nil)
	require.EqualError(t, err, "double season: Phi: 1; wanted between -1 and 1")
	_, err = NewDoubleSeason(DoubleSeasonConfig{}, 0, 0, make([]float64, 4), make([]float64, 6))
	require.ErrorContains(t, err, "cycles of 4 and 6 values; wanted")
}
