package fit

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/reference"
)

// one is a number or a list of numbers, which R does not tell apart.
type one []float64

func (o *one) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]float64)(o))
	}
	*o = make(one, 1)
	return json.Unmarshal(b, &(*o)[0])
}

func TestTBATSAgainstR(t *testing.T) {
	known := classics(t)
	for _, of := range []struct {
		file    string
		y       []float64
		periods []float64
	}{
		{"tbats_taylor.json", known["taylor"].Y[:1344], []float64{48, 336}},
		{"tbats_usaccdeaths.json", known["USAccDeaths"].Y, []float64{12}},
	} {
		t.Run(of.file, func(t *testing.T) {
			var c struct {
				Alpha          float64
				Gamma1, Gamma2 one
				K              one
				Seed           []float64 `json:"seed_states"`
				Final          []float64 `json:"final_state"`
				Variance       float64
				Fitted         []float64
				FC             struct{ Mean []float64 }
			}
			reference.Read(t, of.file, &c)
			cfg := TBATSConfig{Alpha: c.Alpha}
			for i, p := range of.periods {
				cfg.Seasons = append(cfg.Seasons, Harmonics{Period: p, K: int(c.K[i]), Gamma1: c.Gamma1[i], Gamma2: c.Gamma2[i]})
			}
			m, err := NewTBATS(cfg, c.Seed)
			require.NoError(t, err)
			same(t, c.Seed, m.State(), "the seed comes back in its order")
			var fitted []float64
			var sse float64
			for _, v := range of.y {
				fitted = append(fitted, m.Forecast(1))
				e := m.Update(v)
				sse += e * e
			}
			same(t, c.Fitted, fitted, "fitted")
			require.InEpsilon(t, c.Variance, sse/float64(len(of.y)), 1e-9)
			if c.Final != nil {
				same(t, c.Final, m.State(), "final state")
			}
			same(t, c.FC.Mean, Path(m, nil, len(c.FC.Mean)), "forecast")
		})
	}
}

// The trend, which no reference value covers: a line is followed exactly, and damped it falls behind by a known amount.
func TestTBATSTrend(t *testing.T) {
	seed := []float64{10, 2, 1, 0}
	m, err := NewTBATS(TBATSConfig{Alpha: 0.3, Trend: true, Beta: 0.1, Phi: 1, Seasons: []Harmonics{{Period: 4, K: 1}}}, seed)
	require.NoError(t, err)
	for k := 1; k <= 20; k++ {
		require.InDelta(t, 0, m.Update(10+2*float64(k)+math.Cos(math.Pi/2*float64(k-1))), 1e-9)
	}
	damped, err := NewTBATS(TBATSConfig{Trend: true, Phi: 0.5, Seasons: []Harmonics{{Period: 4, K: 1}}}, seed)
	require.NoError(t, err)
	require.InDelta(t, 10+2*(0.5+0.25+0.125)-1, damped.Forecast(3), 1e-12)
	damped.Update(math.NaN())
	require.InDelta(t, 10+2*(0.5+0.25+0.125)-1, damped.Forecast(2), 1e-12, "a gap only turns the states")
	require.Equal(t, 4, len(damped.State()))
}

func TestTBATSSaysWhatIsWrong(t *testing.T) {
	_, err := NewTBATS(TBATSConfig{Trend: true, Phi: 2}, nil)
	require.EqualError(t, err, "TBATS: Phi: 2; wanted 0 to 1")
	_, err = NewTBATS(TBATSConfig{Seasons: []Harmonics{{Period: 4, K: 3}}}, nil)
	require.ErrorContains(t, err, "Seasons[0]: Period 4 with 3 harmonics; wanted")
	_, err = NewTBATS(TBATSConfig{}, nil)
	require.EqualError(t, err, "TBATS: 0 seed states; wanted 1")
}
