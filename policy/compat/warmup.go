package compat

import "github.com/headroom-go/headroom/internal/state"

// warmup remembers which replicas were added so lately that they do not count yet. Where more additions fall into it than
// there is room for, the oldest replicas count early.
type warmup struct {
	span  int64 // ns
	added changes
}

func newWarmup(span, period Duration) warmup {
	return warmup{span: int64(span), added: newChanges(int(span/period)+2, int64(span))}
}

// warming is how many of the ordered replicas are warming up. One that was added exactly a warm-up ago counts as warm.
func (w *warmup) warming(ns int64, ordered int) int {
	return min(w.added.after(ns-w.span), max(ordered, 0))
}

func (w *warmup) state(s *state.Codec) { w.added.state(s) }

// sustained is since when something has been so, of which each observation speaks for the period before it.
type sustained struct {
	holds bool
	since int64
}

// observe returns for how long it has been so, 0 if it is not.
func (s *sustained) observe(ns, period int64, holds bool) int64 {
	switch {
	case !holds:
		s.holds = false
		return 0
	case !s.holds:
		s.holds, s.since = true, ns-period
	}
	return ns - s.since
}

func (s *sustained) state(c *state.Codec) {
	c.Bool(&s.holds)
	stamp(c, &s.since)
}
