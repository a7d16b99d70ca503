package forecast

import (
	"math"
	"time"
)

// Counter turns the readings of a counter that only grows, such as the requests served since a process began, into samples
// of a rate. A reading below the one before says that the counter began anew at zero; what it counted between the last
// reading and its end is lost, as it is for Prometheus' rate (whose rule this is). The zero Counter has no reading yet.
//
// Demand that is a gauge, or a rate already, goes to Observe directly.
type Counter struct {
	last  float64
	at    int64 // unix nanoseconds of the last reading
	begun bool
}

// Rate takes the reading total at time t and returns the mean rate per second since the reading before, as a sample at the
// time of that reading: where the interval began. It returns false, and a gap follows, for the first reading. A reading that
// is not finite, negative, or not later than the one before is ignored and returns false too; the next rate then spans the
// whole interval.
func (c *Counter) Rate(t time.Time, total float64) (Sample, bool) {
	nano := t.UnixNano()
	if math.IsNaN(total) || math.IsInf(total, 0) || total < 0 || c.begun && nano <= c.at {
		return Sample{}, false
	}
	before := *c
	*c = Counter{total, nano, true}
	if !before.begun {
		return Sample{}, false
	}
	grown := total - before.last
	if grown < 0 {
		grown = total
	}
	seconds := float64(nano-before.at) / 1e9
	return Sample{Time: time.Unix(0, before.at).In(t.Location()), Value: grown / seconds}, true
}
