package scaler

import (
	"errors"

	"github.com/headroom-go/headroom/internal/state"
)

// lateness learns how much later than MaxAge allows the samples of a signal come, time and again.
//
// A pipeline of metrics that is a step later than its owner believes would make every sample stale and hold the fleet for
// ever. What tells it from one that has stopped is that new samples go on to come, however old; when they do not, the
// fleet is held after a step as ever.
type lateness struct {
	newest int64           // unix nanoseconds of the newest sample as of the newest decision
	steps  [arrivals]uint8 // by which the newest of them were late when they were first seen, newest first
}

// arrivals is how many samples in a row must have been late before it is taken for the rule: a single one is an outage that
// ends.
const arrivals = 3

// see takes note of the newest sample, if it is a new one, and of its age when it was first seen. What is later than most is
// not believed at all: a source that replays yesterday's data is never fresh.
func (l *lateness) see(newest, age, maxAge, step int64, most uint8) {
	if newest == l.newest {
		return
	}
	forward := newest > l.newest
	l.newest = newest
	if !forward {
		return
	}
	late := max(0, (age-maxAge+step-1)/step)
	if late > int64(most) {
		late = 0
	}
	copy(l.steps[1:], l.steps[:])
	l.steps[0] = uint8(late)
}

// late returns the steps by which samples regularly come late.
func (l *lateness) late() uint8 {
	least := l.steps[0]
	for _, s := range l.steps[1:] {
		least = min(least, s)
	}
	return least
}

var errLateness = errors.New("snapshot holds samples that are later than any are believed")

func (l *lateness) fields(c *state.Codec, most uint8) {
	c.Int64(&l.newest)
	for i := range l.steps {
		c.Byte(&l.steps[i])
		if c.Reading() && l.steps[i] > most {
			c.Fail(errLateness)
			*l = lateness{}
			return
		}
	}
}

// mostLate is how many steps later than MaxAge samples may come and be fresh.
func (c *Config) mostLate() uint8 { return uint8(min(int64(c.Guard.Late/c.Step), 255)) }
