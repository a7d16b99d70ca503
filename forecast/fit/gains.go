package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// GainsOptions say what the gains of smoothing shall be good at. The zero value of a field is replaced by the default in
// brackets.
type GainsOptions struct {
	Seasons forecast.Seasons  // Main and Long count
	Bin     forecast.Duration // width of a bin of the slow clock [15m]
	Lead    forecast.Duration // lead time at which the pinball loss counts; 0 is maximum likelihood one bin ahead [0]
	Level   float64           // level of the pinball loss, between 0 and 1 [0.5]
	Evals   int               // evaluations a start [200]
}

// Gains returns the gains of the Holt-Winters experts that suit a history best, and how many times smaller the loss is
// than with the default gains, 1 if they are as good.
//
// The loss is the mean squared error one bin ahead in logarithms, which is maximum likelihood for normal errors; or, at a
// lead time, the mean pinball loss of the errors around their own quantile: what remains when the quantiles are calibrated,
// as package forecast does.
//
// Errors: a history that holds less than three main seasons, one without demand, seasons that do not fit the bins, ctx.Err().
func Gains(ctx context.Context, o GainsOptions, h History) (forecast.Smoothing, float64, error) {
	var none forecast.Smoothing
	if err := h.check(); err != nil {
		return none, 0, err
	}
	o.Seasons = o.Seasons.WithDefaults()
	if o.Bin == 0 {
		o.Bin = forecast.Duration(15 * time.Minute)
	}
	if o.Level == 0 {
		o.Level = 0.5
	}
	if o.Evals == 0 {
		o.Evals = 200
	}
	if !(o.Level > 0 && o.Level < 1) {
		return none, 0, fmt.Errorf("gains: Level: %v; wanted between 0 and 1", o.Level)
	}
	if o.Seasons.Main < 0 {
		return none, 0, fmt.Errorf("gains: Seasons.Main: %v; wanted a main season", o.Seasons.Main)
	}
	y, width, main := bin(h, o.Bin, o.Seasons.Main)
	if main < 4 {
		return none, 0, fmt.Errorf("gains: a main season of %v has %d bins of %v; wanted at least 4", o.Seasons.Main, main, width)
	}
	if len(y) < 3*main {
		return none, 0, fmt.Errorf("gains: history of %v; wanted at least three main seasons of %v", h.length(), o.Seasons.Main)
	}
	unit := mean(y)
	if !(unit > 0) {
		return none, 0, ErrNoLevel
	}
	long := 0
	if o.Seasons.Long > 0 {
		long = int(o.Seasons.Long/o.Seasons.Main) * main
	}
	if len(y) < 2*long {
		long = 0 // it has nothing to say before it comes again
	}
	defaults := forecast.Smoothing{}.WithDefaults()
	loss := func(p []float64) float64 {
		return o.loss(NewSmoother(smoothing(p, long > 0), main, long, true, unit), y, width)
	}
	first := vector(defaults, long > 0)
	starts := [][]float64{first, {0.2, 0.05, 0.5, 0.1}, {0.005, 0.3, 0.6, 0.1}} // Level, Main, AR, Long: a quick level, a still one
	for i := range starts {
		starts[i] = starts[i][:len(first)]
	}
	best, least, _, err := search(ctx, loss, starts, o.Evals)
	if err != nil {
		return none, 0, fmt.Errorf("gains: %w", err)
	}
	return smoothing(best, long > 0), least / loss(first), nil
}

// vector and smoothing translate; without a long season its gain is not searched and stays the default.
func vector(s forecast.Smoothing, long bool) []float64 {
	v := []float64{s.Level, s.Main, s.AR}
	if long {
		v = append(v, s.Long)
	}
	return v
}

func smoothing(p []float64, long bool) forecast.Smoothing {
	s := forecast.Smoothing{Level: p[0], Main: p[1], AR: p[2]}
	if long {
		s.Long = p[3]
	}
	return s.WithDefaults()
}

// loss runs a model that has seen nothing over y. The first two main seasons, or a long one if that is longer, teach it.
func (o *GainsOptions) loss(m *Smoother, y []float64, width forecast.Duration) float64 {
	from := max(2*m.main, len(m.second.values))
	if o.Lead == 0 {
		var sum, n float64
		for i, v := range y {
			if e := m.learn(m.transform(v)); i >= from && !math.IsNaN(e) {
				sum, n = sum+e*e, n+1
			}
		}
		return sum / n
	}
	ahead := max(1, int((o.Lead+width-1)/width))
	forecasts := make([]float64, len(y)) // by target
	var errs []float64
	for i, v := range y {
		if e := v - forecasts[i]; i >= max(from, ahead) && !math.IsNaN(e) {
			errs = append(errs, e)
		}
		m.Update(v)
		if i+ahead < len(y) {
			forecasts[i+ahead] = m.Forecast(ahead)
		}
	}
	return spread(errs, o.Level)
}

// spread is the mean pinball loss of errors around their own quantile; it reorders them.
func spread(errs []float64, level float64) float64 {
	if len(errs) == 0 {
		return math.NaN()
	}
	slices.Sort(errs)
	q := errs[min(len(errs)-1, int(level*float64(len(errs))))]
	sum := 0.0
	for _, e := range errs {
		sum += pinball(level, e, q)
	}
	return sum / float64(len(errs))
}

// pinball is the loss of having said x for the quantile at level q of what came as y (Koenker and Bassett, 1978).
func pinball(q, y, x float64) float64 {
	if y >= x {
		return q * (y - x)
	}
	return (1 - q) * (x - y)
}

// bin returns the means of h in bins of whole steps, at least as wide as width, their width, and how many are in a main
// season: like the slow clock of package forecast it takes the narrowest bin, up to twice the width, that divides the
// season, or else the one that comes nearest.
func bin(h History, width, season forecast.Duration) (y []float64, exact forecast.Duration, main int) {
	least := max(1, (width+h.Step-1)/h.Step)
	per, off := least, forecast.Duration(math.MaxInt64)
	for r := least; r < 2*least+2; r++ {
		d := season % (r * h.Step)
		if d = min(d, r*h.Step-d); d < off {
			per, off = r, d
		}
	}
	exact = per * h.Step
	for i := 0; i+int(per) <= len(h.Values); i += int(per) {
		y = append(y, mean(h.Values[i:i+int(per)]))
	}
	return y, exact, int((season + exact/2) / exact)
}

// length is how long the history is.
func (h History) length() time.Duration { return time.Duration(len(h.Values)) * h.Step.Std() }
