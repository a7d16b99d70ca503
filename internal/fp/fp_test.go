package fp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// near says whether got is within tol of want, relative to want.
func near(got, want, tol float64) bool {
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return true
	}
	return math.Abs(got-want) <= tol*math.Abs(want)
}

func TestAgainstMath(t *testing.T) {
	type fn struct {
		name      string
		got, want func(float64) float64
		lo, hi    float64
	}
	for _, f := range []fn{
		{"Exp", Exp, math.Exp, -700, 700},
		{"Exp near zero", Exp, math.Exp, -1e-3, 1e-3},
		{"Log", Log, math.Log, 1e-300, 1e300},
		{"Log near one", Log, math.Log, 0.5, 2},
		{"Log1p", Log1p, math.Log1p, -0.999, 1e9},
		{"Log1p near zero", Log1p, math.Log1p, -1e-6, 1e-6},
		{"Asinh", Asinh, math.Asinh, -1e9, 1e9},
		{"Asinh near zero", Asinh, math.Asinh, -1e-4, 1e-4},
		{"Sinh", Sinh, math.Sinh, -50, 50},
		{"Sinh near zero", Sinh, math.Sinh, -1e-2, 1e-2},
	} {
		t.Run(f.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := rapid.Float64Range(f.lo, f.hi).Draw(t, "x")
				if got, want := f.got(x), f.want(x); !near(got, want, 1e-13) {
					t.Fatalf("%s(%g) = %.17g, math has %.17g", f.name, x, got, want)
				}
			})
		})
	}
}

func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Exp(0)", Exp(0), 1}, {"Exp(+Inf)", Exp(inf), inf}, {"Exp(-Inf)", Exp(-inf), 0}, {"Exp(NaN)", Exp(nan), nan},
		{"Exp(710)", Exp(710), inf}, {"Exp(-746)", Exp(-746), 0},
		{"Log(0)", Log(0), -inf}, {"Log(1)", Log(1), 0}, {"Log(-1)", Log(-1), nan}, {"Log(+Inf)", Log(inf), inf},
		{"Log(smallest)", Log(math.SmallestNonzeroFloat64), -744.4400719213812},
		{"Log1p(-1)", Log1p(-1), -inf}, {"Log1p(-2)", Log1p(-2), nan}, {"Log1p(+Inf)", Log1p(inf), inf}, {"Log1p(1e-30)", Log1p(1e-30), 1e-30},
		{"Asinh(0)", Asinh(0), 0}, {"Asinh(1e300)", Asinh(1e300), math.Asinh(1e300)}, {"Asinh(-Inf)", Asinh(-inf), -inf},
		{"Sinh(800)", Sinh(800), inf},
	} {
		if !near(c.got, c.want, 1e-13) {
			t.Errorf("%s = %g, want %g", c.name, c.got, c.want)
		}
	}
}

// The bits of a few values, computed on amd64: another processor must give the same ones.
func TestSameBitsEverywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		got  float64
		want uint64
	}{
		{"Exp(0.7)", Exp(0.7), 0x40001c2a61268987},
		{"Log(0.7)", Log(0.7), 0xbfd6d3c324e13f50},
		{"Log1p(0.3)", Log1p(0.3), 0x3fd0ca937be1b9dc},
		{"Asinh(2.7)", Asinh(2.7), 0x3ffb813c8391212e},
		{"Sinh(2.7)", Sinh(2.7), 0x401da0036f88823c},
	} {
		if math.Float64bits(c.got) != c.want {
			t.Errorf("%s = %#x, want %#x", c.name, math.Float64bits(c.got), c.want)
		}
	}
}
