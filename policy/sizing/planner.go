package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
)

// Planner decides of which sizes the nodes are that carry a fleet of replicas.
//
// A plan has two sizes at most. What was never gone below within a day stands on the base, the size that is cheapest for
// what it carries; what comes and goes is carried by the swing, the size for which the whole plan costs least: small
// nodes fit a changing count better, large ones waste less on what every node keeps for itself. The swing is held on to by
// the work function (Choice) until another would have been cheaper by more than the change costs; nodes of the base are exchanged
// for such of the swing, and back, when that has paid, or within the horizon pays, for the exchange. Terms may veto either, and
// a week has a budget of changes.
//
// Time is counted in steps, and several calls in one step are one. Nothing here reads a clock or allocates after NewPlanner.
type Planner struct {
	kinds  []Kind
	terms  Terms
	choice *Choice
	prices []Candidate // as kinds have them, for the choice
	bids   []Bid       // of the newest step, and of a review in the mean
	sums   []float64   // what each swing would have cost since the last review, and the node-hours of it
	hours  float64     // since then
	review int64       // number of the review under way
	want   int         // what the last review wants
	base   int         // size that is cheapest for what it carries, -1 for none
	nodes  int         // of the base
	day    bedrock
	waste  float64         // money that nodes of the base have cost for what none of their replicas was wanted for
	canary int             // size of which one node is tried, -1 for none
	moves  [maxMoves]int64 // ring: the steps of the newest changes
	moved  int             // changes so far
	begun  bool
	out    Outlook
}

// Outlook is what a planner has in mind, as of its newest step.
type Outlook struct {
	Swing, Best int     // the swing, and of the other sizes the one that has cost least, -1 for none
	Cost, Other float64 // of an hour of the plan, and of one with Best
	Saved       float64 // by how much Best would have been cheaper so far, as far as it counts
	Price       float64 // of the change to it: where Saved reaches it, the swing changes
	Veto        Veto    // why a change that is wanted is not made
	From        int     // the swing before a change in this step, -1 for none
	Rebased     int     // nodes by which the base has changed in this step
}

// maxMoves bounds Terms.Weekly.
const maxMoves = 16

// Situation is what a planner decides on.
type Situation struct {
	Step  int64   // index of the step, counted from any fixed time
	Hours float64 // that a step has
	// Replicas that are to be carried.
	Replicas float64
	// Demand is its distribution in the step in which a node ordered now serves, in replicas, for each boot class.
	Demand []policy.Curve
	Class  int     // of the boot time that Replicas was decided for
	Worth  float64 // price of one replica's worth of demand that goes unserved for an hour
	In     Circumstances
	// Blind says that Replicas and Demand stand on nothing fresh: then nothing is learned and nothing planned.
	Blind bool
}

// NewPlanner returns a planner for these sizes, of which it keeps a copy. It has no plan before Start.
func NewPlanner(kinds []Kind, terms Terms) *Planner {
	p := &Planner{
		kinds: make([]Kind, len(kinds)), terms: terms, choice: NewChoice(len(kinds), 0), prices: make([]Candidate, len(kinds)),
		bids: make([]Bid, len(kinds)), sums: make([]float64, 2*len(kinds)), canary: -1, out: Outlook{Best: -1, From: -1},
	}
	copy(p.kinds, kinds)
	for k := range kinds {
		p.prices[k] = kinds[k].Candidate
	}
	p.base = p.cheapest()
	return p
}

// Kinds are the sizes; whoever changes what they carry calls Revalue.
func (p *Planner) Kinds() []Kind { return p.kinds }

// Revalue takes account of capacities that have changed.
func (p *Planner) Revalue() {
	if base := p.cheapest(); base != p.base {
		p.base, p.nodes, p.waste = base, 0, 0
	}
}

// cheapest is the open size that is cheapest for what it carries, of equals the first and so the one whose node is cheapest.
func (p *Planner) cheapest() int {
	best, least := -1, math.Inf(1)
	for k := range p.kinds {
		if rate := p.kinds[k].rate(); p.kinds[k].Open && rate < float64(least*(1-whole)) {
			best, least = k, rate
		}
	}
	return best
}

