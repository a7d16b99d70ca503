package policy

import (
	"errors"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Flap is a budget of reversals: of changes of the count that go the other way than the one before. A release that would
// be one reversal too many within an hour waits, and the larger count stays. An order never waits, but it counts, so that
// an hour sees at most one reversal more than the budget, and that one goes up. The memory is the caller's.
type Flap struct {
	at   []int64 // ring of unix nanoseconds: the newest reversals
	next int     // the oldest of them
	used int
	way  int // of the newest change: +1, -1, 0 before the first

	// The newest release that was asked about, and whether it had to wait: the same question gets the same answer, also
	// where a bound that stands above the budget has released meanwhile and so turned the way.
	asked   int64
	ordered int
	waits   bool
}

// MaxReversals is the largest budget of a Flap.
const MaxReversals = 60

// NewFlap returns a budget of so many reversals an hour, 0 for no limit, up to MaxReversals.
func NewFlap(budget int) Flap { return Flap{at: make([]int64, budget)} }

// Allow returns the count that may be decided for n at a time in unix nanoseconds: n or, for a release that must wait, ordered.
func (f *Flap) Allow(t *Trail, now int64, n, ordered int) int {
	if n >= ordered || len(f.at) == 0 {
		return n
	}
	if now != f.asked || ordered != f.ordered {
		f.waits = f.way > 0 && f.used == len(f.at) && now-f.at[f.next] < int64(time.Hour)
		f.asked, f.ordered = now, ordered
	}
	if f.waits {
		n = t.Apply(RuleFlap, n, ordered)
	}
	return n
}

// Record notes what was decided. The same decision again is no second change.
func (f *Flap) Record(now int64, n, ordered int) {
	if len(f.at) == 0 || n == ordered {
		return
	}
	way := 1
	if n < ordered {
		way = -1
	}
	if f.way != 0 && way != f.way {
		f.at[f.next] = now
		f.next = (f.next + 1) % len(f.at)
		f.used = min(f.used+1, len(f.at))
	}
	f.way = way
}

// Budget returns how many reversals an hour there may be, 0 for no limit.
func (f *Flap) Budget() int { return len(f.at) }

// Within returns how many reversals the hour before a time in unix nanoseconds has seen, Budget at most, and when the
// budget has room again: the time at which the oldest of a full budget is an hour old.
func (f *Flap) Within(now int64) (reversals int, room int64) {
	for i := range f.used {
		if now-f.at[i] < int64(time.Hour) {
			reversals++
		}
	}
	if len(f.at) == 0 || reversals < len(f.at) {
		return reversals, now
	}
	return reversals, f.at[f.next] + int64(time.Hour)
}

// Forget begins anew, as if nothing had been changed yet.
func (f *Flap) Forget() {
	clear(f.at)
	f.next, f.used, f.way = 0, 0, 0
	f.asked, f.ordered, f.waits = 0, 0, false
}

// State walks the memory for snapshots.
func (f *Flap) State(c *state.Codec) {
	for i := range f.at {
		c.Int64(&f.at[i])
	}
	c.Int(&f.next)
	c.Int(&f.used)
	c.Int(&f.way)
	if len(f.at) > 0 {
		c.Int64(&f.asked)
		c.Int(&f.ordered)
		c.Bool(&f.waits)
	}
	// While it is not full the ring is filled from the front.
	n := len(f.at)
	if ok := f.way >= -1 && f.way <= 1 && f.used >= 0 && f.used <= n && f.next >= 0 && (f.next < n || f.next == 0) && (f.used == n || f.next == f.used); c.Reading() && !ok {
		c.Fail(errors.New("snapshot holds reversals that cannot be"))
		f.Forget()
	}
}
