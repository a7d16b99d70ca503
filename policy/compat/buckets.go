package compat

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// buckets average measurements over a window as Knative does (serving v0.50, pkg/autoscaler/aggregation): values of one
// granule of time are added up, a granule without any inside the window counts as 0, and a window that has just begun, or
// is not written to any more, is averaged over the granules that there are. Times rise from call to call.
type buckets struct {
	granule     int64 // ns
	window      int64 // ns
	weight      float64
	values      []float64
	total       float64
	firstWrite  int64 // in granules
	lastWrite   int64
	everWritten bool
}

// newBuckets returns buckets for a window; weighted ones count what is new for more.
func newBuckets(window, granule int64, weighted bool) buckets {
	n := (window + granule - 1) / granule
	b := buckets{granule: granule, window: window, values: make([]float64, n)}
	if weighted {
		// The weights 1-(1-w)^n add up to .9999 over the window; .2 at least.
		b.weight = max(1-fp.Exp(fp.Log(1-0.9999)/float64(n)), 0.2)
	}
	return b
}

func (b *buckets) reset() {
	clear(b.values)
	b.total, b.firstWrite, b.lastWrite, b.everWritten = 0, 0, 0, false
}

// slot is the place of granule k in the ring.
func (b *buckets) slot(k int64) int64 {
	n := int64(len(b.values))
	return (k%n + n) % n
}

// granules is the whole number of granules that lie before a time.
func granules(ns, granule int64) int64 {
	k := ns / granule
	if ns%granule < 0 {
		k--
	}
	return k
}

// record adds a value at a time.
func (b *buckets) record(ns int64, v float64) {
	k := granules(ns, b.granule)
	switch {
	case !b.everWritten || (k-b.lastWrite)*b.granule >= b.window: // nothing for a whole window: begin anew
		b.reset()
		b.firstWrite, b.everWritten = k, true
	default:
		for i := b.lastWrite + 1; i <= k; i++ {
			j := b.slot(i)
			b.total -= b.values[j]
			b.values[j] = 0
		}
	}
	b.lastWrite = k
	b.values[b.slot(k)] += v
	b.total += v
}

// empty says whether nothing was recorded for longer than a window.
func (b *buckets) empty(ns int64) bool {
	return !b.everWritten || (granules(ns, b.granule)-b.lastWrite)*b.granule > b.window
}

// average is the average at a time, rounded to 6 decimals unless it is weighted.
func (b *buckets) average(ns int64) float64 {
	silent := max(granules(ns, b.granule)-b.lastWrite, 0)
	if b.weight > 0 {
		return b.weighted(silent)
	}
	if silent*b.granule >= b.window {
		return 0
	}
	sum := b.total
	for i := b.lastWrite + 1; i <= b.lastWrite+silent; i++ {
		sum -= b.values[b.slot(i)]
	}
	n := min(b.lastWrite-b.firstWrite+1, int64(len(b.values))-silent)
	return math.Round(sum/float64(n)*1e6) / 1e6
}

// weighted is the sum of w*(1-w)^i times the value i granules ago.
func (b *buckets) weighted(silent int64) float64 {
	sum, w := 0.0, b.weight
	for i := range int64(len(b.values)) {
		if i >= silent {
			sum += float64(w * b.values[b.slot(b.lastWrite+silent-i)])
		}
		w *= 1 - b.weight
	}
	return sum
}

func (b *buckets) state(s *state.Codec) {
	s.Float64s(b.values)
	s.Float64(&b.total)
	s.Int64(&b.firstWrite)
	s.Int64(&b.lastWrite)
	s.Bool(&b.everWritten)
	if most := maxSeconds * int64(1e9) / b.granule; s.Reading() &&
		(b.firstWrite < -most-1 || b.lastWrite > most || b.firstWrite > b.lastWrite) {
		s.Fail(errRing)
		b.reset()
	}
}