// Start makes size k the one that everything is planned with, for want of a history.
func (p *Planner) Start(k int) {
	p.choice.Start(k)
	clear(p.sums)
	p.nodes, p.waste, p.canary, p.begun, p.hours, p.want = 0, 0, -1, true, 0, k
	p.out = Outlook{Swing: k, Best: -1, From: -1}
}

// Begun says whether there is a plan.
func (p *Planner) Begun() bool { return p.begun }

// Swing returns the size that what comes and goes is planned with.
func (p *Planner) Swing() int { return p.choice.Size() }

// Base returns the size of the base and how many nodes of it the plan has; none where the base is no other size than the swing, or
// not enough cheaper.
func (p *Planner) Base() (size, nodes int) {
	if !p.based(p.Swing()) {
		return p.base, 0
	}
	return p.base, p.nodes
}

// baseGain is by how much the base must be cheaper than the swing for what it carries: less is not worth a second size.
const baseGain = 0.01

// based says whether a plan with swing k has a base beside it.
func (p *Planner) based(k int) bool {
	return !p.terms.Uniform && p.base >= 0 && p.base != k && p.kinds[p.base].rate() <= float64(p.kinds[k].rate()*(1-baseGain))
}

// floor returns how many nodes of the base never were too many within a day.
func (p *Planner) floor() int {
	if p.base < 0 {
		return 0
	}
	b := &p.kinds[p.base]
	n := int(p.day.level()/b.Capacity + whole)
	return min(n, b.Max)
}

// filled is how many nodes of size k carry what is left of so many replicas beside n nodes of the base.
func (p *Planner) filled(k, n int, replicas float64) int {
	rest := replicas
	if n > 0 {
		rest -= float64(float64(n) * p.kinds[p.base].Capacity)
	}
	c := &p.kinds[k]
	if !(c.Capacity > 0) {
		return 0
	}
	nodes := int(math.Ceil(math.Max(0, math.Min(rest/c.Capacity, maxNodes)) - whole))
	return max(nodes, min(p.terms.Least-n, c.Max), min(c.Min, c.Max))
}

// bid returns what the plan with swing k costs.
func (p *Planner) bid(k int, s *Situation) Bid {
	c := &p.kinds[k]
	if !c.Open && k != p.Swing() || !(c.Capacity > 0) || c.Max <= 0 {
		return Bid{Unserved: math.Inf(1)}
	}
	base := 0
	if p.based(k) {
		if base = p.nodes; k != p.Swing() || base == 0 {
			base = max(base, p.floor())
		}
	}
	swing := min(p.filled(k, base, s.Replicas), c.Max)
	b := Bid{Nodes: swing, Run: float64(float64(swing) * c.Price)}
	held := float64(float64(swing) * c.Capacity)
	if base > 0 {
		b.Run += float64(float64(base) * p.kinds[p.base].Price)
		held += float64(float64(base) * p.kinds[p.base].Capacity)
	}
	b.Unserved = float64(s.Worth * s.Demand[s.Class].Beyond(held))
	if c.Class != s.Class {
		// A node that boots for longer must be ordered for a demand of which less is known.
		slow, now := Ask(&s.Demand[c.Class], s.Worth, &c.Candidate), Ask(&s.Demand[s.Class], s.Worth, &c.Candidate)
		b.Unserved += slow.Cost() - now.Cost()
	}
	return b
}

// Step decides on the plan for a step, once. It changes no nodes: see Plan.
func (p *Planner) Step(s *Situation) {
	if p.out.From, p.out.Rebased = -1, 0; s.Blind || !p.begun {
		return
	}
	p.day.note(int64(math.Floor(float64(s.Step)*math.Min(s.Hours, 1))), s.Replicas)
	hours := float64(s.Step) * s.Hours
	if n := int64(math.Floor(hours / math.Max(p.terms.Review.Hours(), s.Hours))); n != p.review || p.hours == 0 {
		if p.hours > 0 {
			p.judge()
		}
		p.review = n
	}
	for k := range p.kinds {
		b := p.bid(k, s)
		p.sums[2*k] += float64(math.Min(b.Cost(), tooMuch) * s.Hours)
		p.sums[2*k+1] += float64(float64(b.Nodes) * s.Hours)
	}
	p.hours += s.Hours
	p.move(s)
	p.rebase(s)
}

