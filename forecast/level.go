package forecast

import (
	"github.com/headroom-go/headroom/internal/state"
)

// Gains of the exponentially weighted levels, per step. They are three octaves apart, so that together they say where
// demand is, where it was a quarter of an hour ago and where it was an hour ago (at one-minute steps); the regression
// takes the differences as trend.
const (
	gainFast = 0.4
	gainMid  = 0.12
	gainSlow = 0.03
)

// level tracks where demand is: the newest value and three exponentially weighted means of it. Without other knowledge
// the newest value is the best forecast of the next minutes (persistence), which is why it is an expert of its own.
type level struct {
	now             float64 // newest value
	fast, mid, slow float64
	seen            float64 // values so far, up to 1/gainSlow: the means begin as plain means
}

func (l *level) update(z float64) {
	l.seen = min(l.seen+1, 1/gainSlow)
	start := 1 / l.seen
	l.now = z
	l.fast += float64(max(gainFast, start) * (z - l.fast))
	l.mid += float64(max(gainMid, start) * (z - l.mid))
	l.slow += float64(max(gainSlow, start) * (z - l.slow))
}

// norm is the size of demand that errors are measured in: half a replica at least, so that a series that idles near zero
// does not make every visitor a catastrophe.
func (l *level) norm() float64 { return max(0.5, max(l.mid, float64(0.5*l.slow))) }

func (l *level) fields(c *state.Codec) {
	c.Float64(&l.now)
	c.Float64(&l.fast)
	c.Float64(&l.mid)
	c.Float64(&l.slow)
	c.Float64(&l.seen)
}
