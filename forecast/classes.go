package forecast

import (
	"github.com/headroom-go/headroom/internal/state"
)

// The classes of days. A holiday counts as a Sunday.
const (
	workday = iota
	saturday
	sunday
	dayClasses
)

// classes is what each slot of the main season brings on a workday, on a Saturday, and on a Sunday or holiday: the
// exponentially weighted mean of the demand itself, and of its share of the mean of the main season around it (the shape).
// A slot whose class was never seen borrows from the other classes.
type classes struct {
	slots int64
	value []float32 // by class and slot
	shape []float32
	seen  []uint8 // visits
}

// classGain is what a visit moves a slot by, once it was visited a few times.
const classGain = 0.3

func newClasses(b *bins) classes {
	n := dayClasses * b.main
	return classes{slots: b.main, value: make([]float32, n), shape: make([]float32, n), seen: make([]uint8, n)}
}

// update learns the value and the shape of a slot.
func (p *classes) update(class, slot int64, value, shape float64) {
	i := class*p.slots + slot
	if p.seen[i] < 255 {
		p.seen[i]++
	}
	g := float32(max(classGain, 1/float64(p.seen[i])))
	p.value[i] += float32(g * (float32(value) - p.value[i]))
	p.shape[i] += float32(g * (float32(shape) - p.shape[i]))
}

// at returns the value and the shape of a slot, and false while no class has seen it.
func (p *classes) at(class, slot int64) (value, shape float64, ok bool) {
	if i := class*p.slots + slot; p.seen[i] > 0 {
		return float64(p.value[i]), float64(p.shape[i]), true
	}
	var n float64
	for c := range int64(dayClasses) {
		if i := c*p.slots + slot; p.seen[i] > 0 {
			value += float64(p.value[i])
			shape += float64(p.shape[i])
			n++
		}
	}
	if n == 0 {
		return 0, 1, false
	}
	return value / n, shape / n, true
}

func (p *classes) fields(c *state.Codec) {
	c.Float32s(p.value)
	c.Float32s(p.shape)
	for i := range p.seen {
		c.Byte(&p.seen[i])
	}
}
