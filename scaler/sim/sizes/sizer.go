package sizes

import (
	"errors"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Sizer is the engine with the machines as its sizes, as a controller: the same that runs live.
type Sizer struct {
	engine   *scaler.Engine
	machines []Machine
	nodes    []policy.Nodes
	decision scaler.Decision
	fed      int
	events   []forecast.Event // not announced yet, by start
	announce time.Duration
	// Changes counts how often the plan of sizes has changed so far: the swing, or the nodes of the base. Vetoes counts the steps
	// in which a change was vetoed, by sizing.Veto.
	Changes int
	Vetoes  [sizing.NumVetoes]int
}

// NewSizer returns a Sizer. terms are those of Config.Sizes, in which the catalogue is replaced by the machines.
func NewSizer(c Case, terms scaler.Sizes) (*Sizer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	cfg, err := c.engine(terms)
	if err != nil {
		return nil, err
	}
	e, err := scaler.New(cfg)
	if err != nil {
		return nil, err
	}
	return &Sizer{engine: e, machines: c.Machines, events: c.Events, announce: c.Options.Announce}, nil
}

// engine is the configuration of an engine that chooses among the machines: each is a size whose cores are its capacity.
func (c *Case) engine(terms scaler.Sizes) (scaler.Config, error) {
	o := c.Options
	o.Capacity = 1
	cfg, err := sim.EngineConfig(c.Config, c.Trace, o)
	if err != nil {
		return cfg, err
	}
	terms.Catalog = nil
	for i := range c.Machines {
		m := &c.Machines[i]
		terms.Catalog = append(terms.Catalog, sizing.Size{
			Name: m.Name, CPU: m.Capacity, Memory: 1, Boot: sizing.Duration(max(m.Boot, 1)), Max: m.Max, Prices: []sizing.Price{{Hour: m.Price}},
			Family: m.Name, // what else the machines have is not known here: none is pruned
		})
		terms.Disruption = math.Max(terms.Disruption, m.Out)
	}
	cfg.Sizes = terms
	return cfg, nil
}

// Decide implements Controller.
func (z *Sizer) Decide(s *Step, nodes []int) error {
	for ; z.fed < len(s.Demand); z.fed++ {
		if d := s.Demand[z.fed]; d >= 0 {
			if err := z.engine.Observe(0, forecast.Sample{Time: s.Times[z.fed], Value: d}); err != nil {
				return err
			}
		}
	}
	for len(z.events) > 0 && !z.events[0].Start.After(s.Time.Add(z.announce)) {
		err := z.engine.Announce(z.events[0])
		if errors.Is(err, scaler.ErrEventTableFull) {
			break
		}
		if err != nil {
			return err
		}
		z.events = z.events[1:]
	}
	z.nodes = z.nodes[:0]
	for k, n := range s.Nodes {
		if n > 0 {
			z.nodes = append(z.nodes, policy.Nodes{Size: z.machines[k].Name, Ready: s.Ready[k], Starting: n - s.Ready[k]})
		}
	}
	d := &z.decision
	if err := z.engine.Recommend(d, s.Time, policy.Fleet{Nodes: z.nodes}); err != nil {
		return err
	}
	for k := range nodes {
		nodes[k] = d.Sizing.Nodes(z.machines[k].Name)
	}
	if d.Sizing.From != "" || d.Sizing.Moved != 0 {
		z.Changes++
	}
	z.Vetoes[d.Sizing.Veto]++
	return nil
}

// Decision returns the decision of the last step, with the record of how it came about. It is overwritten by the next.
func (z *Sizer) Decision() *scaler.Decision { return &z.decision }
