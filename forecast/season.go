package forecast

import "github.com/headroom-go/headroom/internal/state"

// profile learns a value for each time of a period (an hour, a day, a week) in bins of equal width.
//
// The zero profile, but for bin = -1, stands for a season that is not there: it learns nothing and knows nothing.
//
// The values of one visit to a bin are averaged, and when the visit is over the bin moves towards that average by gain;
// the first visit sets it. A bin that was never visited has no value. Bins follow local civil time: the caller passes
// seconds since the period began on the local clock.
type profile struct {
	period int64 // seconds
	width  int64 // of a bin, seconds
	gain   float64
	bins   []half

	bin int // being visited, -1 before the first
	sum float64
	n   float64
}

// newProfile returns a profile over period seconds in bins of about width seconds: as many as fit, at least one.
func newProfile(period, width int64, gain float64) profile {
	n := max(1, period/max(1, width))
	return profile{period: period, width: (period + n - 1) / n, gain: gain, bins: make([]half, n), bin: -1}
}

// newSeason returns a profile over a season, or the one that stands for none where d is not positive.
func newSeason(d Duration, width int64, gain float64) profile {
	if d <= 0 {
		return profile{bin: -1}
	}
	return newProfile(int64(d)/1e9, width, gain)
}

// at returns the bin of local second sec (since 1970 on the local clock, any sign).
func (p *profile) at(sec int64) int {
	s := sec % p.period
	if s < 0 {
		s += p.period
	}
	return int(min(s/p.width, int64(len(p.bins)-1)))
}

// update adds a value at local second sec.
func (p *profile) update(sec int64, v float64) {
	if p.period == 0 {
		return
	}
	if b := p.at(sec); b != p.bin {
		p.settle()
		p.bin = b
	}
	p.sum += v
	p.n++
}

// settle ends the visit to the current bin.
func (p *profile) settle() {
	if p.bin >= 0 && p.n > 0 {
		v := p.sum / p.n
		if b := p.bins[p.bin]; b.known() {
			old := b.value()
			v = old + float64(p.gain*(v-old))
		}
		p.bins[p.bin] = toHalf(v)
	}
	p.sum, p.n = 0, 0
}

// value returns what is known for local second sec, and false if that bin was never visited.
func (p *profile) value(sec int64) (float64, bool) {
	if p.period == 0 {
		return 0, false
	}
	b := p.bins[p.at(sec)]
	return b.value(), b.known()
}

// change returns the value at target less the value at from, and the value at from; both are 0 while either is unknown.
func (p *profile) change(from, target int64) (delta, base float64) {
	a, okA := p.value(from)
	b, okB := p.value(target)
	if !okA || !okB {
		return 0, 0
	}
	return b - a, a
}

func (p *profile) fields(c *state.Codec) {
	if c.Len(len(p.bins)) {
		for i := range p.bins {
			c.Uint16((*uint16)(&p.bins[i]))
		}
	}
	c.Int(&p.bin)
	c.Float64(&p.sum)
	c.Float64(&p.n)
	if c.Reading() && (p.bin < -1 || p.bin >= len(p.bins)) {
		c.Fail(errBin)
		p.bin = -1
	}
}
