package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// Choice holds on to a size until another has been cheaper by more than a change costs. It is the work function algorithm for
// metrical task systems (Borodin, Linial and Saks 1992), on the star in which a change from s to t costs half of what all
// nodes of s and all of t cost to bring in and take out: per size one number, the least cost of any history so far that
// ends with that size.
//
// Against any sequence of costs it pays at most 2S-1 times what the best sequence of sizes would have, with S sizes, plus a
// constant; no deterministic rule can do better. Where one size is cheaper than the other by a constant r per step it moves
// after F/r steps, F being the price of a change: the rule of the ski rental. A tie never moves it.
type Choice struct {
	work []float64
	way  []float64 // scratch: half the price of going to or from a size
	at   int
}

// NewChoice returns a choice among n sizes that begins with size at, 0 <= at < n.
func NewChoice(n, at int) *Choice {
	c := &Choice{work: make([]float64, n), way: make([]float64, n)}
	c.Start(at)
	return c
}

// Start forgets what was and begins anew with size at.
func (c *Choice) Start(at int) {
	clear(c.work)
	c.at = at
}

// Size returns the index of the size that is held on to.
func (c *Choice) Size() int { return c.at }

// Move makes another size the one that is held on to, because somebody has moved the fleet; what was learned stays.
func (c *Choice) Move(at int) { c.at = at }

// Step adds a step of so many hours in which each size would have cost its bid, and returns the size that the rule wants. It
// does not move there: that is for the caller to do (Move), because a change may be vetoed. bids and candidates are in
// the order of the sizes; a size whose bid is infinite is out of the question.
func (c *Choice) Step(bids []Bid, candidates []Candidate, hours float64) int {
	least, best := math.Inf(1), c.at
	for i := range c.work {
		b, k := &bids[i], &candidates[i]
		c.work[i] += float64(b.Cost() * hours)
		if !math.IsInf(c.work[i], 1) { // else the way to it is what it was
			c.way[i] = float64(0.5 * float64(k.In+k.Out) * float64(b.Nodes))
		}
		if w := c.work[i] + c.way[i]; w < least {
			least, best = w, i
		}
	}
	want := c.at
	// Where a history that ends with this size costs no less than the cheapest that goes through another and comes back,
	// the size has lost its claim, and that other is wanted. What is left of rounding must neither pass for a difference nor
	// hide one.
	edge := float64(1e-9 * (math.Abs(least) + c.way[c.at]))
	if gone := c.work[c.at]; gone >= least+c.way[c.at]-edge && gone-c.work[best] > edge {
		want = best
	}
	// Nothing costs more than to come from the cheapest; and only differences matter.
	low := math.Inf(1)
	for i := range c.work {
		c.work[i] = math.Min(c.work[i], least+c.way[i])
		low = math.Min(low, c.work[i])
	}
	if math.IsInf(low, 1) { // no size is worth anything
		clear(c.work)
		return c.at
	}
	for i := range c.work {
		c.work[i] -= low
	}
	return want
}

// Second returns the size that comes next after the one in use, the cheapest to have and to go to; -1 where there is none.
func (c *Choice) Second() int {
	best, least := -1, math.Inf(1)
	for i := range c.work {
		if w := c.work[i] + c.way[i]; i != c.at && w < least {
			best, least = i, w
		}
	}
	return best
}

// Saving returns by how much more the size in use has cost than size i, as far as it counts towards a change (see Price).
func (c *Choice) Saving(i int) float64 { return c.work[c.at] - c.work[i] }

// Price returns what a change from the size in use to size i costs, as of the newest step.
func (c *Choice) Price(i int) float64 {
	if i == c.at {
		return 0
	}
	return c.way[c.at] + c.way[i]
}

var errChoice = errors.New("snapshot holds a choice of sizes that cannot be")

// State walks what was learned, for snapshots.
func (c *Choice) State(s *state.Codec) {
	s.Float64s(c.work)
	s.Int(&c.at)
	ok := c.at >= 0 && c.at < len(c.work)
	for _, w := range c.work {
		ok = ok && w >= 0
	}
	if s.Reading() && !ok {
		s.Fail(errChoice)
		c.Start(0)
	}
}
