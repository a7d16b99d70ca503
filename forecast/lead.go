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

	location rls[float32]
	spread   rls[float32]
	errs     shape
	mix      mix
	absFast  float64 // exponentially weighted absolute errors
	absSlow  float64
	absSeen  float64
	absHour  profile // absolute error by minute of the hour
	absDay   profile // absolute error by half hour of the day

	now     prospect  // the newest forecast
	pending []origin  // ring by step/stride
	experts []float32 // what the experts said, by place in pending and expert; NaN from one that slept
}

// prospect is a forecast of one step.
type prospect struct {
	target int64   // step; -1 before the first
	mean   float64 // location in replicas of demand
	scale  float64 // of errors
	ctx    int     // context of the shape of errors
}

// origin is a forecast as it was made, kept until its target is known. Single precision is plenty for what is learned from
// it, and there are many.
type origin struct {
	target int64 // step; -1 if none
	x      [numFeatures]float32
	v      [numScale]float32
	limit  float32 // beyond which a forecast is absurd
	norm   float32
	mean   float32
	scale  float32
	ctx    uint8
}

// newLead returns a lead of so many steps; step is their length in seconds.
func newLead(steps int64, step int64, cfg *Config, slow *slow) lead {
	n := min(steps, maxPending)
	experts := int(numFast)
	if slow != nil && steps >= slow.per {
		experts = int(NumExperts)
	}
	shapes := contexts
	if cfg.Compact {
		shapes = 0
	}
	l := lead{
		steps:    steps,
		stride:   (steps + n - 1) / n,
		location: newRLS[float32](numFeatures, 0.9995, 6, 0.05),
		spread:   newRLS[float32](numScale, 0.9995, 6, 0.05),
		mix:      newMix(experts, cfg.Without),
		errs:     newShape(shapes, (steps+n-1)/n, n),
		absHour:  newSeason(cfg.Seasons.Short, max(60, step), 0.1),
		absDay:   newSeason(cfg.Seasons.Main, max(1800, step), 0.2),
		pending:  make([]origin, n),
		experts:  make([]float32, int(n)*experts),
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

// ask fills in what the regressions look at, in parts of norm, and what each expert says in step k of the step at the end
// of the lead; beyond limit a forecast is absurd.
func (l *lead) ask(b *base, k int64, x *[numFeatures]float64, expert *[NumExperts]float64) (norm, limit float64) {
	norm = b.level.norm()
	b.features(x, expert, k, k+l.steps)
	inv := 1 / norm
	for i := range x {
		x[i] *= inv
	}
	// A regression may leave the range of the last hour, but not by more than half of it: where it has never been it
	// extrapolates, and a step up would be answered with twice of what came.
	room := float64(0.5*(b.top-b.low)) + 1
	expert[ByRegression] = max(max(0, b.low-room), min(float64(norm*l.location.predict(x[:])), b.top+room))
	return norm, float64(absurd * (norm + b.top))
}

// predict makes the forecast from step k.
func (l *lead) predict(b *base, k int64) {
	var (
		x      [numFeatures]float64
		expert [NumExperts]float64
	)
	o := &l.now
	o.target = k + l.steps
	norm, limit := l.ask(b, k, &x, &expert)
	inv := 1 / norm
	m := l.mix.blend(&expert, limit)
	o.mean = m

	if l.absSeen == 0 {
		l.absFast, l.absSlow, l.absSeen = float64(guess*norm), float64(guess*norm), guessWeight
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
	v := [numScale]float64{1, fast, slow, m, math.Sqrt(m), math.Abs(b.level.now - b.level.mid), hour, day}
	for i := 1; i < numScale; i++ {
		v[i] *= inv
	}
	s := float64(norm * l.spread.predict(v[:]))
	s = max(float64(0.25*slow)+0.03, min(s, float64(60*slow)+1))
	// Counts vary by as much as they would if nobody could know more than their mean (Poisson); the mean absolute
	// deviation is 0.8 of the standard deviation.
	s = max(s, float64(0.8*math.Sqrt(float64(m*b.grain))))
	o.scale = float64(s * widen(b.blind, float64(l.steps)))
	o.ctx = b.context()
	if k%l.stride != 0 {
		return
	}
	i := int((k / l.stride) % int64(len(l.pending)))
	p := &l.pending[i]
	p.target, p.ctx = o.target, uint8(o.ctx)
	p.limit, p.norm, p.mean, p.scale = float32(limit), float32(norm), float32(m), float32(o.scale)
	for j, v := range x {
		p.x[j] = float32(v)
	}
	for j, v := range v {
		p.v[j] = float32(v)
	}
	for j, said := 0, l.said(i); j < len(said); j++ {
		said[j] = float32(expert[j])
	}
}

// widen is the factor by which errors grow with steps of not knowing, beside the steps of a lead: as those of a random
// walk do, but by a quarter at most: a hole is more often a night than a storm, and who widens further orders capacity into
// the silence (bank_calls, whose nights are holes: J/OPT 1.652 without, 1.655 so, 1.715 at a factor of 2, 2.174 at 8).
func widen(blind, steps float64) float64 {
	if blind <= 0 {
		return 1
	}
	return min(1.25, math.Sqrt(1+blind/steps))
}

// score learns from the value z of step k whatever forecast was made for it.
func (l *lead) score(b *base, k int64, z float64) {
	from := k - l.steps
	if from < 0 || from%l.stride != 0 {
		return
	}
	i := int((from / l.stride) % int64(len(l.pending)))
	o := &l.pending[i]
	if o.target != k {
		return
	}
	var (
		x    [numFeatures]float64
		v    [numScale]float64
		norm = float64(o.norm)
	)
	for j, f := range o.x {
		x[j] = float64(f)
	}
	for j, f := range o.v {
		v[j] = float64(f)
	}
	e := z - float64(o.mean)
	abs := math.Abs(e)
	l.errs.update(int(o.ctx), e/float64(o.scale))
	l.spread.update(v[:], abs/norm)
	l.absHour.update(b.local(k), abs)
	l.absDay.update(b.local(k), abs)
	l.absSeen = min(l.absSeen+1, 50)
	l.absFast += float64(max(0.2, 1/l.absSeen) * (abs - l.absFast))
	l.absSlow += (abs - l.absSlow) / l.absSeen
	l.location.update(x[:], z/norm)
	l.mix.learn(l.said(i), z, float64(o.limit))
	o.target = -1
}

// said returns what the experts said in the pending forecast i.
func (l *lead) said(i int) []float32 {
	n := len(l.mix.rivals)
	return l.experts[i*n : i*n+n]
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
	c.Values32(l.experts)
}

func (p *prospect) fields(c *state.Codec) {
	c.Int64(&p.target)
	c.Float64(&p.mean)
	c.Float64(&p.scale)
	c.Int(&p.ctx)
	if c.Reading() && (p.ctx < 0 || p.ctx >= contexts) {
		c.Fail(errContext)
		p.ctx = 0
	}
}

func (o *origin) fields(c *state.Codec) {
	c.Int64(&o.target)
	for i := range o.x {
		c.Float32(&o.x[i])
	}
	for i := range o.v {
		c.Float32(&o.v[i])
	}
	c.Float32(&o.limit)
	c.Float32(&o.norm)
	c.Float32(&o.mean)
	c.Float32(&o.scale)
	c.Byte(&o.ctx)
	if c.Reading() && o.ctx >= contexts {
		c.Fail(errContext)
		o.ctx = 0
	}
}
