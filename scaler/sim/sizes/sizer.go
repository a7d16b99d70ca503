package sizes

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Sizer is the engine with a size to choose, as a controller.
//
// At each step every size bids for the engine's forecast of demand at the lead time (sizing.Ask); the choice by work function
// adds the bids up and says when another has been cheaper by more than a change costs; Terms may veto the change. How many
// nodes there are is the decision of an engine whose replicas are nodes of that size; one runs for each, so that each knows
// its own history. Nodes of other sizes go as Exchange says.
type Sizer struct {
	machines   []Machine
	engines    []*sim.EngineController // nil for a machine that does not earn its price
	candidates []sizing.Candidate
	bids       []sizing.Bid
	counts     []int // nodes that the engine of each machine wants
	choice     *sizing.Choice
	terms      sizing.Terms
	worth      float64
	exchange   Exchange
	wanted     float64 // capacity
	curve      policy.Curve
	// Changes counts the sizes chosen so far, and Vetoes what was vetoed, by sizing.Veto: steps, not changes.
	Changes int
	Vetoes  [sizing.VetoUnknown + 1]int
}

// NewSizer returns a Sizer that begins with machine start, which must earn its price. rolling exchanges the nodes of other sizes
// within the budget of the terms; without it they are exchanged by attrition alone, whatever the budget.
func NewSizer(c Case, start int, terms sizing.Terms, rolling bool) (*Sizer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	z := &Sizer{
		machines: c.Machines, engines: make([]*sim.EngineController, len(c.Machines)), candidates: make([]sizing.Candidate, len(c.Machines)),
		bids: make([]sizing.Bid, len(c.Machines)), counts: make([]int, len(c.Machines)), choice: sizing.NewChoice(len(c.Machines), start), terms: terms, worth: c.Worth(), wanted: math.Inf(1),
	}
	if rolling {
		z.exchange.Budget = terms.Budget
	}
	for k := range c.Machines {
		m := &c.Machines[k]
		one, err := c.Of(k)
		if err != nil {
			return nil, err
		}
		if one.Options.Penalty <= 1 && k != start {
			continue // no capacity: it bids nothing
		}
		if z.engines[k], err = sim.NewEngineController(one.Config, c.Events, c.Options.Announce); err != nil {
			return nil, err
		}
		most := maxNodes
		if m.Max > 0 {
			most = m.Max
		}
		// A node boots for whole steps, and is paid for as long beside the one that it replaces.
		boot := time.Duration(one.Options.BootSteps(c.Trace.Step)) * c.Trace.Step
		z.candidates[k] = sizing.Candidate{
			Price: m.Price, Capacity: m.Capacity, In: float64(m.Price * boot.Hours()), Out: m.Out, Min: 1, Max: most,
		}
	}
	return z, nil
}

// Machine returns the index of the size that is chosen.
func (z *Sizer) Machine() int { return z.choice.Size() }

// Decide implements Controller.
func (z *Sizer) Decide(s *Step, nodes []int) error {
	ordered, ready := s.capacity(z.machines)
	// What is there twice for an exchange is not shown: an engine leaves a fleet alone that is a little too large, and the
	// exchange would then add to it again and again.
	shown, serving := math.Min(ordered, z.wanted), math.Min(ready, z.wanted)
	for k, e := range z.engines {
		if e == nil {
			continue
		}
		// The fleet as whole nodes of this size.
		unit := z.machines[k].Capacity
		serves := whole(serving / unit)
		step := s.forCount(policy.Fleet{Ready: serves, Starting: max(0, whole(shown/unit)-serves)})
		n, err := e.Decide(&step)
		if err != nil {
			return err
		}
		z.counts[k] = n
	}
	at := z.choice.Size()
	d := z.engines[at].Decision()
	emergency := s.newest() > ready
	if z.curve.Set(forecast.Levels[:], d.Demand[:], 1) {
		for k := range z.candidates {
			z.bids[k] = sizing.Ask(&z.curve, z.worth, &z.candidates[k])
		}
		if want := z.choice.Step(z.bids, z.candidates, s.Length.Hours()); want != at {
			veto := z.terms.Ask(z.bids[at], z.bids[want], z.choice.Price(want), sizing.Circumstances{
				Event: d.Event, Emergency: emergency, Learned: true,
			})
			z.Vetoes[veto]++
			if veto == sizing.VetoNone {
				z.choice.Move(want)
				z.Changes++
				at = want
			}
		}
	}
	z.wanted = float64(z.counts[at]) * z.machines[at].Capacity
	z.exchange.Paused = d.Event || emergency
	z.exchange.Toward(z.machines, s, at, z.counts[at], nodes)
	return nil
}

// whole is how many whole nodes so many are, but for rounding.
func whole(nodes float64) int { return int(math.Floor(nodes + 1e-9)) }

// RollingTerms are the default terms without Karpenter's score. It weighs the part of the cost that is saved against the part of
// the nodes that is replaced, which for a whole fleet is all: it would take half the price to move. Here nodes are exchanged as they
// come and go and within the budget beyond that, and what the exchange costs is in the work function's price.
func RollingTerms() sizing.Terms {
	t := sizing.DefaultTerms()
	t.Tolerance = math.Inf(1)
	return t
}
