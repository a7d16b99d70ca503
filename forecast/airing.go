package forecast

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

// The grid of ln(size) on which what is known of one event is kept: from a 150th of what its Kind says to 400 times that.
const (
	sizePoints = 72
	sizeFrom   = -5.0
	sizeStep   = 11.0 / (sizePoints - 1)
)

// maxStarts is the number of cells into which the window of an uncertain event is divided: it starts somewhere in one of
// them.
const maxStarts = 15

// widestCell is the width of a cell, in bins of the response, up to which demand can say in which cell the event started. The
// response to a start in the middle of a wider one is no picture of the whole cell; an event with so wide a window stays
// what the regression expects of it, and teaches nothing.
const widestCell = 8

// airing is an event that is near or under way: the probability of each size, and of each start within its window, given
// the demand that was seen so far. Early collapse needs no rule of its own: when the response comes, or does not, the
// probabilities say so.
type airing struct {
	used  bool
	begun bool    // the probabilities hold evidence; before that they are the prior, which follows the regression
	x     factors // covariates
	scale float64 // demand, in units and per step, that size 1 stands for: Lift times long-run demand for its length
	long  bool    // it brings demand for as long as it lasts
	none  float64 // probability that it shows nothing
	size  [sizePoints]float64
	start [maxStarts]float64 // probabilities of the starts; the first alone if the start is certain

	came [responseBins]float64 // arrivals attributed to it, by the time since its start

	few excess // size in a few points with the noise of the response, and without none
}

// kernelNoise is the standard deviation of the part that a step really receives around what the response expects.
const kernelNoise = 0.4

// longNoise is the same for a long event, of which a step is too small a part to have moods of its own.
const longNoise = 0.1

// prior sets the probabilities to what the regression expects.
func (g *airing) prior(a *amplitude, starts int, grid *[sizePoints]float64) {
	mean, variance := a.predict(&g.x)
	var sum float64
	for i := range g.size {
		g.size[i] = 1e-12
		e := sizeFrom + float64(sizeStep*float64(i)) - mean
		for k, s := range noises {
			t := variance + float64(s*s)
			g.size[i] += float64(a.noise[k]*fp.Exp(float64(-0.5*(float64(e*e)/t)))) / math.Sqrt(t)
		}
		sum += g.size[i]
	}
	for i := range g.size {
		g.size[i] /= sum
	}
	g.none = 1 - a.trust/a.seen
	for i := range g.start {
		g.start[i] = 0
		if i < starts {
			g.start[i] = 1 / float64(starts)
		}
	}
	g.condense(grid)
}

// sizes are the values of the grid, exp(sizeFrom + i*sizeStep).
var sizes = func() (v [sizePoints]float64) {
	for i := range v {
		v[i] = fp.Exp(sizeFrom + float64(sizeStep*float64(i)))
	}
	return v
}()

// observe weighs the probabilities by the demand v that was seen in a step of which the event, starting at place s, was
// expected to receive part[s]*size. rest is the mean and noise the variance of everything else; grain is the variance per
// unit of demand that counting alone makes.
func (g *airing) observe(grid *[sizePoints]float64, part *[maxStarts]float64, v, rest, noise, grain float64) {
	var post [sizePoints]float64
	var start [maxStarts]float64
	wobble := kernelNoise
	if g.long {
		wobble = longNoise
	}
	like := func(extra float64) float64 {
		spread := float64(wobble * extra)
		t := noise + float64(grain*extra) + float64(spread*spread)
		e := v - rest - extra
		// Student-like tails: an outlier of the base must not decide alone.
		return float64(fp.Exp(max(-30, float64(-0.5*(float64(e*e)/t)))) / math.Sqrt(t))
	}
	empty := like(0)
	var sum float64
	for s, p := range g.start {
		if p == 0 {
			continue
		}
		for i := range post {
			w := float64(p * g.size[i])
			if part[s] > 1e-5 {
				w = float64(w * like(float64(part[s]*grid[i])))
			} else {
				w = float64(w * empty)
			}
			post[i] += w
			start[s] += w
			sum += w
		}
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return
	}
	for i := range post {
		g.size[i] = max(post[i]/sum, 1e-12)
	}
	for s := range start {
		g.start[s] = start[s] / sum
	}
	nothing := float64(g.none * empty)
	g.none = max(1e-6, min(nothing/(nothing+float64((1-g.none)*sum)), 1-1e-6))
	g.begun = true
	g.condense(grid)
}

