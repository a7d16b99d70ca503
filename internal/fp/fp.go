// Package fp holds the floating-point functions of the decision path whose results must be the same bytes on every
// processor.
//
// The math package computes Exp and Log by different code on different processors, and the compiler may fuse x*y + z
// into one rounding where the processor has such an instruction (arm64 has, amd64 as built by default has not). The
// functions here use only additions, multiplications, divisions and square roots, which IEEE 754 rounds exactly, and
// wrap each product in an explicit conversion, which the Go specification makes a rounding step. Callers on the decision
// path do the same: float64(a*b) + c.
//
// They are accurate to a few units in the last place, which is far more than a forecast needs; use math where the result
// does not reach a decision.
package fp

import "math"

const (
	ln2Hi = 6.93147180369123816490e-01 // ln 2 with its low 32 bits cleared, so that k*ln2Hi is exact for |k| < 2^20
	ln2Lo = 1.90821492927058770002e-10 // ln 2 - ln2Hi
)

// inverse[i] is 1/(i+1), the factors of Horner's scheme for the exponential series 1 + r/1*(1 + r/2*(1 + ...)).
var inverse = [14]float64{1, 1. / 2, 1. / 3, 1. / 4, 1. / 5, 1. / 6, 1. / 7, 1. / 8, 1. / 9, 1. / 10, 1. / 11, 1. / 12, 1. / 13, 1. / 14}

// Exp returns e**x: 0 below -745, +Inf above 709.78, NaN for NaN.
func Exp(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 709.782712893384:
		return math.Inf(1)
	case x < -745.1332191019412:
		return 0
	}
	// x = k ln 2 + r with |r| <= ln 2 / 2, then the Taylor series of e**r, whose 15th term is below 1e-18.
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*ln2Hi)
	r -= float64(k * ln2Lo)
	p := 1.0
	for i := len(inverse) - 1; i >= 0; i-- {
		p = float64(float64(p*r)*inverse[i]) + 1
	}
	return math.Ldexp(p, int(k))
}

// Log returns the natural logarithm of x: -Inf for 0, NaN below 0, +Inf for +Inf.
func Log(x float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	m, e := math.Frexp(x) // m in [1/2, 1)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	// ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with |s| < 0.172: the 12th term is below 1e-18.
	s := (m - 1) / (m + 1)
	s2 := float64(s * s)
	var p float64
	for k := 23; k >= 3; k -= 2 {
		p = float64(s2 * (p + 1/float64(k)))
	}
	k := float64(e)
	return float64(k*ln2Hi) + (float64(2*s) + (float64(float64(2*s)*p) + float64(k*ln2Lo)))
}

// Log1p returns the natural logarithm of 1 + x, accurate near zero: -Inf for -1, NaN below -1.
func Log1p(x float64) float64 {
	u := 1 + x
	if u == 1 {
		return x // also keeps the sign of zero
	}
	if math.IsInf(u, 0) || u <= 0 || math.IsNaN(u) {
		return Log(u)
	}
	// The rounding error of u cancels in the ratio (Goldberg 1991, theorem 4).
	return float64(Log(u)*x) / (u - 1)
}

// Asinh returns the inverse hyperbolic sine of x, accurate near zero.
func Asinh(x float64) float64 {
	a := math.Abs(x)
	if a > 1e150 { // a*a would overflow; asinh a = ln 2a to the last place
		return math.Copysign(Log(a)+math.Ln2, x)
	}
	a2 := float64(a * a)
	return math.Copysign(Log1p(a+a2/(1+math.Sqrt(1+a2))), x)
}

// Sinh returns the hyperbolic sine of x; it is the inverse of Asinh.
func Sinh(x float64) float64 {
	a := math.Abs(x)
	if a < 0.03 { // the difference below would cancel
		x2 := float64(x * x)
		return x + float64(float64(x*x2)*(1./6+float64(x2*(1./120+x2/5040))))
	}
	e := Exp(a)
	return math.Copysign(float64((e-1/e)*0.5), x)
}
