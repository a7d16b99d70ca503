package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/headroom-go/headroom/forecast"
)

// mostPeriod is the longest season, in steps, that a classical model is given one state a step for.
const mostPeriod = 3000

// classical runs classical models, fitted to the training part, over the same targets. A model that the history does not
// allow, such as a multiplicative one with values of zero, has no row.
func (o *Options) classical(ctx context.Context, h History, train, naive int) ([]Row, error) {
	y := h.Values[:train]
	positive := !slices.ContainsFunc(y, func(v float64) bool { return v <= 0 })
	type entry struct {
		name string
		make func() (Model, error)
	}
	ets := func(c ETSConfig) entry {
		name := c.String()
		if c.Season != None {
			name = fmt.Sprintf("%v, %s", c, text(forecast.Duration(c.Period)*h.Step))
		}
		return entry{name, func() (Model, error) {
			m, _, err := EstimateETS(ctx, c, y)
			return m, err
		}}
	}
	list := []entry{
		{"naive, " + text(forecast.Duration(naive)*h.Step), func() (Model, error) {
			m := newSeasonalNaive(naive)
			Run(m, nil, y)
			return m, nil
		}},
		ets(ETSConfig{Error: Additive}),
		ets(ETSConfig{Error: Additive, Trend: Additive, Damped: true}),
	}
	if seasonal := naive > 1 && naive <= mostPeriod && train >= 2*naive; seasonal {
		list = append(list, ets(ETSConfig{Error: Additive, Season: Additive, Period: naive}))
		if positive {
			list = append(list, ets(ETSConfig{Error: Multiplicative, Season: Multiplicative, Period: naive}))
		}
		if long := 7 * naive; positive && train >= 2*long {
			name := fmt.Sprintf("double season, %s and %s", text(forecast.Duration(naive)*h.Step), text(forecast.Duration(long)*h.Step))
			list = append(list, entry{name, func() (Model, error) {
				m, _, err := EstimateDoubleSeason(ctx, y, naive, long)
				return m, err
			}})
		}
	}
	var rows []Row
	for _, e := range list {
		m, err := e.make()
		if errors.Is(err, errNoLoss) {
			continue // the beginning is one gap, say
		}
		if err != nil {
			return nil, err
		}
		scores, err := backtestModel(ctx, m, o.Leads, h, train, naive)
		if err != nil {
			return nil, err
		}
		for i := range scores {
			for j := 1; j < len(Levels); j++ { // a mean is no quantile above the middle
				scores[i].Pinball[j] = Number(math.NaN())
			}
		}
		rows = append(rows, Row{Choice: e.name, Scores: scores})
	}
	return rows, nil
}

// seasonalNaive forecasts the newest known value of the same phase.
type seasonalNaive struct{ ring }

func newSeasonalNaive(period int) *seasonalNaive {
	cycle := make([]float64, period)
	for i := range cycle {
		cycle[i] = math.NaN()
	}
	return &seasonalNaive{newRing(cycle)}
}

// Update implements Model.
func (m *seasonalNaive) Update(y float64) float64 {
	e := y - m.ahead(1)
	if math.IsNaN(y) {
		m.skip()
	} else {
		m.set(y)
	}
	return e
}

// Forecast implements Model.
func (m *seasonalNaive) Forecast(h int) float64 { return m.ahead(h) }
