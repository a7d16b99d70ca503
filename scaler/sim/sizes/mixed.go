package sizes

import (
	"math"
	"slices"
)

// Mixed returns a lower bound of what any fleet costs over the scored steps, also one of several sizes at a time: no path of
// nodes whatever, clairvoyant or not, costs less, given that like Optimum it does not pay for its first fleet.
//
// It is the optimum of a fleet of one ideal size that is divisible at will and, for what it carries, costs an hour as little as
// the machine that is cheapest to run, to bring in as little as the one that is cheapest to bring in, and to take out
// as little as the one cheapest to take out. A fleet of whole machines costs in each of the three at least as much for
// its capacity. So a gap between Optimum and Mixed is an upper bound of what mixing sizes could save.
//
// The least cost of all paths that end with capacity y is a convex function of y of straight pieces. A step adds a bend at
// its demand and the changes of capacity limit the slopes, so that few bends are left; it is kept as those and its value at 0.
// Time is O(steps), as long as a step costs no more than a change, and there are few bends.
func Mixed(c Case) (float64, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	in, out := math.Inf(1), math.Inf(1)
	for i := range c.Machines {
		m := &c.Machines[i]
		in, out = math.Min(in, m.in()/m.Capacity), math.Min(out, m.Out/m.Capacity)
	}
	hours := c.Trace.Step.Hours()
	f := convex{}
	for _, d := range c.Trace.Demand[c.Options.FirstScored(c.Trace):] {
		f.limit(-out, in)
		f.run(c.cheapest() * hours)
		if d >= 0 {
			f.unserved(c.Worth()*hours, d)
		}
	}
	return f.least(), nil
}

// convex is a convex function of y >= 0 of straight pieces.
type convex struct {
	zero  float64 // value at 0
	slope float64 // to the right of 0
	end   float64 // slope beyond the last bend
	bends []bend  // by rising place
}

// bend is where the slope rises.
type bend struct{ at, by float64 }

// run adds price*y.
func (f *convex) run(price float64) { f.slope, f.end = f.slope+price, f.end+price }

// unserved adds worth*max(0, d-y).
func (f *convex) unserved(worth, d float64) {
	f.zero += float64(worth * d)
	f.slope -= worth
	i, _ := slices.BinarySearchFunc(f.bends, d, func(b bend, d float64) int {
		switch {
		case b.at < d:
			return -1
		case b.at > d:
			return 1
		}
		return 0
	})
	f.bends = slices.Insert(f.bends, i, bend{d, worth})
}

// limit makes f(y) the least of f(x) plus the price of the way from x to y, which is at -low for each unit down and at high for
// each unit up: slopes end there.
func (f *convex) limit(low, high float64) {
	for f.slope < low && len(f.bends) > 0 {
		b := &f.bends[0]
		by := math.Min(b.by, low-f.slope)
		f.slope += by
		// Left of the bend the function falls less from here on, so that it begins lower.
		f.zero -= float64(by * b.at)
		if b.by -= by; b.by <= 0 {
			f.bends = f.bends[1:]
		}
	}
	for f.end > high && len(f.bends) > 0 {
		b := &f.bends[len(f.bends)-1]
		by := math.Min(b.by, f.end-high)
		f.end -= by
		if b.by -= by; b.by <= 0 {
			f.bends = f.bends[:len(f.bends)-1]
		}
	}
	if len(f.bends) == 0 {
		// Nothing but a line is left; rounding aside its slope lies within.
		f.slope = math.Max(low, math.Min(high, f.slope))
		f.end = f.slope
	}
}

// least returns the smallest value.
func (f *convex) least() float64 {
	f.limit(0, math.Inf(1))
	return f.zero
}
