package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/state"
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
	mix      mix
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
	expert [NumExperts]float32
	limit  float64 // beyond which a forecast is absurd
	norm   float64
	mean   float64 // location in replicas of demand
	scale  float64
	ctx    int
}

// newLead returns a lead of so many steps; step is their length in seconds.
func newLead(steps int64, step int64, cfg *Config) lead {
	n := min(steps, maxPending)
	l := lead{
		steps:    steps,
		stride:   (steps + n - 1) / n,
		location: newRLS(numFeatures, 0.9995, 6, 0.05),
		spread:   newRLS(numScale, 0.9995, 6, 0.05),
		mix:      newMix(cfg.Without),
		errs:     newShape((steps+n-1)/n, n),
		absHour:  newSeason(cfg.Seasons.Short, max(60, step), 0.1),
		absDay:   newSeason(cfg.Seasons.Main, max(1800, step), 0.2),
		pending:  make([]origin, n+1),
	}
	for i := range l.pending {
		l.pending[i].target = -1
	}
	l.now.target = -1
	l.location.theta[2] = 1 // begin as the fast level
	l.spread.theta[1], l.spread.theta[2] = 0.5, 0.5
	return l
}

// A lead begins as if it had made guessWeight errors of guess times the level. Without them a few lucky forecasts would be
// taken for certainty, and the first ordinary error for a sensation.
const (
	guess       = 0.06
	guessWeight = 8
)

// absurd is how many times what was seen lately a forecast may be.
const absurd = 1e3

// predict makes the forecast from step k.
func (l *lead) predict(b *base, k int64) {
	var expert [NumExperts]float64
	o := &l.now
	o.target = k + l.steps
	o.norm = b.level.norm()
	b.features(&o.x, &expert, k, o.target)
	inv := 1 / o.norm
	for i := range o.x {
		o.x[i] *= inv
	}
	// A regression may leave the range of the last hour, but not by more than half of it: where it has never been it
	// extrapolates, and a step up would be answered with twice of what came.
	room := float64(0.5*(b.top-b.low)) + 1
	expert[ByRegression] = math.Max(math.Max(0, b.low-room), math.Min(float64(o.norm*l.location.predict(o.x[:])), b.top+room))
	o.limit = float64(absurd * (o.norm + b.top))
	m := l.mix.blend(&expert, o.limit)
	o.mean = m
	for i, v := range expert {
		o.expert[i] = float32(v)
	}

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
	s = math.Max(float64(0.25*slow)+0.03, math.Min(s, float64(60*slow)+1))
	// Counts vary by as much as they would if nobody could know more than their mean (Poisson); the mean absolute
	// deviation is 0.8 of the standard deviation.
	s = math.Max(s, float64(0.8*math.Sqrt(float64(m*b.grain))))
	o.scale = float64(s * widen(b.blind, float64(l.steps)))
	o.ctx = b.context()
	if k%l.stride == 0 {
		l.pending[(k/l.stride)%int64(len(l.pending))] = *o
	}
}

// widen is the factor by which errors grow with steps of not knowing, beside the steps of a lead: as those of a random
// walk do, but by a quarter at most: a hole is more often a night than a storm, and who widens further pays for it (bank_calls,
// whose nights are holes, costs a third more at a factor of 2).
func widen(blind, steps float64) float64 {
	if blind <= 0 {
		return 1
	}
	return math.Min(1.25, math.Sqrt(1+blind/steps))
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
	l.mix.learn(&o.expert, z, o.limit)
	o.target = -1
}

func (l *lead) fields(c *state.Codec) {
	l.location.fields(c)
	l.spread.fields(c)
	l.errs.fields(c)
	l.mix.fields(c)
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
	for i := range o.expert {
		c.Value32(&o.expert[i])
	}
	c.Float64(&o.limit)
	c.Float64(&o.norm)
	c.Float64(&o.mean)
	c.Float64(&o.scale)
	c.Int(&o.ctx)
	if c.Reading() && (o.ctx < 0 || o.ctx >= contexts) {
		c.Fail(errContext)
		o.ctx = 0
	}
}
