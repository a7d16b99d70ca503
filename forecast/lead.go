package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// The experts that a lead mixes, in this order.
const (
	byPersistence = iota // the newest value
	byLevel              // the fast level
	bySeason             // the middle level moved by the change of the daily profile until the target
	byDay                // what the daily profile has for the target
	byWeek               // what the weekly profile has for the target
	byRegression         // the direct regression on all of that
	numExperts
)

// numFeatures and numScale are the sizes of the two regressions of a lead.
const (
	numFeatures = 15
	numScale    = 8
)

// maxPending bounds the forecasts that wait for their target: with a lead of more steps than that only every second,
// third, ... one is scored.
const maxPending = 16

// lead is the forecast at one number of steps ahead, with all that it learns from its own delayed errors: a regression
// straight to the target step (direct, not iterated, so that errors do not compound), the weights of the experts, the
// scale of the errors and their shape.
type lead struct {
	steps  int64
	stride int64

	location rls
	spread   rls
	errs     shape
	loss     [numExperts]float64
	weight   [numExperts]float64
	absFast  float64 // exponentially weighted absolute errors
	absSlow  float64
	absSeen  float64
	absHour  profile // absolute error by minute of the hour
	absDay   profile // absolute error by half hour of the day

	now     origin   // the newest forecast
	pending []origin // ring by origin/stride
}

// origin is a forecast as it was made, kept until its target is known.
type origin struct {
	target int64 // step; -1 if none
	x      [numFeatures]float64
	v      [numScale]float64
	expert [numExperts]float64
	norm   float64
	mean   float64 // location in replicas of demand
	scale  float64
	ctx    int
}

func newLead(steps int64, step int64) lead {
	n := min(steps, maxPending)
	l := lead{
		steps:    steps,
		stride:   (steps + n - 1) / n,
		location: newRLS(numFeatures, 0.9995, 6, 0.05),
		spread:   newRLS(numScale, 0.9995, 6, 0.05),
		errs:     newShape(),
		absHour:  newProfile(3600, max(60, step), 0.1),
		absDay:   newProfile(86400, max(1800, step), 0.2),
		pending:  make([]origin, n+1),
	}
	for i := range l.pending {
		l.pending[i].target = -1
	}
	l.now.target = -1
	l.location.theta[2] = 1 // begin as the fast level
	l.spread.theta[1], l.spread.theta[2] = 0.5, 0.5
	for i := range l.weight {
		l.weight[i] = 1. / numExperts
	}
	return l
}

// A lead begins as if it had made guessWeight errors of guess times the level. Without them a few lucky forecasts would be
// taken for certainty, and the first ordinary error for a sensation.
const (
	guess       = 0.06
	guessWeight = 8
)

// predict makes the forecast from step k.
func (l *lead) predict(b *base, k int64) {
	o := &l.now
	o.target = k + l.steps
	o.norm = b.level.norm()
	b.features(&o.x, &o.expert, k, o.target)
	inv := 1 / o.norm
	for i := range o.x {
		o.x[i] *= inv
	}
	// A regression may leave the range of the last hour, but not by more than half of it: where it has never been it
	// extrapolates, and a step up would be answered with twice of what came.
	room := float64(0.5*(b.top-b.low)) + 1
	o.expert[byRegression] = math.Max(math.Max(0, b.low-room), math.Min(float64(o.norm*l.location.predict(o.x[:])), b.top+room))
	var m float64
	for i, w := range l.weight {
		m += float64(w * o.expert[i])
	}
	o.mean = m

	if l.absSeen == 0 {
		l.absFast, l.absSlow, l.absSeen = float64(guess*o.norm), float64(guess*o.norm), guessWeight
	}
	fast, slow := l.absFast, l.absSlow
	hour, ok := l.absHour.value(b.local(o.target))
	if !ok {
		hour = slow
	}
	day, ok := l.absDay.value(b.local(o.target))
	if !ok {
		day = slow
	}
	o.v = [numScale]float64{1, fast, slow, m, math.Sqrt(m), math.Abs(b.level.now - b.level.mid), hour, day}
	for i := 1; i < numScale; i++ {
		o.v[i] *= inv
	}
	s := float64(o.norm * l.spread.predict(o.v[:]))
	o.scale = math.Max(float64(0.25*slow)+0.03, math.Min(s, float64(60*slow)+1))
	o.ctx = b.context()
	if k%l.stride == 0 {
		l.pending[(k/l.stride)%int64(len(l.pending))] = *o
	}
}

// score learns from the value z of step k whatever forecast was made for it.
func (l *lead) score(b *base, k int64, z float64) {
	from := k - l.steps
	if from < 0 || from%l.stride != 0 {
		return
	}
	o := &l.pending[(from/l.stride)%int64(len(l.pending))]
	if o.target != k {
		return
	}
	e := z - o.mean
	abs := math.Abs(e)
	l.errs.update(o.ctx, e/o.scale)
	l.spread.update(o.v[:], abs/o.norm)
	l.absHour.update(b.local(k), abs)
	l.absDay.update(b.local(k), abs)
	l.absSeen = math.Min(l.absSeen+1, 50)
	l.absFast += float64(math.Max(0.2, 1/l.absSeen) * (abs - l.absFast))
	l.absSlow += (abs - l.absSlow) / l.absSeen
	l.location.update(o.x[:], z/o.norm)
	l.reweigh(o, z)
	o.target = -1
}

// reweigh moves the weights of the experts by their discounted absolute errors, relative to the best of them:
// w ~ exp(-15 (L/L_best - 1)). An error that is not finite teaches nothing.
func (l *lead) reweigh(o *origin, z float64) {
	best := math.Inf(1)
	for i := range l.loss {
		if e := math.Abs(z - o.expert[i]); !math.IsNaN(e) && !math.IsInf(e, 0) {
			l.loss[i] = float64(0.99*l.loss[i]) + float64(0.01*e)
		}
		best = math.Min(best, l.loss[i])
	}
	var sum float64
	for i := range l.weight {
		w := 1.0
		if best > 0 {
			w = fp.Exp(-15 * (l.loss[i]/best - 1))
		}
		l.weight[i] = w + 1e-3
		sum += l.weight[i]
	}
	for i := range l.weight {
		l.weight[i] /= sum
	}
}

func (l *lead) fields(c *state.Codec) {
	l.location.fields(c)
	l.spread.fields(c)
	l.errs.fields(c)
	c.Float64s(l.loss[:])
	c.Float64s(l.weight[:])
	c.Float64(&l.absFast)
	c.Float64(&l.absSlow)
	c.Float64(&l.absSeen)
	l.absHour.fields(c)
	l.absDay.fields(c)
	l.now.fields(c)
	if c.Len(len(l.pending)) {
		for i := range l.pending {
			l.pending[i].fields(c)
		}
	}
}

func (o *origin) fields(c *state.Codec) {
	c.Int64(&o.target)
	c.Float64s(o.x[:])
	c.Float64s(o.v[:])
	c.Float64s(o.expert[:])
	c.Float64(&o.norm)
	c.Float64(&o.mean)
	c.Float64(&o.scale)
	c.Int(&o.ctx)
	if c.Reading() && (o.ctx < 0 || o.ctx >= contexts) {
		c.Fail(errContext)
		o.ctx = 0
	}
}