// tooMuch is what a size costs an hour that is out of the question.
const tooMuch = 1e15

// judge ends a review: each size is bid for what it would have cost since the last one. Day and night, and whole days with their
// peaks, are weighed against each other that way, and not one against the other in turn.
func (p *Planner) judge() {
	for k := range p.bids {
		cost := p.sums[2*k] / p.hours
		if cost >= tooMuch/2 {
			cost = math.Inf(1)
		}
		p.bids[k] = Bid{Nodes: int(math.Ceil(p.sums[2*k+1]/p.hours - whole)), Run: cost}
	}
	at := p.Swing()
	p.want = p.choice.Step(p.bids, p.prices, p.hours)
	best := p.want
	if best == at {
		best, p.canary = p.choice.Second(), -1
	}
	p.out = Outlook{Swing: at, Best: best, Cost: finite(p.bids[at].Cost()), From: -1}
	if best >= 0 {
		p.out.Other, p.out.Saved, p.out.Price = finite(p.bids[best].Cost()), p.choice.Saving(best), p.choice.Price(best)
	}
	clear(p.sums)
	p.hours = 0
}

// move changes the swing as the last review wants, unless the terms forbid it.
func (p *Planner) move(s *Situation) {
	at, want := p.Swing(), p.want
	tried := p.canary == want
	if p.out.Veto = VetoNone; want == at {
		return
	}
	if tried && p.kinds[want].Learned && !(p.bid(want, s).Cost() < p.bid(at, s).Cost()) {
		p.want, p.canary = at, -1 // the trial has shown that it is no better
		return
	}
	in := s.In
	in.Learned = p.kinds[want].Learned
	p.out.Veto = p.terms.Ask(p.bids[at], p.bids[want], p.out.Price, in)
	if p.out.Veto == VetoNone && !p.room(s) {
		p.out.Veto = VetoBudget
	}
	switch p.out.Veto {
	case VetoUnknown:
		p.canary = want
	case VetoNone:
		if p.nodes = max(p.nodes, p.floor()); !p.based(want) {
			p.nodes = 0
		}
		p.canary, p.waste = -1, 0
		p.choice.Move(want)
		p.out.Swing, p.out.From = want, at
		p.moving(s)
	}
}

// finite keeps what costs too much to be had within what a snapshot can hold.
func finite(v float64) float64 { return math.Min(v, math.MaxFloat64) }

// rebase changes how many nodes of the base the plan has.
func (p *Planner) rebase(s *Situation) {
	if !p.based(p.Swing()) || p.out.From >= 0 {
		return
	}
	b, c := &p.kinds[p.base], &p.kinds[p.Swing()]
	// Nodes of which nothing is wanted go with the count, as those of the swing do.
	p.nodes = min(p.nodes, int(math.Ceil(math.Min(s.Replicas/b.Capacity, maxNodes)-whole)))
	if over := float64(float64(p.nodes)*b.Capacity) - s.Replicas; over > 0 {
		p.waste += float64(float64(over*b.rate()) * s.Hours)
	}
	floor := p.floor()
	more, each := float64(floor-p.nodes), b.Capacity/c.Capacity // nodes of the swing that carry what one of the base does
	pays := false
	if more > 0 {
		saves := float64(float64(more*b.Capacity) * (c.rate() - b.rate())) // an hour
		price := float64(more * (b.In + float64(each*c.Out)))
		pays = float64(saves*p.terms.Horizon.Hours()) >= float64(p.terms.Margin*price)
	} else if more < 0 {
		pays = p.waste >= b.Out+float64(each*c.In)
	}
	in := s.In
	switch {
	case !pays || in.Event || in.Emergency || in.Paused || !p.room(s):
	case p.terms.Canary && !b.Learned:
		p.canary = p.base
	default:
		p.out.Rebased = floor - p.nodes
		p.nodes, p.waste = floor, 0
		p.moving(s)
	}
}

