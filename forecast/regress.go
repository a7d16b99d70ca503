package forecast

import (
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// rls is recursive least squares with forgetting and Huber weights: the linear regression of a target on n features,
// brought up to date by each observation in O(n^2) without looking back.
//
// With forgetting factor lambda the newest 1/(1-lambda) observations count. An error beyond limit times the usual
// absolute error is weighted down to that size (Huber 1964), so that a spike does not turn the coefficients. See Ljung,
// System Identification, 2nd edition, section 11.2 for the recursion.
//
// The covariance is most of what a regression keeps. Single precision of it makes no difference to a forecast: it only
// says how far a coefficient moves, and what rounding does to that is forgotten like all else.
type rls[C float32 | float64] struct {
	lambda, limit float64
	prior         float64   // initial variance of a coefficient
	theta         []float64 // n coefficients
	cov           []C       // n x n, symmetric: the lower triangle by rows
	usual         float64   // exponentially weighted mean absolute error
	seen          float64
}

// maxFeatures bounds n.
const maxFeatures = 16

// maxTrace bounds the covariance: features that stay constant would let it grow without end under forgetting.
const maxTrace = 1e6

func newRLS[C float32 | float64](n int, lambda, limit, prior float64) rls[C] {
	r := rls[C]{lambda: lambda, limit: limit, prior: prior, theta: make([]float64, n), cov: make([]C, n*(n+1)/2)}
	r.resetCov()
	return r
}

func (r *rls[C]) resetCov() {
	clear(r.cov)
	d := 0
	for i := range r.theta {
		r.cov[d] = C(r.prior)
		d += i + 2
	}
}

// predict returns the regression at x.
func (r *rls[C]) predict(x []float64) float64 {
	var y float64
	for i, t := range r.theta {
		y += float64(t * x[i])
	}
	return y
}

// update learns that features x had target y. Values that are not finite are ignored.
func (r *rls[C]) update(x []float64, y float64) {
	n := len(r.theta)
	e := y - r.predict(x)
	if math.IsNaN(e) || math.IsInf(e, 0) {
		return
	}
	// The usual error is learned from clipped errors, or one spike would lift the clip for an hour.
	w, abs := 1.0, math.Abs(e)
	if r.seen > 0 {
		if lim := float64(r.limit * r.usual); abs > lim && lim > 0 {
			w = lim / abs
			abs = lim
		}
	}
	r.seen = min(r.seen+1, 100)
	r.usual += (abs - r.usual) / r.seen

	// gain = cov x, from one triangle: each element serves its row and its column.
	var gain [maxFeatures]float64
	row := r.cov
	for i := range n {
		var g float64
		xi := x[i]
		left, so := x[:i], gain[:i] // cut to the length of the row, so that no element is checked again
		for j, c := range row[:i] {
			g += float64(float64(c) * left[j])
			so[j] += float64(float64(c) * xi)
		}
		gain[i] = g + float64(float64(row[i])*xi)
		row = row[i+1:]
	}
	var q float64
	for i, g := range gain[:n] {
		q += float64(g * x[i])
	}
	if q < 1e-12 { // nothing to learn in this direction; forgetting alone would blow the covariance up
		return
	}
	d := 1 / (r.lambda/w + q)
	var trace float64
	inv := 1 / r.lambda
	row = r.cov
	for i := range n {
		k := float64(gain[i] * d)
		r.theta[i] += float64(k * e)
		k = float64(k * inv)
		line, so := row[:i+1], gain[:i+1]
		for j, c := range line {
			line[j] = C(float64(float64(c)*inv) - float64(k*so[j]))
		}
		diagonal := float64(row[i])
		if !(diagonal > 0) { // true for NaN
			trace = math.Inf(1)
		}
		trace += diagonal
		row = row[i+1:]
	}
	if !(trace <= float64(float64(n)*maxTrace)) { // true for NaN
		r.resetCov() // keep the coefficients, doubt them anew
	}
}

func (r *rls[C]) fields(c *state.Codec) {
	c.Float64s(r.theta)
	switch cov := any(r.cov).(type) {
	case []float32:
		c.Float32s(cov)
	case []float64:
		c.Float64s(cov)
	}
	c.Float64(&r.usual)
	c.Float64(&r.seen)
}
