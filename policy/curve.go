package policy

import "math"

// MaxLevels is the largest number of quantile levels a Curve takes.
const MaxLevels = 32

// Curve is the distribution of demand in one step, in replicas, as money sees it: how much use each replica finds.
//
// Between two quantiles the distribution is taken as uniform; what lies below the lowest level is spread down to zero,
// and beyond the highest level an exponential tail carries the density on.
type Curve struct {
	n    int
	x    [MaxLevels + 1]float64 // x[0] = 0, then the quantiles
	over [MaxLevels + 1]float64 // P(demand > x[i])
	rest [MaxLevels + 1]float64 // integral of P(demand > x) from x[i] to infinity
	tail float64                // mean excess beyond the highest quantile, given that it is exceeded
}

// Set fills c from quantiles q of demand at levels (both ascending, of one length, at most MaxLevels), of which one
// replica carries capacity. It reports false, and c is useless, where a quantile is not a finite number.
func (c *Curve) Set(levels, q []float64, capacity float64) bool {
	c.n = len(levels)
	c.x[0], c.over[0] = 0, 1
	for i, v := range q {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
		// Beyond maxReplicas the use of one replica is lost in the rounding of the whole: it would come out as none.
		c.x[i+1] = max(c.x[i], min(v/capacity, maxReplicas))
		c.over[i+1] = 1 - levels[i]
	}
	n := c.n
	// For an exponential tail the mean excess is the area under P(demand > x) over the probability it spans; the outer
	// two segments measure it.
	c.tail = 0
	if n >= 3 {
		area := float64((c.x[n]-c.x[n-1])*(c.over[n]+c.over[n-1])) + float64((c.x[n-1]-c.x[n-2])*(c.over[n-1]+c.over[n-2]))
		c.tail = float64(area*0.5) / (c.over[n-2] - c.over[n])
	}
	c.rest[n] = float64(c.over[n] * c.tail)
	for i := n - 1; i >= 0; i-- {
		c.rest[i] = c.rest[i+1] + float64(float64((c.x[i+1]-c.x[i])*(c.over[i]+c.over[i+1]))*0.5)
	}
	return true
}

// Beyond returns the integral of P(demand > x) from k to infinity: the expected demand that so much capacity leaves unserved.
func (c *Curve) Beyond(k float64) float64 {
	n := c.n
	if k >= c.x[n] {
		if c.tail <= 0 {
			return 0
		}
		// A square falling to zero over three mean excesses stands for the exponential: same mass, no transcendental
		// function, and an end.
		left := 1 - (k-c.x[n])/float64(3*c.tail)
		if left <= 0 {
			return 0
		}
		return float64(c.rest[n] * float64(left*float64(left*left)))
	}
	lo, hi := 0, n // x[lo] <= k < x[hi]
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; c.x[mid] <= k {
			lo = mid
		} else {
			hi = mid
		}
	}
	w := c.x[hi] - c.x[lo]
	part := (c.x[hi] - k) / w
	// P(demand > x) falls linearly from over[lo] to over[hi]; at k it is:
	at := c.over[hi] + float64(part*(c.over[lo]-c.over[hi]))
	return c.rest[hi] + float64(float64((c.x[hi]-k)*(at+c.over[hi]))*0.5)
}

// Exceeded returns the demand that is exceeded with probability over, 0 < over < 1.
func (c *Curve) Exceeded(over float64) float64 {
	n := c.n
	if over < c.over[n] {
		// Beyond the highest quantile, where P(demand > x) falls as the square that Beyond integrates.
		return c.x[n] + float64(float64(3*c.tail)*(1-math.Sqrt(over/c.over[n])))
	}
	lo, hi := 0, n // over[lo] > over >= over[hi]
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; c.over[mid] > over {
			lo = mid
		} else {
			hi = mid
		}
	}
	part := (c.over[lo] - over) / (c.over[lo] - c.over[hi])
	return c.x[lo] + float64(part*(c.x[hi]-c.x[lo]))
}

// Use returns the expected use of the k-th replica, 0..1: the mean of demand - (k-1), cut to between 0 and 1.
func (c *Curve) Use(k int) float64 {
	return max(0, c.Beyond(float64(k-1))-c.Beyond(float64(k)))
}

// Unserved returns the expected demand, in replicas, that k replicas leave unserved.
func (c *Curve) Unserved(k int) float64 { return c.Beyond(float64(k)) }

// Most returns an upper bound of the replicas that can find any use.
func (c *Curve) Most() int {
	return int(math.Min(math.Ceil(c.x[c.n]+float64(3*c.tail)), maxReplicas))
}

// maxReplicas bounds every count, so that no distribution can overflow an int on a 32-bit machine.
const maxReplicas = 1 << 30

// Count returns the smallest number of replicas at which one more would not earn its price: penalty times its expected
// use is at most 1. penalty is the price of unserved demand over the price of a replica.
//
// This is the newsvendor's critical fractile 1 - 1/penalty, exact for whole replicas.
func (c *Curve) Count(penalty float64) int {
	lo, hi := 0, c.Most()+1 // replica hi earns too little; replicas 1..lo earn enough
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; float64(penalty*c.Use(mid)) > 1 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