// room says whether the budget of the week allows a change.
func (p *Planner) room(s *Situation) bool {
	n := p.terms.Weekly
	if n <= 0 || p.moved < n {
		return true
	}
	oldest := p.moves[(p.moved-n)%maxMoves]
	return float64(float64(s.Step-oldest)*s.Hours) >= 7*24
}

// moving notes a change.
func (p *Planner) moving(s *Situation) {
	p.moves[p.moved%maxMoves] = s.Step
	p.moved++
}

// Outlook returns what the planner has in mind, as of its newest step.
func (p *Planner) Outlook() Outlook { return p.out }

// MaxHelpers is how many sizes help out at most where those of a plan have too small a Max.
const MaxHelpers = 2

// Plan makes the nodes that carry so many replicas the Want of pools, one for each kind. Where a size has a Max that is too
// small others help out, those first that are cheapest for what they carry.
func (p *Planner) Plan(pools []Pool, replicas float64) {
	for k := range pools {
		pools[k].Want = 0
	}
	at := p.Swing()
	base, nodes := p.Base()
	left := replicas
	add := func(k, n int) {
		pools[k].Want += n
		left -= float64(float64(n) * p.kinds[k].Capacity)
	}
	if nodes > 0 {
		add(base, nodes)
	}
	add(at, min(p.filled(at, nodes, replicas), p.kinds[at].Max))
	for range MaxHelpers {
		if left <= whole {
			break
		}
		best, least := -1, math.Inf(1)
		for k := range p.kinds {
			c := &p.kinds[k]
			if rate := c.rate(); c.Open && pools[k].Want < c.Max && rate < least {
				best, least = k, rate
			}
		}
		if best < 0 {
			break
		}
		c := &p.kinds[best]
		add(best, max(1, min(c.Max-pools[best].Want, int(math.Ceil(math.Min(left/c.Capacity, maxNodes)-whole)))))
	}
	if p.canary >= 0 && pools[p.canary].Want == 0 {
		pools[p.canary].Want = 1 // beside what carries the replicas: what it carries is not known
	}
}

// Exchange returns how the nodes of a plan are exchanged in these circumstances.
func (p *Planner) Exchange(in Circumstances) Exchange {
	return Exchange{Share: p.terms.Share, Paused: in.Event || in.Emergency || in.Paused}
}

var errPlanner = errors.New("snapshot holds a plan of sizes that cannot be")

// State walks the plan and what it stands on, for snapshots.
func (p *Planner) State(c *state.Codec) {
	p.choice.State(c)
	p.day.fields(c)
	c.Bool(&p.begun)
	c.Float64(&p.waste)
	c.Float64s(p.sums)
	c.Float64(&p.hours)
	c.Int64(&p.review)
	c.Int(&p.want)
	for k := range p.bids {
		c.Int(&p.bids[k].Nodes)
		c.Value(&p.bids[k].Run)
	}
	for _, v := range []*int{&p.nodes, &p.canary, &p.moved} {
		c.Int(v)
	}
	for i := range p.moves {
		c.Int64(&p.moves[i])
	}
	o := &p.out
	for _, v := range []*int{&o.Swing, &o.Best, &o.From, &o.Rebased} {
		c.Int(v)
	}
	for _, v := range []*float64{&o.Cost, &o.Other, &o.Saved, &o.Price} {
		c.Float64(v)
	}
	veto := byte(o.Veto)
	c.Byte(&veto)
	o.Veto = Veto(veto)
	n := len(p.kinds)
	in := func(k int) bool { return k >= -1 && k < n }
	ok := p.want >= 0 && p.want < n && p.hours >= 0 && p.nodes >= 0 && p.nodes <= maxNodes && p.moved >= 0 && p.waste >= 0 && in(p.canary) && in(o.Swing) && in(o.Best) && in(o.From)
	if c.Reading() && !ok {
		c.Fail(errPlanner)
		p.Start(0)
		p.begun = false
	}
}
