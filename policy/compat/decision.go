package compat

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Fleet is what a rule sees of the replicas: those that serve, and those that are ordered and do not serve yet.
type Fleet struct{ Ready, Starting int }

// Ordered returns the count in force: ready and starting. The systems that the rules come from call it the spec.
func (f Fleet) Ordered() int { return f.Ready + f.Starting }

// Decision is the count that a rule orders, and why.
type Decision struct {
	Count  int    `json:"count"`
	Reason Reason `json:"reason"`
}

// Reason names what settled a Decision: the last stage that changed the count, or the one that held it.
type Reason uint8

// The reasons. The texts of String are stable.
const (
	ReasonNone       Reason = iota
	ReasonMissing           // nothing usable is measured: the fleet stays
	ReasonClock             // the time lies before the last decision's: the fleet stays
	ReasonDisabled          // a fleet of 0 switches the rule off
	ReasonTolerance         // near enough to the target: the fleet stays
	ReasonFlip              // with replicas that report nothing filled in, the direction is gone: the fleet stays
	ReasonMetric            // what the measurement asks for
	ReasonStabilised        // an earlier proposal of the window holds the count
	ReasonRate              // the limit of a change
	ReasonMin               // the configured minimum
	ReasonMax               // the configured maximum
	ReasonPanic             // the panic mode: nothing is taken away
	ReasonActivation        // the smallest count above 0
	ReasonDelay             // the largest proposal of the delay before a scale-down
	ReasonGrace             // not at zero yet
	ReasonCooldown          // the last change is too fresh
	ReasonSustain           // not beyond the threshold for long enough
	ReasonConverge          // between the watermarks, on the way to one of them
	ReasonWarmup            // replicas that warm up are on the way to serve this
	ReasonBand              // inside the lazy band: the fleet stays
	ReasonBandLow           // raised to the lower edge of the lazy band
	ReasonBandHigh          // lowered to the upper edge of the lazy band
	ReasonSchedule          // a window of the schedule, or its ramp
	numReasons
)

var reasonNames = [numReasons]string{
	"none", "missing", "clock-back", "disabled", "tolerance", "flip", "metric", "stabilised", "rate-limit", "min", "max",
	"panic", "activation", "scale-down-delay", "zero-grace", "cooldown", "sustain", "converge", "warm-up", "band",
	"band-low", "band-high", "schedule",
}

// String returns the stable name of the reason.
func (r Reason) String() string {
	if r < numReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler with the name of the reason.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// clock lets time only go forward. Times are nanoseconds since 1970.
type clock struct {
	last  int64
	begun bool
}

// maxSeconds is as far from 1970 as times may lie: twice that, in nanoseconds, fits into 64 bits.
const maxSeconds = 8_500_000_000

// advance returns the time in nanoseconds, or false if it lies before the last one or beyond what is allowed. first says
// that there was none before.
func (c *clock) advance(now time.Time) (ns int64, first, ok bool) {
	if s := now.Unix(); s < -maxSeconds || s > maxSeconds {
		return 0, false, false
	}
	ns = now.UnixNano()
	if c.begun && ns < c.last {
		return 0, false, false
	}
	first = !c.begun
	c.last, c.begun = ns, true
	return ns, first, true
}

func (c *clock) state(s *state.Codec) {
	stamp(s, &c.last)
	s.Bool(&c.begun)
}

// stamp walks a time in nanoseconds; one that no clock reaches is refused, because differences would overflow.
func stamp(s *state.Codec, ns *int64) {
	s.Int64(ns)
	if s.Reading() && (*ns < -maxSeconds*1e9 || *ns > maxSeconds*1e9) {
		s.Fail(errors.New("snapshot has a time that no clock reaches"))
		*ns = 0
	}
}

// tally walks a count of replicas.
func tally(s *state.Codec, n *int) {
	s.Int(n)
	if s.Reading() && (*n < 0 || *n > math.MaxInt32) {
		s.Fail(fmt.Errorf("snapshot has a count of %d", *n))
		*n = 0
	}
}

// tallies walks counts of replicas, of which the number must agree.
func tallies(s *state.Codec, n []int32) {
	s.Int32s(n)
	for i := range n {
		if s.Reading() && n[i] < 0 {
			s.Fail(fmt.Errorf("snapshot has a count of %d", n[i]))
			n[i] = 0
		}
	}
}

// count is a number of replicas that was computed: at least 0 and at most the largest int32; NaN is 0.
func count(x float64) int {
	switch {
	case !(x > 0):
		return 0
	case x < math.MaxInt32:
		return int(x)
	}
	return math.MaxInt32
}

// milli is a measurement in thousandths, rounded to the nearest. It is bounded so that a hundred times it still fits.
func milli(x float64) int64 {
	const most = 1 << 53
	return int64(math.Round(max(-most, min(x*1000, most))))
}

// known says whether something was measured: NaN and infinity are nothing.
func known(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// faults gathers what is wrong with a configuration.
type faults []*Fault

// addf adds a fault. The text has the form "field is value; wanted what".
func (f *faults) addf(format string, args ...any) { *f = append(*f, fault(format, args...)) }

// year is the longest step of a trace that the rules are made for.
const year = 366 * 24 * time.Hour

func (f *faults) duration(name string, d Duration, least, most time.Duration) {
	if d.Std() < least || d.Std() > most {
		f.addf("%s is %v; wanted %v to %v", name, d, least, most)
	}
}

// bounds checks a smallest and a largest fleet; 0 as the largest means none.
func (f *faults) bounds(minName string, least int, maxName string, most int) {
	if least < 0 || least > math.MaxInt32 {
		f.addf("%s is %d; wanted 0 to %d", minName, least, math.MaxInt32)
	}
	if most < 0 || most > math.MaxInt32 || most > 0 && most < least {
		f.addf("%s is %d; wanted at least %s (%d) and at most %d, or 0 for none", maxName, most, minName, least, math.MaxInt32)
	}
}

func (f faults) join() error {
	all := make([]error, len(f))
	for i := range f {
		all[i] = f[i]
	}
	return errors.Join(all...)
}
