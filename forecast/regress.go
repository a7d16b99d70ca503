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
type rls struct {
	lambda, limit float64
	prior         float64   // initial variance of a coefficient
	theta         []float64 // n coefficients
	cov           []float64 // n x n, row-major, symmetric
	gain          []float64 // scratch: cov * x
	usual         float64   // exponentially weighted mean absolute error
	seen          float64
}

// maxTrace bounds the covariance: features that stay constant would let it grow without end under forgetting.
const maxTrace = 1e6

func newRLS(n int, lambda, limit, prior float64) rls {
	r := rls{lambda: lambda, limit: limit, prior: prior, theta: make([]float64, n), cov: make([]float64, n*n), gain: make([]float64, n)}
	r.resetCov()
	return r
}

func (r *rls) resetCov() {
	n := len(r.theta)
	for i := range r.cov {
		r.cov[i] = 0
	}
	for i := range n {
		r.cov[i*n+i] = r.prior
	}
}

// predict returns the regression at x.
func (r *rls) predict(x []float64) float64 {
	var y float64
	for i, t := range r.theta {
		y += float64(t * x[i])
	}
	return y
}

// update learns that features x had target y. Values that are not finite are ignored.
func (r *rls) update(x []float64, y float64) {
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
	r.seen = math.Min(r.seen+1, 100)
	r.usual += (abs - r.usual) / r.seen

	var q float64
	for i := range n {
		var g float64
		row := r.cov[i*n : i*n+n]
		for j, c := range row {
			g += float64(c * x[j])
		}
		r.gain[i] = g
		q += float64(g * x[i])
	}
	if q < 1e-12 { // nothing to learn in this direction; forgetting alone would blow the covariance up
		return
	}
	d := 1 / (r.lambda/w + q)
	var trace float64
	inv := 1 / r.lambda
	for i := range n {
		k := float64(r.gain[i] * d)
		r.theta[i] += float64(k * e)
		for j := i; j < n; j++ {
			c := float64((r.cov[i*n+j] - float64(k*r.gain[j])) * inv)
			r.cov[i*n+j], r.cov[j*n+i] = c, c
		}
		if c := r.cov[i*n+i]; c <= 0 || math.IsNaN(c) {
			trace = math.Inf(1)
		} else {
			trace += c
		}
	}
	if trace > float64(float64(n)*maxTrace) {
		r.resetCov() // keep the coefficients, doubt them anew
	}
}

func (r *rls) fields(c *state.Codec) {
	c.Float64s(r.theta)
	c.Float64s(r.cov)
	c.Float64(&r.usual)
	c.Float64(&r.seen)
}
