package compat

import (
	"errors"

	"github.com/headroom-go/headroom/internal/state"
)

// changes remembers how many replicas were added, or removed, and when. Times do not fall from call to call.
//
// It forgets as Kubernetes does: a change that is older than keep stays until a new one takes its place, the last such
// first. That can be seen where somebody asks for more than keep. Where there are more changes in keep than there is room
// for, the oldest is let go early.
type changes struct {
	keep   int64 // ns
	at     []int64
	counts []int32
	used   int
}

func newChanges(n int, keep int64) changes {
	return changes{keep: keep, at: make([]int64, n), counts: make([]int32, n)}
}

func (c *changes) reset() { c.used = 0 }

func (c *changes) add(at int64, n int) {
	slot, oldest := -1, 0
	for i, t := range c.at[:c.used] {
		if t < at-c.keep {
			slot = i
		}
		if t < c.at[oldest] {
			oldest = i
		}
	}
	switch {
	case slot >= 0:
	case c.used < len(c.at):
		slot = c.used
		c.used++
	default:
		slot = oldest
	}
	c.at[slot], c.counts[slot] = at, int32(n)
}

// after sums the changes that are later than cutoff. Time is O(room).
func (c *changes) after(cutoff int64) int {
	sum := 0
	for i, t := range c.at[:c.used] {
		if t > cutoff {
			sum += int(c.counts[i])
		}
	}
	return sum
}

func (c *changes) state(s *state.Codec) {
	s.Int(&c.used)
	if s.Reading() && (c.used < 0 || c.used > len(c.at)) {
		s.Fail(errors.New("snapshot has more changes than there is room for"))
		c.used = 0
	}
	if s.Len(len(c.at)) {
		for i := range c.at {
			stamp(s, &c.at[i])
		}
	}
	tallies(s, c.counts)
}
