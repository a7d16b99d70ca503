package policy

import (
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Fallback says what a fleet may do that is not measured. The zero value holds it: nothing is released, whatever the
// forecast that goes on without samples asks for.
type Fallback struct {
	HoldUp   bool          // nothing is ordered either while signals fail
	After    time.Duration // since the first decision without one of its signals: then the fallback count holds
	Up, Down bool          // it may raise the fleet, it may lower it

	blind bool
	since int64 // unix nanoseconds of the first decision without
}

// Failing describes the signals of a decision.
type Failing struct {
	Some  bool // a signal is stale or missing
	All   bool // and so is every other
	Event bool // an announced event asks for its capacity
	Count int  // the fallback count of now, 0 for none
}

// Guard returns the count for a fleet whose demand asks for n. What still can be measured may ask for more than the
// fallback count, and an announced event keeps it from lowering anything.
func (f *Fallback) Guard(t *Trail, now int64, n, ordered int, s Failing) int {
	if !s.Some {
		f.Forget()
		return n
	}
	if !f.blind {
		f.blind, f.since = true, now
	}
	need := n
	held := max(n, ordered)
	if f.HoldUp {
		held = ordered
	}
	n = t.Apply(RuleStale, n, held)
	if s.Count == 0 || now-f.since < int64(f.After) {
		return n
	}
	want := s.Count
	if !s.All {
		want = max(want, need)
	}
	if want > n && f.Up || want < n && f.Down && !s.Event {
		n = t.Apply(RuleFallback, n, want)
	}
	return n
}

// Since returns the time, in unix nanoseconds, of the first decision without a signal that is missing still.
func (f *Fallback) Since() int64 { return f.since }

// Forget begins anew, as if all signals had just been seen.
func (f *Fallback) Forget() { f.blind, f.since = false, 0 }

// State walks the memory for snapshots.
func (f *Fallback) State(c *state.Codec) {
	c.Bool(&f.blind)
	c.Int64(&f.since)
}
