package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// bedrock remembers what was never gone below within a day: the least number of replicas of each of the last 24 hours, and of the hour
// under way. Where steps are longer than an hour they are its hours.
type bedrock struct {
	least [25]float64 // ring by hour; NaN where nothing was noted
	hour  int64       // newest
	begun bool
}

const hoursOfDay = 24

// note records that so many replicas were wanted in an hour, counted from any fixed time.
func (b *bedrock) note(hour int64, replicas float64) {
	if !b.begun || hour < b.hour || hour-b.hour > hoursOfDay {
		for i := range b.least {
			b.least[i] = math.NaN()
		}
		b.begun, b.hour = true, hour
	}
	for b.hour < hour {
		b.hour++
		b.least[b.slot(b.hour)] = math.NaN()
	}
	at := b.slot(hour)
	if !(b.least[at] <= replicas) {
		b.least[at] = replicas
	}
}

func (b *bedrock) slot(hour int64) int {
	n := int64(len(b.least))
	return int((hour%n + n) % n)
}

// level returns the least number of replicas that was wanted within the last day, 0 until a whole day is known: an hour of
// which nothing is known may have wanted none.
func (b *bedrock) level() float64 {
	if !b.begun {
		return 0
	}
	least := math.Inf(1)
	for _, v := range b.least {
		if math.IsNaN(v) {
			return 0
		}
		least = math.Min(least, v)
	}
	return least
}

var errBedrock = errors.New("snapshot holds a day of replicas that cannot be")

func (b *bedrock) fields(c *state.Codec) {
	c.Values(b.least[:])
	c.Int64(&b.hour)
	c.Bool(&b.begun)
	if !c.Reading() {
		return
	}
	for _, v := range b.least {
		if v < 0 {
			c.Fail(errBedrock)
			*b = bedrock{}
			return
		}
	}
}
