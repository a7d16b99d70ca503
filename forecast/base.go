package forecast

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

var (
	errSeries  = errors.New("snapshot has a series whose newest sample is not in its newest step")
	errDone    = errors.New("snapshot has a forecast that is ahead of its series")
	errBin     = errors.New("snapshot names a season bin that does not exist")
	errContext = errors.New("snapshot names an error context that does not exist")
)

// recentSteps is how far back the regression looks for recent peaks.
const recentSteps = 60

// base is what is known of demand without announced events, in replicas of demand: its level, its seasons and its recent
// values. All leads share it.
type base struct {
	step   int64 // nanoseconds
	level  level
	day    profile
	week   profile
	hour   profile
	recent [recentSteps]float32 // ring by step; NaN is a gap
	maxima [4]float64           // of the newest 4, 12, 30 and 60 steps
	low    float64              // smallest of recent, or nothing
	top    float64              // largest of recent
	origin int64                // start of step 0 in local seconds
	long   float64              // long-run mean
	age    float64              // values in it, up to a week of them
	square float64              // exponentially weighted squared error of expected
	blind  float64              // steps without a value lately, fading
	grain  float64              // one unit of a demand that is counted, in replicas; 0 for one that is measured
	slow   *slow                // nil where no lead is as long as a bin
	errors float64              // values in it, capped
}

var maximaSpans = [4]int64{4, 12, 30, 60}

// newBase sizes the profiles: at one-minute steps the usual hour has bins of a minute, the day of five and the week of
// thirty; of four times that, and of an hour for the week, in the compact form.
func newBase(step int64, seasons Seasons, compact bool) base {
	coarse, week := int64(1), int64(336)
	if compact {
		coarse, week = 4, 168*4
	}
	season := func(d Duration, bins int64, gain float64) profile {
		return newSeason(d, max(step/1e9, int64(d)/1e9*coarse/bins), gain)
	}
	b := base{
		step: step,
		low:  nothing,
		day:  season(seasons.Main, 288, 0.5),
		week: season(seasons.Long, week, 0.6),
		hour: season(seasons.Short, 60, 0.1),
	}
	for i := range b.recent {
		b.recent[i] = float32(math.NaN())
	}
	return b
}

// local returns the start of step k in seconds since 1970 on the local clock.
func (b *base) local(k int64) int64 {
	// Multiplied in nanoseconds, because a step need not be whole seconds; that overflows after 292 years.
	return b.origin + k*b.step/1e9
}

// expected returns the value that step k is expected to have, seen from the step before: the middle level, moved by the
// daily profile.
func (b *base) expected(k int64) float64 {
	delta, _ := b.day.change(b.local(k-1), b.local(k))
	return max(0, b.level.mid+delta)
}

// noise returns the variance of a step around what is expected of it: what was usual, and at least that of counting at
// the present level if what was usual is all counting.
func (b *base) noise() float64 { return float64(1.5*b.square) + 0.01 }

// update learns the value z of step k, of which expected was expected. learn says whether the value is ordinary.
func (b *base) update(k int64, z, expected float64, learn bool) {
	b.level.update(z)
	b.blind = float64(0.5 * b.blind)
	if b.blind < 0.5 {
		b.blind = 0
	}
	if learn {
		b.age = min(b.age+1, float64(7*86400e9)/float64(b.step))
		b.long += (z - b.long) / b.age
		e := z - expected
		if b.errors >= 10 {
			limit := float64(4*math.Sqrt(b.square)) + 0.3 // one burst must not make everything look usual
			e = max(-limit, min(e, limit))
		}
		b.errors = min(b.errors+1, 60)
		b.square += (float64(e*e) - b.square) / b.errors
	}
	if learn {
		sec := b.local(k)
		b.day.update(sec, z)
		b.week.update(sec, z)
		if b.level.slow > 0 {
			b.hour.update(sec, z/max(b.level.slow, 0.05))
		}
	}
	b.remember(k, float32(z))
	if b.slow != nil {
		b.slow.add(k, z, learn)
	}
}

// maxBlind is the steps of silence beyond which nothing is known any less.
const maxBlind = 1 << 16

// gap passes over step k, which has no value.
func (b *base) gap(k int64) {
	b.remember(k, float32(math.NaN()))
	// Each missing step takes one step's worth of trust from the levels: after half an hour of minutes they start anew.
	b.level.seen = max(0, b.level.seen-1)
	b.blind = min(b.blind+1, maxBlind)
	if b.slow != nil {
		b.slow.add(k, 0, false)
	}
}

