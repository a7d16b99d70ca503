package sizes

import (
	"context"
	"fmt"
	"math"

	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Fixed plays a policy of sim.Policies with each machine for all of the trace, and returns the one that costs least, the
// first of equals; of is what each machine cost, in the order of Case.Machines, NaN for one that does not earn its price at all.
// The policy, or its search in hindsight, goes by the machine's own capacity, boot time and price.
func Fixed(ctx context.Context, c Case, policy string) (best Result, of []float64, err error) {
	if err := c.Validate(); err != nil {
		return Result{}, nil, err
	}
	best.Cost = math.Inf(1)
	of = make([]float64, len(c.Machines))
	for k := range c.Machines {
		of[k] = math.NaN()
		now := c.part(k, len(c.Machines))
		one, err := now.Of(k)
		if err != nil {
			return Result{}, nil, err
		}
		if one.Options.Penalty <= 1 {
			continue
		}
		r, err := one.Play(ctx, policy)
		if err != nil {
			return Result{}, nil, fmt.Errorf("machine %s: %w", c.Machines[k].Name, err)
		}
		sized := c.in(k, r)
		of[k] = sized.Cost
		if sized.Cost < best.Cost {
			best = sized
		}
	}
	if math.IsInf(best.Cost, 1) {
		return Result{}, nil, fmt.Errorf("penalty %v: no machine earns its price; wanted more than 1", c.Options.Penalty)
	}
	return best, of, nil
}

// Of returns the case of package sim in which all nodes are of one machine. Its costs, times the price, are money, but for
// what it costs to take nodes out.
func (c *Case) Of(machine int) (sim.Case, error) {
	m := &c.Machines[machine]
	one := sim.Case{Trace: c.Trace, Events: c.Events, Options: c.terms(m)}
	cfg := c.Config
	if m.Max > 0 && (cfg.Max == 0 || cfg.Max > m.Max) {
		cfg.Max = m.Max
	}
	if one.Options.Penalty == 0 { // no engine takes it; see sim.EngineConfig
		one.Config = scaler.Config{}
		return one, nil
	}
	cfg, err := sim.EngineConfig(cfg, c.Trace, one.Options)
	if err != nil {
		return sim.Case{}, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	one.Config = cfg
	return one, nil
}
