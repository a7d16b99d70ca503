package policy

import (
	"errors"

	"github.com/headroom-go/headroom/internal/state"
)

// peak is the largest of the counts proposed within a window of steps, in bounded memory.
//
// It remembers those that can still be the largest: steps rise, counts fall strictly. It is exact while no more of them
// lie in the window than it has room for; beyond that the newest counts as much as the one before it, so that the window
// never lets go too early.
type peak struct {
	span   int32 // a count of step k still counts at step k+span
	used   int
	steps  []int32 // modulo 2^32: a window is shorter than that
	counts []int32
}

// newPeak returns a window of span+1 steps with room for so many counts, or for fewer if the window has fewer steps.
func newPeak(span int64, room int) peak {
	n := int(min(span+1, int64(room)))
	return peak{span: int32(min(span, 1<<30)), steps: make([]int32, n), counts: make([]int32, n)}
}

// raise records n for step k, which does not fall, and returns the largest count of the window. Of several counts for one
// step the largest is kept.
func (p *peak) raise(k int64, n int) int {
	at, count := int32(k), int32(n)
	gone := 0
	for gone < p.used && at-p.steps[gone] > p.span {
		gone++
	}
	if gone > 0 {
		copy(p.steps, p.steps[gone:p.used])
		copy(p.counts, p.counts[gone:p.used])
		p.used -= gone
	}
	for p.used > 0 && p.counts[p.used-1] <= count {
		p.used--
	}
	switch {
	case p.used > 0 && p.steps[p.used-1] == at:
	case p.used == len(p.steps):
		p.steps[p.used-1] = at
	default:
		p.steps[p.used], p.counts[p.used] = at, count
		p.used++
	}
	return int(p.counts[0])
}

// forget empties the window.
func (p *peak) forget() {
	clear(p.steps)
	clear(p.counts)
	p.used = 0
}

var errPeak = errors.New("snapshot holds a window of counts that cannot be")

func (p *peak) fields(c *state.Codec) {
	c.Int(&p.used)
	c.Int32s(p.steps)
	c.Int32s(p.counts)
	if !c.Reading() {
		return
	}
	ok := p.used >= 0 && p.used <= len(p.steps)
	for i := 0; ok && i < p.used; i++ {
		ok = p.counts[i] >= 0 && (i == 0 || p.counts[i] < p.counts[i-1])
	}
	if !ok {
		c.Fail(errPeak)
		p.forget()
	}
}
