package compat

import "github.com/headroom-go/headroom/internal/state"

// changes remembers how many replicas were added, or removed, and when. Times rise from call to call. Where there are more
// changes in the longest period than the ring was made for, the oldest is let go early.
type changes struct {
	at          []int64
	counts      []int32
	first, used int
}

func newChanges(n int) changes { return changes{at: make([]int64, n), counts: make([]int32, n)} }

func (c *changes) reset() { c.first, c.used = 0, 0 }

func (c *changes) add(at int64, n int) {
	if len(c.at) == 0 {
		return
	}
	if c.used == len(c.at) {
		c.first = c.slot(1)
		c.used--
	}
	i := c.slot(c.used)
	c.at[i], c.counts[i] = at, int32(n)
	c.used++
}

// after sums the changes that are later than cutoff. Time is O(changes after it).
func (c *changes) after(cutoff int64) int {
	sum := 0
	for i := c.used - 1; i >= 0; i-- {
		k := c.slot(i)
		if c.at[k] <= cutoff {
			break
		}
		sum += int(c.counts[k])
	}
	return sum
}

func (c *changes) slot(i int) int {
	if i += c.first; i >= len(c.at) {
		i -= len(c.at)
	}
	return i
}

func (c *changes) state(s *state.Codec) {
	ring(s, &c.first, &c.used, len(c.at))
	if s.Len(len(c.at)) {
		for i := range c.at {
			stamp(s, &c.at[i])
		}
	}
	tallies(s, c.counts)
}
