package forecast

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// The covariates of an amplitude, in this order, and then the labels, one slot for each value that has been seen.
const (
	covIntercept = iota
	covWeight    // ln(weight) less that of a usual event
	covMorning   // waves over the day, a quarter apart
	covNoon
	covBase   // ln of ordinary demand at the time less its long-run value
	covRecent // what the last event with the same first label showed beyond expectation, fading over a day
	numFixed
	numSlots = 56
	numCov   = numFixed + numSlots
)

// maxLabels is the number of labels of an event that count; the pair of the first two is one more covariate.
const maxLabels = 6

// noises are the standard deviations of ln(amplitude) around its regression that are weighed against each other.
var noises = [...]float64{.3, .45, .7, 1, 1.5, 2.2}

// amplitude is what is known of the size of the events of one kind: a Bayesian linear regression of ln(size) on
// covariates, whose residual spread is a mixture weighed by evidence. Size is relative to what the Kind says.
type amplitude struct {
	mean  [numCov]float64
	cov   [numCov * numCov]float64
	noise [len(noises)]float64 // weights, sum 1
	trust float64              // events that showed something, with the prior's
	seen  float64              // events that ended, with the prior's

	slots  [numSlots]uint64 // hash of each label value that has a slot, 0 = free
	recent [numSlots]struct {
		residual float64
		at       int64 // unix nanoseconds
	}
}

// drift is added to the variance of each coefficient at each event, so that the regression never stops learning.
const drift = 0.0002

func newAmplitude(k *Kind) *amplitude {
	// One announcement in two hundred comes to nothing for reasons of its own; that small events are small is for the
	// regression to say, which knows their labels.
	a := &amplitude{trust: 199, seen: 200}
	prior := func(i int, mean, sd float64) {
		a.mean[i] = mean
		a.cov[i*numCov+i] = float64(sd * sd)
	}
	// Half of the variance that a kind is said to have is that of its mean, half is noise.
	prior(covIntercept, 0, float64(k.Spread*math.Sqrt(0.5)))
	prior(covWeight, k.WeightPower, 0.4)
	prior(covMorning, 0, 0.3)
	prior(covNoon, 0, 0.3)
	prior(covBase, 0.3, 0.5)
	prior(covRecent, 0.3, 0.3)
	for i := numFixed; i < numCov; i++ {
		prior(i, 0, 0.5)
	}
	var sum float64
	for i, s := range noises {
		e := fp.Log(s / float64(0.6*k.Spread))
		a.noise[i] = fp.Exp(float64(-2 * float64(e*e)))
		sum += a.noise[i]
	}
	for i := range a.noise {
		a.noise[i] /= sum
	}
	return a
}

// slot returns the slot of a label value, giving it one if there is room, or -1.
func (a *amplitude) slot(hash uint64) int {
	if hash == 0 {
		hash = 1
	}
	for i := range a.slots {
		switch a.slots[i] {
		case hash:
			return i
		case 0:
			a.slots[i] = hash
			return i
		}
	}
	return -1
}