// remember keeps the value of step k, NaN for a gap, and brings the recent maxima and the range up to date. A window is
// searched anew only when its largest value leaves it.
func (b *base) remember(k int64, v float32) {
	z, old := float64(v), b.at(k-recentSteps)
	b.recent[k%recentSteps] = v
	for s, span := range maximaSpans {
		left := old
		if span < recentSteps {
			left = b.at(k - span)
		}
		switch m := b.maxima[s]; {
		case z >= m:
			b.maxima[s] = z
		case left >= m: // false for NaN
			b.maxima[s] = b.largest(k, span)
		}
	}
	b.top = b.maxima[len(b.maxima)-1]
	switch {
	case z <= b.low:
		b.low = z
	case old <= b.low:
		b.low = b.smallest(k)
	}
}

// nothing is the smallest of no values.
const nothing = math.MaxFloat64

// at returns the value of recent step k, NaN for a gap.
func (b *base) at(k int64) float64 {
	if k < 0 {
		return math.NaN()
	}
	return float64(b.recent[k%recentSteps])
}

// largest returns the largest of the n recent values up to step k, 0 if there is none.
func (b *base) largest(k, n int64) float64 {
	var m float64
	for i := k - n + 1; i <= k; i++ {
		if z := b.at(i); z > m { // false for NaN
			m = z
		}
	}
	return m
}

// smallest returns the smallest recent value, or nothing if there is none.
func (b *base) smallest(k int64) float64 {
	m := nothing
	for i := k - recentSteps + 1; i <= k; i++ {
		if z := b.at(i); z < m { // false for NaN
			m = z
		}
	}
	return m
}

// features fills the regressors for a forecast from step k to step target, not yet divided by the level, and the
// forecasts of the simple experts.
func (b *base) features(x *[numFeatures]float64, expert *[NumExperts]float64, k, target int64) {
	now, then := b.local(k), b.local(target)
	dDay, day := b.day.change(now, then)
	dWeek, week := b.week.change(now, then)
	h0, ok0 := b.hour.value(now)
	h1, ok1 := b.hour.value(then)
	if !ok0 || !ok1 {
		h0, h1 = 1, 1
	}
	l := &b.level
	*x = [numFeatures]float64{
		l.norm() * 0.1, l.now, l.fast, l.mid, l.slow,
		dDay, day, dWeek, week,
		float64(h1 * l.slow), float64(h0 * l.slow),
		b.maxima[0], b.maxima[1], b.maxima[2], b.maxima[3],
	}
	for i := range expert {
		expert[i] = math.NaN()
	}
	expert[ByPersistence] = l.now
	expert[ByLevel] = l.fast
	expert[BySeason] = max(0, l.mid+dDay)
	if v, ok := b.day.value(then); ok {
		expert[ByMain] = v
	}
	if v, ok := b.week.value(then); ok {
		expert[ByLong] = v
	}
	if b.slow == nil {
		return
	}
	if w := b.slow.index(target); w >= 0 {
		for i := range b.slow.ahead {
			expert[int(numFast)+i] = float64(b.slow.ahead[i][w])
		}
	}
}

// context classifies the present for the shape of errors: is the newest value above, near or below its level, and the
// level above, near or below its past; nearly idle series have contexts of their own.
func (b *base) context() int {
	l := &b.level
	if l.mid < 0.5 {
		switch {
		case l.now < 0.25:
			return 9
		case l.now < 1:
			return 10
		}
		return 11
	}
	return 3*third(l.now, l.mid, 0.8, 1.25) + third(l.mid, l.slow, 0.85, 1.18)
}

// third returns 0, 1 or 2 as a/b is below lo, between, or above hi.
func third(a, b, lo, hi float64) int {
	switch {
	case a < float64(lo*b):
		return 0
	case a > float64(hi*b):
		return 2
	}
	return 1
}

func (b *base) fields(c *state.Codec) {
	b.level.fields(c)
	b.day.fields(c)
	b.week.fields(c)
	b.hour.fields(c)
	c.Values32(b.recent[:])
	c.Float64s(b.maxima[:])
	c.Float64(&b.low)
	c.Float64(&b.top)
	c.Int64(&b.origin)
	c.Float64(&b.long)
	c.Float64(&b.age)
	c.Float64(&b.square)
	c.Float64(&b.errors)
	c.Float64(&b.blind)
	c.Float64(&b.grain)
	if b.slow != nil {
		b.slow.fields(c)
		b.slow.zone(b.origin)
	}
}
