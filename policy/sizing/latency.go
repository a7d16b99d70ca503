package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// latencyBins is the number of bins of load.
const latencyBins = 32

// Latency learns from what was measured how much demand a replica serves within its objective: for bins of demand per
// replica, how many requests (or intervals) there were and how many were too slow.
//
// More load is assumed never to be faster: the shares of slow requests are pooled until they rise with load (pool adjacent
// violators, Ayer et al. 1955). A bin is good while the upper bound of its share (Wilson 1927) is within the objective; the
// end of the last good one is what a replica carries. Beyond what has been tried nothing is known, and a little more is
// allowed, so that a fleet that grows thinner learns.
type Latency struct {
	width      float64 // of a bin, in demand per replica
	seen, slow [latencyBins]float64
	most       float64 // largest demand per replica that was seen
	forget     float64
	beyond     float64 // how many times what has been tried may be tried
}

// NewLatency returns bins up to most demand per replica, above 0; what is beyond counts in the last one. Half of what was
// seen is forgotten after so many observations of Observe, 1 or more.
func NewLatency(most, halfLife float64) Latency {
	return Latency{width: most / latencyBins, forget: fp.Exp(-math.Ln2 / halfLife), beyond: 1.1}
}

// Observe records that a replica which served demand worked off so many requests, of which slow were too slow.
func (l *Latency) Observe(demand, requests, slow float64) {
	if !(demand >= 0) || math.IsInf(demand, 0) || !(requests > 0) || math.IsInf(requests, 0) || !(slow >= 0) {
		return
	}
	for i := range l.seen {
		l.seen[i] = float64(l.seen[i] * l.forget)
		l.slow[i] = float64(l.slow[i] * l.forget)
	}
	b := int(math.Min(demand/l.width, latencyBins-1))
	l.seen[b] += requests
	l.slow[b] += math.Min(slow, requests)
	l.most = math.Max(float64(l.most*l.forget), demand)
}

// Capacity returns the demand per replica up to which at most a share late of the requests was too slow, with an upper bound
// of that share at z standard errors; NaN before anything was seen, 0 where even the least load was too slow.
func (l *Latency) Capacity(late, z float64) float64 {
	// Pools of neighbouring bins, from the least load on.
	var seen, slow [latencyBins]float64
	var end [latencyBins]int
	n := 0
	for b := range l.seen {
		if l.seen[b] <= 0 {
			continue
		}
		seen[n], slow[n], end[n] = l.seen[b], l.slow[b], b+1
		n++
		for n > 1 && float64(slow[n-2]*seen[n-1]) >= float64(slow[n-1]*seen[n-2]) {
			seen[n-2] += seen[n-1]
			slow[n-2] += slow[n-1]
			end[n-2] = end[n-1]
			n--
		}
	}
	if n == 0 {
		return math.NaN()
	}
	good := 0
	for i := range n {
		if wilson(slow[i], seen[i], z) > late {
			break
		}
		good = end[i]
	}
	edge := float64(l.width * float64(good))
	if good == end[n-1] {
		return math.Min(edge, l.most) * l.beyond
	}
	return edge
}

// wilson is the upper end of the score interval for a share of which k in n were seen.
func wilson(k, n, z float64) float64 {
	p, q := k/n, float64(z*z)/n
	return (p + float64(0.5*q) + float64(z*math.Sqrt(math.Max(0, float64(p*(1-p))/n+float64(0.25*q)/n)))) / (1 + q)
}

var errLatency = errors.New("snapshot holds bins of latency that cannot be")

// State walks what was learned, for snapshots.
func (l *Latency) State(c *state.Codec) {
	c.Float64s(l.seen[:])
	c.Float64s(l.slow[:])
	c.Float64(&l.most)
	ok := l.most >= 0
	for b := range l.seen {
		ok = ok && l.slow[b] >= 0 && l.slow[b] <= l.seen[b]
	}
	if c.Reading() && !ok {
		c.Fail(errLatency)
		l.seen, l.slow, l.most = [latencyBins]float64{}, [latencyBins]float64{}, 0
	}
}
