package policy

import (
	"math"
	"time"
)

// Factor returns what demand must be multiplied with for the expected use of the k-th replica (k >= 1) to be use, above 0
// and below 1; infinity where no demand is expected at all. It is the question of Count asked backwards, in about fifty
// evaluations of Use: for people who want to know, not for the way of a decision.
func (c *Curve) Factor(k int, use float64) float64 {
	if c.x[c.n] <= 0 {
		return math.Inf(1)
	}
	// Demand times f leaves f times what demand leaves above the same height over f; use rises with f.
	at := func(f float64) float64 {
		return float64(f * (c.Beyond(float64(k-1)/f) - c.Beyond(float64(k)/f)))
	}
	lo, hi := 0.0, 1.0
	for at(hi) <= use {
		lo, hi = hi, 2*hi
		if hi > maxReplicas {
			return math.Inf(1)
		}
	}
	for range 50 {
		if mid := float64(0.5 * (lo + hi)); at(mid) <= use {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// Turn is where a policy of the race turns from one count to another.
type Turn struct {
	Demand   float64 // a little more wants another replica, or a little less releases one; 0 or infinity where none does
	Measured bool    // Demand is that of the newest closed step; else it is the median at the step in which an order serves, with the rest of the distribution in proportion
}

// TurnUp returns the demand above which a policy of the race, at n replicas, wants one more. c is the distribution of
// demand at the step in which an order serves, in replicas, capacity what one of them carries; penalty and release are as
// in Newsvendor. What a policy holds from earlier steps is not looked at, and nothing is known of Today.
func TurnUp(shadow int, c *Curve, capacity, penalty, release float64, n int) Turn {
	if shadow == Today {
		return Turn{math.Inf(1), true}
	}
	r := &rivals[shadow]
	if r.family == FamilyHPA {
		p := r.params()
		// Up to the tolerance nothing happens; beyond it the count that meets the target is more than n in any case.
		return Turn{float64(float64(n)*capacity) * float64(p.Target*(1+p.Tolerance)), true}
	}
	low, _ := r.penalties(penalty, release)
	return Turn{float64(c.median() * capacity * c.Factor(n+1, 1/low)), false}
}

// TurnDown returns the demand below which a policy of the race, at n replicas, wants no more than to of them, 1 <= to < n. The
// arguments are those of TurnUp.
func TurnDown(shadow int, c *Curve, capacity, penalty, release float64, n, to int) Turn {
	if shadow == Today {
		return Turn{0, true}
	}
	r := &rivals[shadow]
	if r.family == FamilyHPA {
		p := r.params()
		return Turn{float64(p.Target*capacity) * math.Min(float64(to), float64(float64(n)*(1-p.Tolerance))), true}
	}
	_, high := r.penalties(penalty, release)
	return Turn{float64(c.median() * capacity * c.Factor(to+1, 1/high)), false}
}

// penalties returns those whose newsvendor counts are the ends of a band.
func (r *rival) penalties(penalty, release float64) (low, high float64) {
	if r.half {
		penalty = float64(0.5 * penalty)
	}
	if !r.wide {
		release = 1
	}
	return penalty, float64(penalty * release)
}

// median returns the demand, in replicas, that is exceeded half of the time.
func (c *Curve) median() float64 {
	for i := 1; i <= c.n; i++ {
		if c.over[i] > 0.5 {
			continue
		}
		part := (c.over[i-1] - 0.5) / (c.over[i-1] - c.over[i])
		return c.x[i-1] + float64(part*(c.x[i]-c.x[i-1]))
	}
	return c.x[c.n]
}

// LooksBack returns for how long before a release a policy of the race must have wanted no more, where bands hold for the
// given time.
func LooksBack(shadow int, hold, step time.Duration) time.Duration {
	if shadow == Today {
		return 0
	}
	switch r := &rivals[shadow]; {
	case r.family == FamilyHPA:
		return r.window
	case r.held:
		return heldTimes*hold - step
	}
	return hold - step
}
