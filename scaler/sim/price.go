package sim

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/headroom-go/headroom/forecast"
)

// Proposal is a way to forecast that may be worth having, such as forecast/fit finds in a history.
type Proposal struct {
	Name string
	// Config has the seasons, the smoothing, the bin, the experts left out, spikes and compactness that are proposed; the
	// other fields are the engine's own and do not count.
	Config forecast.Config
}

// Prices say what proposals, made from the first part of a trace, would have saved on it and on the rest.
type Prices struct {
	Case  Case
	Split int     // the first step of the rest
	Now   Price   // the configuration of the case
	Of    []Price // one for each proposal
	// Best is the place in Of of the proposal that saves most in the first part, -1 if none saves anything. Its Rest says
	// what that was worth where nobody had looked.
	Best int
}

// Price is what one way to forecast costs.
type Price struct {
	Name        string
	First, Rest Scores // of the steps before Split that are scored, and of those from Split on
	// FirstRatio and RestRatio are the costs over those of the clairvoyant optimum, NaN where that costs nothing.
	FirstRatio, RestRatio float64
	// FirstSaved and RestSaved are the shares of the cost of Prices.Now that are saved; negative where it costs more.
	FirstSaved, RestSaved float64
}

// PriceProposals plays the engine over the trace of c with its own configuration and with each proposal in its place. A
// proposal that was made from the steps before split, counted from 0, has seen nothing of the rest: only that is evidence.
//
// As many runs play at a time as the processor has cores; the result does not depend on it. It is an error if a proposal is
// no valid configuration, no step is scored before split, or none is left behind it. Options.Progress and ctx are used as
// by Sweep.
func PriceProposals(ctx context.Context, c Case, split int, proposals []Proposal) (*Prices, error) {
	if err := c.Options.Validate(c.Trace); err != nil {
		return nil, err
	}
	n := c.Trace.Len()
	if from := c.Options.FirstScored(c.Trace); split <= from || split >= n {
		return nil, fmt.Errorf("split at step %d: wanted one after the first that is scored, %d, and before the end, %d", split, from, n)
	}
	cases := []Case{c}
	for _, p := range proposals {
		one := c
		f := &one.Config.Forecast
		f.Seasons, f.Smoothing, f.Bin = p.Config.Seasons, p.Config.Smoothing, p.Config.Bin
		f.Without, f.Spikes, f.Compact = p.Config.Without, p.Config.Spikes, p.Config.Compact
		if err := one.Config.WithDefaults().Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		cases = append(cases, one)
	}
	first, rest := c.halves(split)
	optima := [2]float64{}
	prices := make([]Price, len(cases))
	tasks := len(cases) + len(optima)
	err := spread(ctx, tasks, runtime.GOMAXPROCS(0), func(done int) { c.Options.report(done, tasks*n) }, func(played func(steps int)) func(context.Context, int) error {
		path := newPath(c.Trace, c.Options)
		return func(ctx context.Context, i int) error {
			if i >= len(cases) {
				half := []Case{first, rest}[i-len(cases)]
				r, err := Optimum(ctx, half.Trace, nil, half.Options.counting(n, played))
				optima[i-len(cases)] = r.Cost
				return err
			}
			engine, err := NewEngineController(cases[i].Config, c.plan(), c.Options.Announce)
			if err == nil {
				err = play(ctx, c.Trace, c.Options.counting(n, played), engine, path)
			}
			prices[i].First = path.until(split).score(first.Trace, first.Events, first.Options)
			prices[i].Rest = path.score(rest.Trace, rest.Events, rest.Options)
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	p := &Prices{Case: c, Split: split, Best: -1}
	for i := range prices {
		price := &prices[i]
		price.Name = "as it is"
		if i > 0 {
			price.Name = proposals[i-1].Name
		}
		price.FirstRatio, price.RestRatio = ratio(price.First.Cost, optima[0]), ratio(price.Rest.Cost, optima[1])
		price.FirstSaved, price.RestSaved = saved(price.First.Cost, prices[0].First.Cost), saved(price.Rest.Cost, prices[0].Rest.Cost)
	}
	p.Now, p.Of = prices[0], prices[1:]
	for i, price := range p.Of {
		if price.FirstSaved > 0 && (p.Best < 0 || price.FirstSaved > p.Of[p.Best].FirstSaved) {
			p.Best = i
		}
	}
	return p, nil
}

// halves returns the case with the trace that ends before split, and with one that is scored from split on.
func (c Case) halves(split int) (first, rest Case) {
	first, rest = c, c
	t := *c.Trace
	t.Times, t.Demand, t.Spelling = t.Times[:split], t.Demand[:split], t.Spelling[:split]
	first.Trace = &t
	if c.Options.Shown != nil {
		first.Options.Shown = c.Options.Shown[:split]
	}
	first.Options.ScoreFrom = c.Trace.Times[c.Options.FirstScored(c.Trace)]
	rest.Options.ScoreFrom = c.Trace.Times[split]
	return first, rest
}

// until is the path of the steps before one.
func (p path) until(step int) path {
	p.ordered, p.ready = p.ordered[:step], p.ready[:step]
	if p.draining != nil {
		p.draining = p.draining[:step]
	}
	return p
}

// ratio is NaN where nothing would have been enough.
func ratio(cost, optimum float64) float64 {
	if optimum == 0 {
		return math.NaN()
	}
	return cost / optimum
}
