package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// EstimateETS fits an ETS model of the given form to y by maximum likelihood and returns it with y learned. The gains and
// damping of form are ignored. Level and slope before the first value are searched with the gains; the season begins as the
// mean of the first cycles around their moving average, at most three, and is not searched: over a history of more than a
// few cycles that hardly matters. Multiplicative parts want values above 0.
//
// Errors: those of the form, a history of less than two seasons or ten values, ctx.Err().
func EstimateETS(ctx context.Context, form ETSConfig, y []float64) (*ETS, ETSConfig, error) {
	form.Alpha, form.Beta, form.Gamma, form.Phi = 0, 0, 0, 0
	if err := form.Validate(); err != nil {
		return nil, form, err
	}
	if least := max(10, 2*form.Period); len(y) < least {
		return nil, form, fmt.Errorf("%v: %d values; wanted at least %d", form, len(y), least)
	}
	var cycle []float64
	clean := y
	if form.Season != None {
		cycle = firstCycle(y[:min(len(y), 3*form.Period)], form.Period, form.Season)
		clean = make([]float64, len(y)) // without the season
		for i, v := range y {
			if form.Season == Multiplicative {
				clean[i] = v / cycle[i%len(cycle)]
			} else {
				clean[i] = v - cycle[i%len(cycle)]
			}
		}
	}
	head := clean[:min(len(clean), max(10, 2*form.Period))]
	level, slope := line(head)
	if form.Trend == None {
		level, slope = mean(head), 0
	}
	width := math.Max(math.Sqrt(variance(difference(clean))), 1e-6*math.Abs(level))
	build := func(p []float64) (*ETS, ETSConfig) {
		c := form
		next := func() float64 { v := p[0]; p = p[1:]; return v }
		c.Alpha = next()
		l := level + 6*width*(next()-0.5)
		b := 0.0
		if c.Trend != None {
			c.Beta = c.Alpha * next()
			b = slope + width*(next()-0.5)
		}
		if c.Season != None {
			c.Gamma = (1 - c.Alpha) * next()
		}
		if c.Damped {
			c.Phi = 0.8 + 0.18*next()
		}
		m, _ := NewETS(c, l, b, cycle) // every p makes a valid form
		Run(m, nil, y)
		return m, c
	}
	first := []float64{0.3, 0.5}
	if form.Trend != None {
		first = append(first, 0.1, 0.5)
	}
	if form.Season != None {
		first = append(first, 0.1)
	}
	if form.Damped {
		first = append(first, 0.8)
	}
	quick := slices.Clone(first)
	quick[0] = 0.9
	eager := slices.Clone(quick)
	if form.Trend != None {
		eager[2] = 0.8
	}
	best, _, _, err := search(ctx, func(p []float64) float64 {
		m, _ := build(p)
		return m.Deviance()
	}, [][]float64{first, quick, eager}, 150*len(first))
	if err != nil {
		return nil, form, fmt.Errorf("%v: %w", form, err)
	}
	m, cfg := build(best)
	return m, cfg, nil
}

// EstimateDoubleSeason fits a double-seasonal Holt-Winters model to y, least squares one step ahead, and returns it with y
// learned. It begins as Taylor's model does in R's forecast package: level and trend from the first two long seasons, the
// seasons as means of ratios over the first three long ones.
//
// Errors: periods that do not nest, fewer values than two long seasons, values that are not above 0, ctx.Err().
func EstimateDoubleSeason(ctx context.Context, y []float64, short, long int) (*DoubleSeason, DoubleSeasonConfig, error) {
	var none DoubleSeasonConfig
	if short < 2 || long <= short || long%short != 0 {
		return nil, none, fmt.Errorf("double season: periods %d and %d; wanted at least 2, and the long one several times the short one", short, long)
	}
	if len(y) < 2*long {
		return nil, none, fmt.Errorf("double season: %d values; wanted at least two long seasons, %d", len(y), 2*long)
	}
	for i, v := range y {
		if v <= 0 {
			return nil, none, fmt.Errorf("double season: value %d: %v; wanted all above 0", i, v)
		}
	}
	head := y[:min(len(y), 3*long)] // a season of all of y would have seen what it is tested on, and never want to learn
	s, w := firstCycle(head, short, Multiplicative), firstCycle(head, long, Multiplicative)
	for i := range w {
		w[i] /= s[i%short]
	}
	a, b := mean(y[:long]), mean(y[long:2*long])
	slope := (b - a) / float64(long)
	level := a - slope*float64(long+1)/2
	build := func(p []float64) (*DoubleSeason, DoubleSeasonConfig) {
		c := DoubleSeasonConfig{Alpha: p[0], Beta: p[1], Gamma: p[2], Omega: p[3], Phi: 0.999 * p[4]}
		m, _ := NewDoubleSeason(c, level, slope, s, w) // every p makes a valid one
		return m, c
	}
	best, _, _, err := search(ctx, func(p []float64) float64 {
		m, _ := build(p)
		for _, v := range y {
			m.Update(v)
		}
		return m.SSE()
	}, [][]float64{{0.1, 0.01, 0.2, 0.2, 0.8}, {0.02, 0.001, 0.1, 0.5, 0.5}}, 400)
	if err != nil {
		return nil, none, fmt.Errorf("double season: %w", err)
	}
	m, c := build(best)
	Run(m, nil, y)
	return m, c, nil
}

// firstCycle is the mean cycle of y around its moving average, of differences with the mean 0 or of ratios with the mean 1.
func firstCycle(y []float64, period int, how Component) []float64 {
	rest := around(y, period)
	sums, n := make([]float64, period), make([]float64, period)
	for i, v := range rest {
		if math.IsNaN(v) {
			continue
		}
		if how == Multiplicative {
			v = y[i] / (y[i] - v) // the moving average is what around took out
		}
		sums[i%period] += v
		n[i%period]++
	}
	center := 0.0
	if how == Multiplicative {
		center = 1
	}
	for i := range sums {
		if n[i] == 0 {
			sums[i] = center
		} else {
			sums[i] /= n[i]
		}
	}
	m := mean(sums)
	for i := range sums {
		if how == Multiplicative {
			sums[i] /= m
		} else {
			sums[i] -= m
		}
	}
	return sums
}

// line is the line of least squares through the known values: its height one step before the first of them, and its slope.
func line(y []float64) (level, slope float64) {
	var n, st, sy, stt, sty float64
	for i, v := range y {
		if t := float64(i + 1); !math.IsNaN(v) {
			n, st, sy, stt, sty = n+1, st+t, sy+v, stt+t*t, sty+t*v
		}
	}
	if d := n*stt - st*st; d > 0 {
		slope = (n*sty - st*sy) / d
	}
	return (sy - slope*st) / n, slope
}

// difference returns the changes from step to step.
func difference(y []float64) []float64 {
	d := make([]float64, max(0, len(y)-1))
	for i := range d {
		d[i] = y[i+1] - y[i]
	}
	return d
}
