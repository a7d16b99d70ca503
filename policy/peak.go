package policy

import (
	"errors"

	"github.com/headroom-go/headroom/internal/state"
)

// peak is the largest of the counts proposed within a window of steps, in bounded memory.
//
// It remembers those that can still be the largest: steps rise, counts fall strictly. It is exact while no more than
// peakRoom of them lie in the window, so always in one of so many steps; beyond that the newest counts as much as the one
// before it, and the window never lets go too early.
type peak struct {
	span   int32 // a count of step k still counts at step k+span
	used   int32
	steps  [peakRoom]int32 // modulo 2^32: a window is shorter than that
	counts [peakRoom]int32
}

// peakRoom covers the five minutes of the Kubernetes rule at steps of a minute. Random counts leave about the logarithm of
// the window's length that can still be the largest.
const peakRoom = 6

// newPeak returns a window of span+1 steps.
func newPeak(span int64) peak { return peak{span: int32(min(span, 1<<30))} }

// raise records n for step k, which does not fall, and returns the largest count of the window. Of several counts for one
// step the largest is kept.
func (p *peak) raise(k int64, n int) int {
	at, count := int32(k), int32(n)
	gone := int32(0)
	for gone < p.used && at-p.steps[gone] > p.span {
		gone++
	}
	if gone > 0 {
		copy(p.steps[:], p.steps[gone:p.used])
		copy(p.counts[:], p.counts[gone:p.used])
		p.used -= gone
	}
	for p.used > 0 && p.counts[p.used-1] <= count {
		p.used--
	}
	switch {
	case p.used > 0 && p.steps[p.used-1] == at:
	case p.used == peakRoom:
		p.steps[p.used-1] = at
	default:
		p.steps[p.used], p.counts[p.used] = at, count
		p.used++
	}
	return int(p.counts[0])
}

// forget empties the window.
func (p *peak) forget() {
	*p = peak{span: p.span}
}

var errPeak = errors.New("snapshot holds a window of counts that cannot be")

func (p *peak) fields(c *state.Codec) {
	used := byte(p.used)
	c.Byte(&used)
	p.used = int32(used)
	c.Int32s(p.steps[:])
	c.Int32s(p.counts[:])
	if !c.Reading() {
		return
	}
	ok := p.used <= peakRoom
	for i := int32(0); ok && i < p.used; i++ {
		ok = p.counts[i] >= 0 && (i == 0 || p.counts[i] < p.counts[i-1])
	}
	if !ok {
		c.Fail(errPeak)
		p.forget()
	}
}