// hashText is FNV-1a, continued from h.
func hashText(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

const hashBegin = 14695981039346656037

// factors are the covariates of one event: the values of the fixed ones, and the slots of its labels.
type factors struct {
	fixed [numFixed]float64
	slot  [maxLabels + 1]int8 // -1 = none
	first int8                // slot of the first label, which groups events for covRecent
}

// label fills in the slots of the labels.
func (x *factors) label(a *amplitude, labels []Label) {
	for i := range x.slot {
		x.slot[i] = -1
	}
	x.first = -1
	var pair uint64 = hashBegin
	for i, l := range labels {
		if i == maxLabels {
			break
		}
		h := hashText(hashText(hashText(hashBegin, l.Key), "\x00"), l.Value)
		x.slot[i] = int8(a.slot(h))
		if i == 0 {
			x.first = x.slot[0]
		}
		if i < 2 {
			pair = hashText(hashText(hashText(pair, l.Key), "\x01"), l.Value)
		}
	}
	if len(labels) >= 2 {
		x.slot[maxLabels] = int8(a.slot(pair))
	}
}

// each calls f for every covariate that is not zero. f must not escape; the compiler then keeps it off the heap.
func (x *factors) nonzero(dst *[numFixed + maxLabels + 1]term) []term {
	n := 0
	for i, v := range x.fixed {
		if v != 0 {
			dst[n] = term{i, v}
			n++
		}
	}
	for _, s := range x.slot {
		if s >= 0 {
			dst[n] = term{numFixed + int(s), 1}
			n++
		}
	}
	return dst[:n]
}

// term is one covariate of an event that is not zero.
type term struct {
	i int
	v float64
}

// predict returns the mean and the variance of ln(size), without the noise.
func (a *amplitude) predict(x *factors) (mean, variance float64) {
	var buf [numFixed + maxLabels + 1]term
	terms := x.nonzero(&buf)
	for _, t := range terms {
		mean += float64(t.v * a.mean[t.i])
		for _, u := range terms {
			variance += float64(float64(t.v*u.v) * a.cov[t.i*numCov+u.i])
		}
	}
	return mean, variance
}

// learn takes an estimate y of ln(size) with variance v of an event that ended, at nano. shown is the probability that it
// showed anything at all.
func (a *amplitude) learn(x *factors, y, v, shown float64, nano int64) {
	a.seen = float64(0.995*a.seen) + 1
	a.trust = float64(0.995*a.trust) + shown
	if shown < 0.5 {
		return // how large it would have been, had it come, is not known
	}
	mean, variance := a.predict(x)
	e := y - mean
	// The weights of the noises by evidence, with forgetting.
	var sum, noise float64
	for i, s := range noises {
		t := variance + v + float64(s*s)
		like := fp.Exp(float64(-0.5*(float64(e*e)/t))) / math.Sqrt(t)
		a.noise[i] = float64((float64(0.98*a.noise[i])+0.02/float64(len(noises)))*like) + 1e-12
		sum += a.noise[i]
	}
	for i, s := range noises {
		a.noise[i] /= sum
		noise += float64(a.noise[i] * float64(s*s))
	}
	// Kalman update of the coefficients.
	var buf [numFixed + maxLabels + 1]term
	terms := x.nonzero(&buf)
	var px [numCov]float64
	for i := range px {
		for _, t := range terms {
			px[i] += float64(a.cov[i*numCov+t.i] * t.v)
		}
	}
	d := 1 / (variance + v + noise)
	for i := range px {
		k := float64(px[i] * d)
		a.mean[i] += float64(k * e)
		for j := range px {
			a.cov[i*numCov+j] -= float64(k * px[j])
		}
	}
	for _, t := range terms {
		a.cov[t.i*numCov+t.i] += drift
	}
	if x.first >= 0 {
		r := &a.recent[x.first]
		r.residual, r.at = max(-2, min(e, 2)), nano
	}
}

// last returns what the last event with the same first label showed beyond expectation, fading over a day.
func (a *amplitude) last(x *factors, nano int64) float64 {
	if x.first < 0 {
		return 0
	}
	r := &a.recent[x.first]
	if r.at == 0 || nano < r.at {
		return 0
	}
	return float64(r.residual * fp.Exp(-float64(nano-r.at)/86400e9))
}

var errSlot = errors.New("snapshot names a label slot that does not exist")

func (a *amplitude) fields(c *state.Codec) {
	c.Float64s(a.mean[:])
	c.Float64s(a.cov[:])
	c.Float64s(a.noise[:])
	c.Float64(&a.trust)
	c.Float64(&a.seen)
	for i := range a.slots {
		c.Uint64(&a.slots[i])
		c.Float64(&a.recent[i].residual)
		c.Int64(&a.recent[i].at)
	}
}

func (x *factors) fields(c *state.Codec) {
	c.Float64s(x.fixed[:])
	slot := func(s *int8) {
		v := byte(*s)
		c.Byte(&v)
		*s = int8(v)
		if c.Reading() && (*s < -1 || *s >= numSlots) {
			c.Fail(errSlot)
			*s = -1
		}
	}
	for i := range x.slot {
		slot(&x.slot[i])
	}
	slot(&x.first)
}
