package sim

import (
	"math/rand/v2"
	"time"
)

// cohorts is the plant that knows each replica that has not become ready: boot times scatter, starts fail, released replicas
// drain, there is an upper bound, and an activator may raise a fleet of none. Where all that is off it is policy.Plant, step
// for step; it keeps the same order within a step.
//
// What is drawn for a start depends on the seed, the step of its order and its place among the orders of that step alone. So
// policies that order the same at the same time have the same luck, whatever else they did.
type cohorts struct {
	boot, giveUp, drain, activation int // steps
	floor, most                     int
	times                           BootTimes
	failed                          float64 // the share of starts that never serve
	seed                            uint64
	step                            time.Duration
	end                             int // the steps of the trace: what would come behind its end never does

	now        int
	ready      int
	starting   []cohort // in the order of their orders, the newest last
	onOrder    int      // replicas in starting
	activated  bool     // an activated replica is on its way
	chance     rand.PCG
	numbers    *rand.Rand // those of chance
	releases   []int32    // released at step i and still draining: at i mod drain
	stillDrain int
}

// cohort are replicas on order one after the other: at step at they serve, or are given up if they have failed.
type cohort struct {
	at, count int
	failed    bool
}

// mostDrawn is the largest fleet without a Cap: each start may be drawn by itself, which takes its time. A plant carries a
// peak of maxReplicas, and a target of a tenth asks for ten times as many.
const mostDrawn = 10 * maxReplicas

// newCohorts returns the fleet of a trace with start ready replicas.
func newCohorts(o *Options, t *Trace, start int) *cohorts {
	n := t.Len()
	p := &cohorts{
		boot:       min(o.BootSteps(t.Step), n),
		giveUp:     min(max(1, ceilSteps(o.GiveUp, t.Step)), n),
		drain:      min(ceilSteps(o.Drain, t.Step), n),
		activation: min(ceilSteps(o.Activation, t.Step), n),
		floor:      o.floor(),
		most:       mostDrawn,
		times:      o.BootTimes,
		failed:     o.FailedStarts,
		seed:       o.Seed,
		step:       t.Step,
		end:        n,
	}
	if o.Cap > 0 {
		p.most = min(o.Cap, mostDrawn)
	}
	p.numbers = rand.New(&p.chance)
	p.releases = make([]int32, p.drain)
	p.ready = p.bound(start)
	return p
}

// Arrive begins the next step: starts that are over serve, failed ones that have waited long enough are given up.
func (p *cohorts) Arrive() int {
	p.now++
	if p.drain > 0 {
		over := &p.releases[p.now%p.drain]
		p.stillDrain -= int(*over)
		*over = 0
	}
	arrived, kept := 0, p.starting[:0]
	for _, s := range p.starting {
		if s.at > p.now {
			kept = append(kept, s)
			continue
		}
		p.onOrder -= s.count
		if !s.failed {
			arrived += s.count
		}
	}
	p.starting = kept
	p.ready += arrived
	if p.ready > 0 || p.onOrder == 0 {
		p.activated = false
	}
	return arrived
}

// Order makes n the number of ordered replicas, within the bounds, and returns the number in force. What an activator has
// begun is not taken back before it serves.
func (p *cohorts) Order(n int) int {
	n = p.bound(n)
	if p.activated {
		n = max(n, 1)
	}
	if more := n - p.Ordered(); more > 0 {
		p.begin(more, p.boot, p.times.scattered())
	} else if more < 0 {
		p.remove(-more)
	}
	return n
}

// Activate tells of the demand of the step: if there is some and no replica at all, one is ordered.
func (p *cohorts) Activate(demand float64) {
	if p.activation > 0 && demand > 0 && p.Ordered() == 0 {
		p.activated = true
		p.begin(1, p.activation, false)
	}
}

// begin orders n replicas that take boot steps, or each a time that is drawn.
func (p *cohorts) begin(n, boot int, scattered bool) {
	if !scattered && p.failed == 0 {
		p.push(n, boot, false)
		return
	}
	p.chance.Seed(p.seed, uint64(p.now)) // an activator only orders in a step in which nobody else has
	for range n {
		// Both are always drawn, so that the place alone says which number is whose.
		luck, share := p.numbers.Float64(), p.numbers.Float64()
		takes, fails := boot, luck < p.failed
		switch {
		case fails:
			takes = p.giveUp
		case scattered:
			takes = min(ceilSteps(p.times.At(share), p.step), p.end)
		}
		p.push(1, takes, fails)
	}
}

// push orders n replicas that serve, or are given up, so many steps from now.
func (p *cohorts) push(n, steps int, failed bool) {
	if steps == 0 {
		p.ready += n
		return
	}
	p.onOrder += n
	c := cohort{at: p.now + steps, count: n, failed: failed}
	if k := len(p.starting) - 1; k >= 0 && p.starting[k].at == c.at && p.starting[k].failed == failed {
		p.starting[k].count += n
		return
	}
	p.starting = append(p.starting, c)
}

// remove takes n replicas away: the newest that is not ready first, and then ready ones, which drain.
func (p *cohorts) remove(n int) {
	for n > 0 && p.onOrder > 0 {
		newest := &p.starting[len(p.starting)-1]
		k := min(n, newest.count)
		newest.count -= k
		p.onOrder -= k
		n -= k
		if newest.count == 0 {
			p.starting = p.starting[:len(p.starting)-1]
		}
	}
	p.ready -= n
	if p.drain > 0 {
		p.releases[p.now%p.drain] += int32(n)
		p.stillDrain += n
	}
}

// bound keeps a count in floor .. most.
func (p *cohorts) bound(n int) int { return min(max(n, p.floor), p.most) }

// Ready returns the replicas that serve.
func (p *cohorts) Ready() int { return p.ready }

// Starting returns the replicas on order, those among them that will never serve too.
func (p *cohorts) Starting() int { return p.onOrder }

// Ordered returns the replicas that are ordered, ready or not.
func (p *cohorts) Ordered() int { return p.ready + p.onOrder }

// Draining returns the replicas that were released and are billed on.
func (p *cohorts) Draining() int { return p.stillDrain }