// moments returns the mean and the variance of ln(size) given that the event shows something.
func (g *airing) moments() (mean, variance float64) {
	var total float64
	for i, p := range g.size {
		total += p
		mean += float64(p * (sizeFrom + float64(sizeStep*float64(i))))
	}
	mean /= total
	for i, p := range g.size {
		d := sizeFrom + float64(sizeStep*float64(i)) - mean
		variance += float64(p * float64(d*d))
	}
	return mean, variance / total
}

// blur is a normal of standard deviation kernelNoise on the grid of ln(size), in steps of the grid.
var blur = [...]float64{.1561, .1448, .1154, .0791, .0466, .0236, .0103, .0039, .0013}

// condense computes few: the probabilities of size, blurred by the noise of the response, in a few points.
func (g *airing) condense(grid *[sizePoints]float64) {
	f := &g.few
	f.n = 0
	var below, p, px float64
	cut := 0
	for i := range grid {
		// The blur is done while going along: each point gives to its neighbours what it gets from them.
		q := float64(blur[0] * g.size[i])
		for d := 1; d < len(blur) && !g.long; d++ {
			if i-d >= 0 {
				q += float64(blur[d] * g.size[i-d])
			}
			if i+d < sizePoints {
				q += float64(blur[d] * g.size[i+d])
			}
		}
		below += q
		p += q
		px += float64(q * grid[i])
		last := i == sizePoints-1
		if !last && (cut >= len(cuts)-1 || below < cuts[cut]) {
			continue
		}
		if p > 0 {
			f.x[f.n], f.p[f.n] = px/p, p
			f.n++
		}
		p, px = 0, 0
		for cut < len(cuts)-1 && below >= cuts[cut] {
			cut++
		}
	}
	var total float64
	for i := range f.n {
		total += f.p[i]
	}
	for i := range f.n {
		f.p[i] = float64(f.p[i]*(1-g.none)) / total
	}
	// One more point says that nothing comes.
	copy(f.x[1:f.n+1], f.x[:f.n])
	copy(f.p[1:f.n+1], f.p[:f.n])
	f.x[0], f.p[0] = 0, g.none
	f.n++
}

// expected returns the mean size, and its variance, over all that is thought possible.
func (g *airing) expected() (mean, variance float64) {
	var second float64
	for i := range g.few.n {
		mean += float64(g.few.p[i] * g.few.x[i])
		second += float64(g.few.p[i] * float64(g.few.x[i]*g.few.x[i]))
	}
	return mean, max(0, second-float64(mean*mean))
}

var errAiring = errors.New("snapshot has an event under way whose probabilities are none")

func (g *airing) fields(c *state.Codec, grid *[sizePoints]float64) {
	c.Bool(&g.used)
	if !g.used {
		if c.Reading() {
			*g = airing{}
		}
		return
	}
	c.Bool(&g.begun)
	g.x.fields(c)
	c.Float64(&g.scale)
	c.Bool(&g.long)
	c.Float64(&g.none)
	c.Float64s(g.size[:])
	c.Float64s(g.start[:])
	c.Float64s(g.came[:])
	if !c.Reading() {
		return
	}
	for _, p := range g.size {
		if p < 0 {
			c.Fail(errAiring)
			*g = airing{}
			return
		}
	}
	g.condense(grid)
}
