package forecast

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// bins is the slow clock: the series as means over bins of a quarter of an hour, say, and the memory of the experts that
// look seasons back. They are brought up to date once a bin, and so cost little per sample however much they do.
//
// A bin is a whole number of steps, and bins count from the first step of the grid, so that a lag of a day is a day of real
// time. A slot is the place of a bin in a season and follows the local clock: when its offset from UTC changes, slots move
// and lags do not.
type bins struct {
	step  int64     // nanoseconds
	per   int64     // steps in a bin
	main  int64     // bins in the main season, such as a day
	long  int64     // bins in the long season, a multiple of main; 0 if there is none
	ring  []float32 // by bin modulo length; filled through gaps with what is expected
	logs  []float32 // log(1+v) of the ring
	next  int64     // the bin after the newest closed one
	sum   float64   // of the bin being collected
	count float64
	holes int64 // bins without a value before next
	skip  int64 // bins of silence that were left out, whole seasons of them
}

// newBins returns the slow clock of a grid of steps, or nil where a main season would have less than four bins. width is
// the wanted width of a bin; mainSeason and longSeason are in nanoseconds, longSeason a multiple or 0.
func newBins(step, width, mainSeason, longSeason int64) *bins {
	if mainSeason <= 0 {
		return nil
	}
	least := max(1, (width+step-1)/step)
	per, off := least, int64(math.MaxInt64)
	for r := least; r < 2*least+2; r++ { // the narrowest that divides the season, or else the one that comes nearest
		w := r * step
		d := mainSeason % w
		d = min(d, w-d)
		if d < off {
			per, off = r, d
		}
	}
	w := per * step
	n := (mainSeason + w/2) / w
	if n < 4 {
		return nil
	}
	b := &bins{step: step, per: per, main: n, long: longSeason / mainSeason * n}
	b.ring = make([]float32, max(lagDays*n, b.long+2)+1)
	b.logs = make([]float32, len(b.ring))
	return b
}

// lagDays is how many main seasons back the regression on them looks.
const lagDays = 8

// of returns the bin of step k.
func (b *bins) of(k int64) int64 { return k/b.per - b.skip }

// width is the width of a bin in nanoseconds.
func (b *bins) width() int64 { return b.per * b.step }

// season returns the longest season, in bins.
func (b *bins) season() int64 { return max(b.main, b.long) }

// at returns the value of bin i, or its log(1+v); i must be one of the newest len(ring) closed bins.
func (b *bins) at(i int64, log bool) float64 {
	if log {
		return float64(b.logs[i%int64(len(b.ring))])
	}
	return float64(b.ring[i%int64(len(b.ring))])
}

// mean returns the mean of the n bins before bin end.
func (b *bins) mean(end, n int64, log bool) float64 {
	var sum float64
	for i := end - n; i < end; i++ {
		sum += b.at(i, log)
	}
	return sum / float64(n)
}

// extent returns the smallest and the largest value that is remembered.
func (b *bins) extent() (low, high float64) {
	low = math.Inf(1)
	for i := max(0, b.next-int64(len(b.ring))); i < b.next; i++ {
		v := b.at(i, false)
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// has says whether bin i is remembered.
func (b *bins) has(i int64) bool {
	return i >= 0 && i < b.next && i >= b.next-int64(len(b.ring))
}

// close ends bin next with what was collected, or as a hole, and returns its value and whether it has one.
func (b *bins) close() (float64, bool) {
	ok := b.count > 0
	var v float64
	if ok {
		v = b.sum / b.count
		b.holes = 0
	} else {
		v = b.guess(b.next)
		b.holes++
	}
	b.sum, b.count = 0, 0
	b.push(v)
	return v, ok
}

func (b *bins) push(v float64) {
	i := b.next % int64(len(b.ring))
	r := float32(v)
	b.ring[i], b.logs[i] = r, float32(fp.Log1p(max(0, float64(r)))) // as fields makes it from the ring
	b.next++
}

// jump leaves out whole seasons of silence before step k, so that at most two remain to be filled.
func (b *bins) jump(k int64) {
	m := b.season()
	if q := (b.of(k) - b.next) / m; q > 1 {
		b.skip += (q - 1) * m
		b.holes += (q - 1) * m
	}
}

// guess is what stands for a bin without a value: the same slot a long season before, or a main season, or the newest.
func (b *bins) guess(i int64) float64 {
	for _, m := range [...]int64{b.long, b.main, 1} {
		if m > 0 && b.has(i-m) {
			return b.at(i-m, false)
		}
	}
	return 0
}

// slot returns the place of bin i in a season of m bins; shift is the local time of the first step, in bins.
func slot(i, shift, m int64) int64 {
	s := (i + shift) % m
	if s < 0 {
		s += m
	}
	return s
}

var errBins = errors.New("snapshot has bins that contradict each other")

func (b *bins) fields(c *state.Codec) {
	c.Float32s(b.ring)
	c.Int64(&b.next)
	c.Float64(&b.sum)
	c.Float64(&b.count)
	c.Int64(&b.holes)
	c.Int64(&b.skip)
	if !c.Reading() {
		return
	}
	for i, v := range b.ring {
		b.logs[i] = float32(fp.Log1p(max(0, float64(v))))
	}
	if b.next < 0 || b.holes < 0 || b.skip < 0 {
		c.Fail(errBins)
		b.next, b.holes, b.skip = 0, 0, 0
	}
}
