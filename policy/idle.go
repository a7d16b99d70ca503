package policy

import (
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Idle decides when a fleet may go to zero. It idles while demand, and what the forecast holds likely when an order would
// serve, stay below Below; and it goes once that has lasted After.
//
// After is where the price of idling meets that of a cold start: whoever waits until he has paid for idling what the
// restart will cost never pays more than twice what he would pay knowing when demand returns (the ski rental: Karlin,
// Manasse, Rudolph, Sleator 1988).
type Idle struct {
	Below float64       // replicas' worth of demand; 0: never
	After time.Duration // see BreakEven

	quiet bool
	since int64 // unix nanoseconds of the first quiet decision
}

// BreakEven returns how long it takes count idle replicas to cost as much as a cold start, which is given in replica-hours.
func BreakEven(coldStart float64, count int) time.Duration {
	hours := coldStart / float64(max(1, count))
	return time.Duration(float64(hours * float64(time.Hour)))
}

// Over says whether the fleet may be zero at a time in unix nanoseconds. Demand and what is likely of it are in replicas;
// NaN demand is not known and changes nothing: what was quiet when last seen stays so, which keeps a fleet at zero whose
// signal went with its last replica.
func (i *Idle) Over(now int64, demand, likely float64, event bool) bool {
	switch {
	case i.Below == 0:
		return false
	case demand >= i.Below || likely >= i.Below || event:
		i.Forget()
		return false
	case demand < i.Below && !i.quiet:
		i.quiet, i.since = true, now
	}
	return i.quiet && now-i.since >= int64(i.After)
}

// Since returns the time, in unix nanoseconds, of the first decision of an idling that lasts.
func (i *Idle) Since() int64 { return i.since }

// Forget begins anew, as if demand had just been seen.
func (i *Idle) Forget() { i.quiet, i.since = false, 0 }

// State walks the memory for snapshots.
func (i *Idle) State(c *state.Codec) {
	c.Bool(&i.quiet)
	c.Int64(&i.since)
}
