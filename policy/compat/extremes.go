package compat

import (
	"errors"

	"github.com/headroom-go/headroom/internal/state"
)

// extremes is a window that moves with time and knows its largest or smallest count, in constant time on average: a ring of
// the counts that can still become the extreme, oldest first, each more extreme than those after it.
//
// Times do not fall from call to call. What is in the ring is bounded by the number of different times in a window; where
// there are more than the ring was made for, the oldest is let go early.
type extremes struct {
	lowest      bool
	at          []int64
	counts      []int32
	first, used int
}

func newExtremes(n int, lowest bool) extremes {
	return extremes{lowest: lowest, at: make([]int64, n), counts: make([]int32, n)}
}

func (w *extremes) reset() { w.first, w.used = 0, 0 }

// expire forgets what is older than oldest.
func (w *extremes) expire(oldest int64) {
	for w.used > 0 && w.at[w.first] < oldest {
		w.first = w.slot(1)
		w.used--
	}
}

// add records a count.
func (w *extremes) add(at int64, n int) {
	// An older count that is no more extreme can never be the extreme again: the newer one outlives it.
	for w.used > 0 && !w.beats(int(w.counts[w.slot(w.used-1)]), n) {
		w.used--
	}
	if w.used > 0 && w.at[w.slot(w.used-1)] == at { // it leaves together with one that is more extreme
		return
	}
	if w.used == len(w.at) {
		w.first = w.slot(1)
		w.used--
	}
	i := w.slot(w.used)
	w.at[i], w.counts[i] = at, int32(n)
	w.used++
}

// with returns the extreme of the window and n.
func (w *extremes) with(n int) int {
	if w.used > 0 {
		if old := int(w.counts[w.first]); w.beats(old, n) {
			return old
		}
	}
	return n
}

func (w *extremes) beats(a, b int) bool {
	if w.lowest {
		return a < b
	}
	return a > b
}

// slot is the place of the i-th count of the ring.
func (w *extremes) slot(i int) int {
	if i += w.first; i >= len(w.at) {
		i -= len(w.at)
	}
	return i
}

func (w *extremes) state(s *state.Codec) {
	ring(s, &w.first, &w.used, len(w.at))
	if s.Len(len(w.at)) {
		for i := range w.at {
			stamp(s, &w.at[i])
		}
	}
	tallies(s, w.counts)
}

// errRing says that a snapshot holds positions that no ring has.
var errRing = errors.New("snapshot has a ring that begins or ends outside itself")

// ring walks the two ends of a ring of n places.
func ring(s *state.Codec, first, used *int, n int) {
	s.Int(first)
	s.Int(used)
	if s.Reading() && (*first < 0 || *first >= max(n, 1) || *used < 0 || *used > n) {
		s.Fail(errRing)
		*first, *used = 0, 0
	}
}
