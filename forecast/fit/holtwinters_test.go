package fit

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/reference"
)

// orFalse is a number, or false where R leaves a part of a model out.
type orFalse struct {
	value float64
	is    bool
}

func (o *orFalse) UnmarshalJSON(b []byte) error {
	if string(b) == "false" {
		return nil
	}
	o.is = true
	return json.Unmarshal(b, &o.value)
}

type holtWintersCase struct {
	Series, Seasonal   string
	Period             int
	Alpha, Beta, Gamma orFalse
	Level              float64   `json:"l_start"`
	Slope              float64   `json:"b_start"`
	Cycle              []float64 `json:"s_start"`
	SSE                float64
	Fitted             []float64
	Coefficients       map[string]float64
	Mean               []float64 `json:"pred_mean"`
	Upper              []float64 `json:"pred_upper95"`
	Lower              []float64 `json:"pred_lower95"`
}

func TestHoltWintersAgainstR(t *testing.T) {
	known := classics(t)
	var cases []holtWintersCase
	reference.Read(t, "holtwinters_fixed.json", &cases)
	require.Len(t, cases, 14)
	for i, c := range cases {
		t.Run(fmt.Sprint(i, c.Series, c.Seasonal), func(t *testing.T) {
			season := map[string]Component{"none": None, "additive": Additive, "multiplicative": Multiplicative}[c.Seasonal]
			m, err := NewHoltWinters(HoltWintersConfig{
				Season: season, Period: c.Period, Trend: c.Beta.is, Alpha: c.Alpha.value, Beta: c.Beta.value, Gamma: c.Gamma.value,
			}, c.Level, c.Slope, c.Cycle)
			require.NoError(t, err)
			skip := 2 // Holt's method starts from the first two values
			if season != None {
				skip = c.Period // the cycle comes from the first period
			}
			y := known[c.Series].Y[skip:]
			fitted := make([]float64, len(y))
			for i, v := range y {
				fitted[i] = m.Forecast(1)
				m.Update(v)
			}
			same(t, c.Fitted, fitted, "fitted")
			require.InEpsilon(t, c.SSE, m.SSE(), 1e-9)
			require.InEpsilon(t, c.Coefficients["a"], m.level, 1e-9)
			if c.Beta.is {
				require.InDelta(t, c.Coefficients["b"], m.slope, 1e-9*m.level)
			}
			for h := 1; season != None && h <= c.Period; h++ {
				require.InDelta(t, c.Coefficients[fmt.Sprint("s", h)], m.season.ahead(h), 1e-9*m.level)
			}
			same(t, c.Mean, Path(m, nil, len(c.Mean)), "forecast")
			if season == Multiplicative {
				return
			}
			for i := range c.Upper {
				require.InEpsilon(t, c.Lower[i], m.Quantile(i+1, 0.025), 1e-9)
				require.InEpsilon(t, c.Upper[i], m.Quantile(i+1, 0.975), 1e-9)
			}
		})
	}
}

// The two forms of the additive method forecast the same, with the gains translated.
func TestHoltWintersIsAnETSWithOtherGains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Float64Range(0, 1)
		a, b, g := unit.Draw(t, "alpha"), unit.Draw(t, "beta"), unit.Draw(t, "gamma")
		cycle := rapid.SliceOfN(rapid.Float64Range(-10, 10), 2, 9).Draw(t, "cycle")
		hw, err := NewHoltWinters(HoltWintersConfig{Season: Additive, Period: len(cycle), Trend: true, Alpha: a, Beta: b, Gamma: g}, 100, 1, cycle)
		require.NoError(t, err)
		ets, err := NewETS(ETSConfig{
			Error: Additive, Trend: Additive, Season: Additive, Period: len(cycle), Alpha: a, Beta: a * b, Gamma: (1 - a) * g,
		}, 100, 1, cycle)
		require.NoError(t, err)
		for _, y := range rapid.SliceOfN(rapid.Float64Range(50, 150), 1, 50).Draw(t, "y") {
			require.InDelta(t, hw.Update(y), ets.Update(y), 1e-6)
		}
		sameTo(t, 1e-9, Path(hw, nil, 20), Path(ets, nil, 20), "forecast")
	})
}

func TestHoltWintersSaysWhatIsWrong(t *testing.T) {
	_, err := NewHoltWinters(HoltWintersConfig{Beta: 1.5}, 0, 0, nil)
	require.EqualError(t, err, "Holt-Winters: Beta: 1.5; wanted 0 to 1")
	_, err = NewHoltWinters(HoltWintersConfig{Season: Additive, Period: 3}, 0, 0, []float64{1})
	require.EqualError(t, err, "Holt-Winters: cycle of 1 values and Period 3; wanted the same number, at least 2")
}
