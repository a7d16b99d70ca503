package sizing

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
)

// largestExact is the largest number of servers for which the recursion is run: beyond it the limit of Halfin and Whitt
// differs from it by less than 1/500, and the recursion would take as many steps as there are servers.
const largestExact = 10_000

// ErlangB returns the share of arrivals that find all n servers busy and are turned away (M/M/n/n), where load is the
// arrival rate over the service rate of a server, 0 or more. With n = 0 it is 1.
//
// The recursion over n has positive terms only: no factorial, no overflow, no cancellation (Erlang 1917).
func ErlangB(n int, load float64) float64 {
	b := 1.0
	for k := 1; k <= n; k++ {
		b = float64(load*b) / (float64(k) + float64(load*b))
	}
	return b
}

// ErlangC returns the share of arrivals that have to wait for one of n servers (M/M/n), where load is the arrival rate
// over the service rate of a server. It is 1 where load is n or more: then the queue has no end.
func ErlangC(n int, load float64) float64 {
	switch {
	case !(load < float64(n)): // true for NaN
		return 1
	case load <= 0:
		return 0
	case n > largestExact:
		return HalfinWhitt((float64(n) - load) / math.Sqrt(load))
	}
	b := ErlangB(n, load)
	return float64(float64(n)*b) / (float64(n) - float64(load*(1-b)))
}

// HalfinWhitt returns the limit of ErlangC for many servers, of which there are beta square roots of the load more than
// the load: 1/(1 + beta Phi(beta)/phi(beta)), with the normal distribution and density (Halfin and Whitt 1981). It is 1 for beta
// of 0 and less.
func HalfinWhitt(beta float64) float64 {
	if !(beta > 0) {
		return 1
	}
	if beta > 9 { // less than 1e-17; the quotient below would leave the range of its series
		return 0
	}
	// Phi/phi = sqrt(pi/2) exp(beta^2/2) + beta + beta^3/3 + beta^5/(3 5) + ..., all of it positive.
	square := float64(beta * beta)
	sum := float64(math.Sqrt(math.Pi/2) * fp.Exp(float64(0.5*square)))
	term := beta
	for k := 3.0; term > float64(1e-17*sum); k += 2 {
		sum += term
		term = float64(term*square) / k
	}
	return 1 / (1 + float64(beta*sum))
}

// Queue is what is known of how requests are worked off.
type Queue struct {
	Workers int     // that serve at a time, 1 or more: of one replica, or of all that share one queue
	Service float64 // mean time that a worker takes for a request, seconds, above 0
	// Arrivals and Services are the squared coefficients of variation of the times between arrivals and of the service times:
	// 1 is what the exponential distribution has, 0 none at all. Their mean multiplies waiting times (Allen and Cunneen).
	Arrivals, Services float64
}

// burst is the factor of waiting times.
func (q Queue) burst() float64 { return float64(0.5 * (q.Arrivals + q.Services)) }

// Wait returns the mean time that a request waits for a worker at rate arrivals a second, infinity where they are too many.
func (q Queue) Wait(rate float64) float64 {
	n := float64(q.Workers)
	load := float64(rate * q.Service)
	if !(load < n) {
		return math.Inf(1)
	}
	return float64(ErlangC(q.Workers, load)*q.burst()*q.Service) / (n - load)
}

// Late returns the share of requests that wait for a worker longer than limit seconds at rate arrivals a second. With
// exponential times it is exact; else the waiting time of those that wait is taken as exponential with the mean of Wait.
func (q Queue) Late(rate, limit float64) float64 {
	n := float64(q.Workers)
	load := float64(rate * q.Service)
	if !(load < n) {
		return 1
	}
	c, burst := ErlangC(q.Workers, load), q.burst()
	if limit <= 0 {
		return c
	}
	if burst <= 0 {
		return 0
	}
	return float64(c * fp.Exp(-float64((n-load)*limit)/float64(q.Service*burst)))
}

// Utilisation returns the largest share of the workers' time, 0..1, at which at most a share late of the requests waits longer
// than limit seconds. It is found by bisection, some forty evaluations of Late: for when an objective changes, not for
// every step.
func (q Queue) Utilisation(limit, late float64) float64 {
	lo, hi := 0.0, 1.0
	full := float64(q.Workers) / q.Service
	for range 40 {
		if mid := float64(0.5 * (lo + hi)); q.Late(float64(mid*full), limit) <= late {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// Servers returns the smallest number of servers with which at most a share late of arrivals waits at all, 0 < late < 1, where
// load is the arrival rate over the service rate of a server. The square-root rule starts at most a few servers away.
func Servers(load, late float64) int {
	if !(load > 0) {
		return 0
	}
	lo, hi := 0.0, 9.0 // the inverse of HalfinWhitt
	for range 40 {
		if mid := float64(0.5 * (lo + hi)); HalfinWhitt(mid) > late {
			lo = mid
		} else {
			hi = mid
		}
	}
	n := int(math.Ceil(load + float64(hi*math.Sqrt(load))))
	for n > 1 && ErlangC(n-1, load) <= late {
		n--
	}
	for ErlangC(n, load) > late {
		n++
	}
	return n
}
