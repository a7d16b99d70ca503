package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// Law is the utilisation law of one resource, learned online: what a replica uses of it is a base plus a cost for each unit
// of demand that it serves,
//
//	used = base + cost * demand
//
// by recursive least squares with forgetting on two coefficients. The unit of used is the caller's (cores, GiB, Gbit/s).
// A Law does not depend on the size of the machine: what is learned on one size says what another carries.
type Law struct {
	base, cost      float64
	cbb, cbc, ccc   float64 // covariance of the coefficients over the variance of a residual
	variance        float64 // of a residual
	seen            float64 // observations that count
	total           float64 // observations there were
	scale           float64 // typical demand, to which the prior of the cost is relative
	rising, sinking float64 // cumulative sums of standardised residuals
	drifts          int
}

const (
	lawForget  = 0.999 // the newest thousand observations count
	lawPrior   = 100   // initial variance of a coefficient, over that of a residual, at the scale of the first observation
	lawSlack   = 0.5   // standard deviations a residual may be off, on average, before a drift is summed up
	lawAlarm   = 12    // standard deviations of such sums at which a drift is certain
	lawDoubt   = 100   // by which it widens the covariance
	lawTrusted = 5     // observations before there is a bound at all
)

// Update learns that a replica which served demand used so much. What is not finite, or negative
// demand, is ignored, and so is a replica without demand before the first that has some.
func (l *Law) Update(demand, used float64) {
	if !(demand >= 0) || math.IsInf(demand, 0) || math.IsNaN(used) || math.IsInf(used, 0) {
		return
	}
	if l.total == 0 {
		if demand < 1e-100 { // idle: nobody knows yet what a small demand is
			return
		}
		l.scale = demand
		l.doubt()
	}
	e := used - (l.base + float64(l.cost*demand))
	gb, gc := l.cbb+float64(l.cbc*demand), l.cbc+float64(l.ccc*demand)
	q := 1 + gb + float64(gc*demand)
	if l.seen >= lawTrusted {
		l.watch(e / math.Sqrt(float64(l.variance*q)+tiny))
	}
	d := 1 / (lawForget - 1 + q)
	l.base += float64(float64(gb*d) * e)
	l.cost += float64(float64(gc*d) * e)
	const inv = 1 / lawForget
	l.cbb = float64((l.cbb - float64(gb*float64(gb*d))) * inv)
	l.cbc = float64((l.cbc - float64(gb*float64(gc*d))) * inv)
	l.ccc = float64((l.ccc - float64(gc*float64(gc*d))) * inv)
	// Demand that stays constant would let the doubt about what it does not show grow without end.
	most, slope := float64(1e4*lawPrior), float64(float64(l.ccc*l.scale)*l.scale)
	if !(l.cbb >= 0 && l.cbb <= most && slope >= 0 && slope <= most && float64(l.cbc*l.cbc) <= float64(l.cbb*l.ccc)) {
		l.doubt()
	}
	l.total++
	l.seen = math.Min(l.seen+1, 1/(1-lawForget))
	// The residual of a forecast is larger than the noise by q; the first two say nothing.
	if l.total > 2 {
		l.variance += (float64(e*e)/q - l.variance) / math.Max(1, l.seen-2)
	}
}

const tiny = 1e-300

func (l *Law) doubt() {
	l.cbb, l.cbc, l.ccc = lawPrior, 0, float64(lawPrior/l.scale)/l.scale
}

// watch sums up standardised residuals (Page 1954): a new version of the service uses more, or less, for the same demand,
// and what was learned before must yield faster than forgetting alone lets it.
func (l *Law) watch(z float64) {
	z = math.Max(-4, math.Min(z, 4)) // one outlier is no drift
	l.rising = math.Max(0, l.rising+z-lawSlack)
	l.sinking = math.Max(0, l.sinking-z-lawSlack)
	if l.rising < lawAlarm && l.sinking < lawAlarm {
		return
	}
	l.rising, l.sinking = 0, 0
	l.cbb, l.cbc, l.ccc = float64(l.cbb*lawDoubt), float64(l.cbc*lawDoubt), float64(l.ccc*lawDoubt)
	l.seen = math.Min(l.seen, lawTrusted)
	l.drifts++
}

// Used returns what a replica is expected to use that serves demand.
func (l *Law) Used(demand float64) float64 { return l.base + float64(l.cost*demand) }

// Base returns what a replica uses that serves nothing.
func (l *Law) Base() float64 { return l.base }

// Cost returns what a unit of demand adds to what a replica uses.
func (l *Law) Cost() float64 { return l.cost }

// Seen returns how many observations there were.
func (l *Law) Seen() int { return int(l.total) }

// Drifts returns how often what the law learned turned out to hold no more.
func (l *Law) Drifts() int { return l.drifts }

// Capacity returns the demand at which a replica uses so much of the resource, and a lower bound of it at z standard errors of
// the coefficients. Both are NaN before the law has seen enough to tell, and infinite where demand does not use the resource.
// The bound is never negative.
func (l *Law) Capacity(usable, z float64) (mean, bound float64) {
	if l.total < lawTrusted {
		return math.NaN(), math.NaN()
	}
	if !(l.cost > 0) {
		// Demand has not been seen to use it. Whether it does is not known where the doubt about the cost reaches a use.
		if doubt := float64(z * math.Sqrt(float64(l.variance*l.ccc))); doubt > 0 {
			return math.Inf(1), math.Max(0, (usable-l.base)/doubt)
		}
		return math.Inf(1), math.Inf(1)
	}
	mean = math.Max(0, (usable-l.base)/l.cost)
	// By the delta method: the capacity c falls by 1/cost with the base and by c/cost with the cost.
	spread := l.cbb + float64(2*float64(mean*l.cbc)) + float64(float64(mean*mean)*l.ccc)
	bound = mean - float64(z*math.Sqrt(math.Max(0, float64(l.variance*spread))))/l.cost
	return mean, math.Max(0, bound)
}

var errLaw = errors.New("snapshot holds a utilisation law that cannot be")

// State walks the law, for snapshots.
func (l *Law) State(c *state.Codec) {
	for _, v := range [...]*float64{&l.base, &l.cost, &l.cbb, &l.cbc, &l.ccc, &l.variance, &l.seen, &l.total, &l.scale, &l.rising, &l.sinking} {
		c.Float64(v)
	}
	c.Int(&l.drifts)
	if c.Reading() && (l.cbb < 0 || l.ccc < 0 || l.variance < 0 || l.seen < 0 || l.total < 0 || l.scale < 0 || l.drifts < 0) {
		c.Fail(errLaw)
		*l = Law{}
	}
}
