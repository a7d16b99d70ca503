package fit

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// civil are the periods by which people and their machines live, whole parts of an hour, a day and a week: within the
// resolution of the history they are taken for what is meant.
var civil = [...]time.Duration{
	30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 8 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour,
}

// grid is what a history can tell about periods. Periods are in steps.
type grid struct {
	n    int // steps
	step forecast.Duration
}

// most is the longest period that is looked for.
func (g grid) most() int { return g.n / leastCycles }

// near says whether two periods cannot be told apart: the lines of n steps are 1/n apart.
func (g grid) near(a, b float64) bool {
	return math.Abs(a-b) <= math.Max(0.5, a*b/(2*float64(g.n)))
}

// civil returns the civil period that cannot be told from period.
func (g grid) civil(period float64) (float64, bool) {
	for _, c := range civil {
		if steps := float64(c) / float64(g.step); steps >= 3 && g.near(period, steps) {
			return steps, true
		}
	}
	return period, false
}

// natural says whether a period is an hour, a day or a week.
func (g grid) natural(period float64) bool {
	d := time.Duration(math.Round(period * float64(g.step)))
	return d == time.Hour || d == 24*time.Hour || d == 7*24*time.Hour
}

// known says whether a period is that of a season that was found before, or within a tenth of it: where a day grows from
// week to week its line has sidelines.
func (g grid) known(period float64, before []Season) bool {
	return slices.ContainsFunc(before, func(b Season) bool {
		steps := float64(b.Period) / float64(g.step)
		return g.near(period, steps) || math.Abs(period-steps) < 0.1*steps
	})
}

// harmonic says whether a period is a whole part of one that was found before, and not half an hour, an hour, a day or a
// week in its own right.
func (g grid) harmonic(period float64, before []Season) bool {
	if c, ok := g.civil(period); ok && (g.natural(c) || g.natural(2*c) && c*float64(g.step) < float64(time.Hour)) {
		return false
	}
	return slices.ContainsFunc(before, func(b Season) bool {
		steps := float64(b.Period) / float64(g.step)
		times := math.Round(steps / period)
		return times >= 2 && math.Abs(period-steps/times) <= period*period/float64(g.n)
	})
}

// confirmed says whether the autocorrelation r has a hill at a period.
func (g grid) confirmed(r []float64, period float64) bool {
	reach := math.Max(1, math.Min(2*period*period/float64(g.n)+3, period/4))
	_, _, ok := hill(r, int(period-reach), int(math.Ceil(period+reach)), 2/math.Sqrt(float64(g.n)))
	return ok
}

// settle returns what to call the season that was found at period, its strength, and the variance of x that it explains. An
// hour, a day or a week of which period is a part is taken if it explains more than period does, and one that is a part of
// period if it explains at least half as much: what recurs every two hours is mostly hourly.
func (g grid) settle(x []float64, period float64) (best, strength, explained float64) {
	measure := func(p float64) (strength, explained float64) {
		cycle := around(x, int(math.Round(p)))
		strength = fold(cycle, p)
		return strength, strength * variance(cycle)
	}
	best = period
	strength, explained = measure(period)
	if g.natural(period) {
		return best, strength, explained
	}
	if _, is := g.civil(period); !is { // a wrong period drifts through the phases: the right one is the one that folds best
		reach := math.Ceil(math.Max(1, period*period/float64(8*g.n))) // the parabola knows a strong line to a quarter of the resolution
		stride := math.Ceil(reach / 8)
		for p := period - reach; p <= period+reach; p += stride {
			if s, e := measure(p); p >= 3 && s > strength {
				best, strength, explained = p, s, e
			}
		}
		period = best
	}
	for _, c := range civil {
		n := float64(c) / float64(g.step)
		if !g.natural(n) || n < 3 || n > float64(g.most()) {
			continue
		}
		whole := func(v float64) bool { return v > 1.5 && math.Abs(v-math.Round(v)) < 1e-9 }
		if s, e := measure(n); whole(n/period) && s > strength || whole(period/n) && s > strength/2 {
			return n, s, e
		}
	}
	return best, strength, explained
}

// whole returns the civil period that cannot be told from period, or else the next whole one.
func (g grid) whole(period float64) float64 {
	c, _ := g.civil(math.Round(period))
	return c
}

// leastFundamental is the power that the line of a season has at least beside that of its strongest harmonic. Two seasons that
// beat make weak lines at their common multiples.
const leastFundamental = 0.03

// climb returns the smallest multiple of period at which the series is about as like itself as at any, among the first few
// that have a line of their own: what recurs every twelve hours and more so every twenty-four is a day with two humps, but
// what has a season of 6 and one of 20 does not have one of 60. A day or an hour that recurs more so every week is a day or
// an hour.
func (g grid) climb(p *periodogram, r []float64, period float64) float64 {
	best, least := math.Inf(-1), math.Inf(1)
	own := p.line(period)
	multiples := min(seasonHarmonics, int(float64(g.most())/period))
	at := func(k int) float64 {
		v := math.Inf(-1)
		if k > 1 && !(p.line(float64(k)*period) > leastFundamental*own) {
			return v
		}
		i := int(math.Round(float64(k) * period))
		for _, lag := range [...]int{i - 1, i, i + 1} {
			if lag < len(r) && r[lag] > v {
				v = r[lag]
			}
		}
		return v
	}
	for k := 1; k <= multiples; k++ {
		best = math.Max(best, at(k))
	}
	for _, v := range r[:min(len(r), int(period)+1)] {
		least = math.Min(least, v)
	}
	for k := 1; k <= multiples; k++ {
		enough := best - 0.15*(best-least)
		if g.natural(float64(k) * period) {
			enough = best / 2
		}
		if at(k) >= enough {
			return g.whole(float64(k) * period)
		}
	}
	return period
}
