package sizes

import (
	"context"
	"math"
)

// programme is the dynamic programme of Optimum over the states (machine, count), machine by machine, by rising count from 1.
type programme struct {
	states []state
	blocks []block
}

type state struct{ machine, count int32 }

// block is the states of one machine, and its prices.
type block struct {
	from, to int     // states
	run      float64 // a node for a step
	capacity float64
	unserved float64 // one unit of unserved demand for a step
	in, out  float64 // a node that comes in or is taken out
}

func newProgramme(c *Case) *programme {
	p := &programme{}
	hours := c.Trace.Step.Hours()
	for k := range c.Machines {
		m := &c.Machines[k]
		from := len(p.states)
		for n := range c.most(m) {
			p.states = append(p.states, state{int32(k), int32(n + 1)})
		}
		p.blocks = append(p.blocks, block{
			from: from, to: len(p.states), run: float64(m.Price * hours), capacity: m.Capacity,
			unserved: float64(c.Worth() * hours), in: m.in(), out: m.Out,
		})
	}
	return p
}

// first sets the costs of the first step, whose fleet is free.
func (p *programme) first(cost []float64, d float64) {
	clear(cost)
	for i := range p.blocks {
		p.blocks[i].serve(cost, d)
	}
}

// step sets next to the least costs of all paths that are a step longer than those of cost.
func (p *programme) step(next, cost []float64, d float64) {
	_, gone := p.leave(cost)
	for i := range p.blocks {
		b := &p.blocks[i]
		from, to := cost[b.from:b.to], next[b.from:b.to]
		// Up: from the count below with one more node, from another size with all of them, or as it is.
		best := gone
		for n, v := range from {
			best = math.Min(v, best+b.in)
			to[n] = best
		}
		// Down, from the count above with one node less.
		for n := len(to) - 2; n >= 0; n-- {
			to[n] = math.Min(to[n], to[n+1]+b.out)
		}
		b.serve(next, d)
	}
}

// serve adds the costs of a step with demand d; a hole has none.
func (b *block) serve(cost []float64, d float64) {
	for n := range cost[b.from:b.to] {
		nodes := float64(n + 1)
		add := float64(nodes * b.run)
		if short := d - float64(nodes*b.capacity); short > 0 {
			add += float64(short * b.unserved)
		}
		cost[b.from+n] += add
	}
}

// leave returns the state that is cheapest to come from with nothing, and what it has cost once all nodes are taken out.
func (p *programme) leave(cost []float64) (at int, gone float64) {
	gone = math.Inf(1)
	for i := range p.blocks {
		b := &p.blocks[i]
		for n, v := range cost[b.from:b.to] {
			if v += float64(float64(n+1) * b.out); v < gone {
				at, gone = b.from+n, v
			}
		}
	}
	return at, gone
}

// before returns the state of the step before, of which cost are the costs, on the cheapest path to state at. Of ways that
// are equally cheap, to stay as it is comes first, then to stay with the size.
func (p *programme) before(cost []float64, at int) int {
	b := &p.blocks[p.states[at].machine]
	best, least := at, cost[at]
	for from := b.from; from < b.to; from++ {
		v := cost[from]
		if from < at {
			v += float64(float64(at-from) * b.in)
		} else {
			v += float64(float64(from-at) * b.out)
		}
		if v < least {
			best, least = from, v
		}
	}
	if other, gone := p.leave(cost); gone+float64(float64(p.states[at].count)*b.in) < least {
		return other
	}
	return best
}

// path returns the state of each step on the cheapest path. It keeps the costs of the first step of each section of about
// sqrt(steps), and those of one section at a time.
func (p *programme) path(ctx context.Context, demand []float64, progress func(done int)) ([]int32, error) {
	steps, width := len(demand), len(p.states)
	section := int(math.Ceil(math.Sqrt(float64(steps))))
	sections := (steps + section - 1) / section
	kept := make([]float64, sections*width)
	row := func(of []float64, i int) []float64 { return of[i*width : (i+1)*width] }

	cost, next := make([]float64, width), make([]float64, width)
	p.first(cost, demand[0])
	for i := range demand {
		if i > 0 {
			p.step(next, cost, demand[i])
			cost, next = next, cost
		}
		if i%section == 0 {
			copy(row(kept, i/section), cost)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress(i / 2)
		}
	}
	path := make([]int32, steps)
	at := 0
	for i, v := range cost {
		if v < cost[at] {
			at = i
		}
	}
	path[steps-1] = int32(at)
	again := make([]float64, section*width)
	for s := sections - 1; s >= 0; s-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from, to := s*section, min((s+1)*section, steps-1) // the steps that have one after them
		copy(again, row(kept, s))
		for i := from + 1; i < to; i++ {
			p.step(row(again, i-from), row(again, i-from-1), demand[i])
		}
		for i := to - 1; i >= from; i-- {
			at = p.before(row(again, i-from), at)
			path[i] = int32(at)
		}
		progress(steps - (from+1)/2)
	}
	progress(steps)
	return path, nil
}
