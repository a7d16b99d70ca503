package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/reference"
)

// Without Huber weights, recursive least squares ends where weighted ridge regression over the whole history does.
func TestRLSEqualsWeightedRidge(t *testing.T) {
	var series map[string]struct{ Y []float64 }
	reference.Read(t, "series.json", &series)
	var cases []struct {
		Lambda, Delta float64
		Theta         []float64
	}
	reference.Read(t, "rls_ridge.json", &cases)
	y := series["taylor"].Y
	require.NotEmpty(t, y)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		r := newRLS[float64](12, c.Lambda, math.Inf(1), 1/c.Delta)
		for n := 49; n <= 1344; n++ {
			x := []float64{1}
			for k := 1.; k <= 3; k++ {
				a := 2 * math.Pi * k * float64(n) / 48
				x = append(x, math.Sin(a), math.Cos(a))
			}
			for k := 1.; k <= 2; k++ {
				a := 2 * math.Pi * k * float64(n) / 336
				x = append(x, math.Sin(a), math.Cos(a))
			}
			x = append(x, y[n-49]/1000)
			r.update(x, y[n-1]/1000)
		}
		require.InDeltaSlice(t, c.Theta, r.theta, 1e-8*20, "lambda %v, delta %v", c.Lambda, c.Delta)
	}
}

func TestRLSLearnsALineThroughOutliers(t *testing.T) {
	r := newRLS[float32](2, 0.999, 3, 10)
	for i := range 2000 {
		x := float64(i%17) - 8
		noise := 0.1 * float64(i%5-2)
		y := 3 + 2*x + noise
		if i%40 == 7 {
			y += 500
		}
		r.update([]float64{1, x}, y)
	}
	require.InDelta(t, 3, r.theta[0], 0.15)
	require.InDelta(t, 2, r.theta[1], 0.05)
}

// Features that stay constant leave directions in which nothing is learned; forgetting must not blow up the doubt about
// them, and what was learned stays.
func TestRLSDoubtIsBounded(t *testing.T) {
	r := newRLS[float32](2, 0.9, 6, 0.05)
	for i := range 300 {
		r.update([]float64{1, float64(i % 5)}, 2+3*float64(i%5))
	}
	reset := false
	for range 500 {
		r.update([]float64{1, 0}, 2)
		trace := float64(r.cov[0]) + float64(r.cov[2])
		require.LessOrEqual(t, trace, 2*maxTrace+1.)
		reset = reset || float64(r.cov[2]) == float64(float32(r.prior))
	}
	require.True(t, reset, "the doubt was set back")
	require.InDelta(t, 3, r.theta[1], 0.05)
}

func TestRLSSurvivesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRLS[float32](3, 0.98, 6, 0.05)
		for range rapid.IntRange(1, 300).Draw(t, "updates") {
			v := rapid.Float64Range(-1e6, 1e6)
			x := []float64{v.Draw(t, "x0"), v.Draw(t, "x1"), v.Draw(t, "x2")}
			if rapid.Bool().Draw(t, "constant") {
				x = []float64{1, 0, 0}
			}
			r.update(x, rapid.SampledFrom([]float64{0, 1, -1e9, 1e12, math.NaN(), math.Inf(1)}).Draw(t, "y"))
			for _, th := range r.theta {
				if math.IsNaN(th) || math.IsInf(th, 0) {
					t.Fatalf("coefficients %v", r.theta)
				}
			}
		}
	})
}

// A covariance in single precision predicts as well as one in double precision, also after a million steps of features
// that hardly tell each other apart.
func TestRLSInSinglePrecision(t *testing.T) {
	a, b := newRLS[float32](4, 0.9995, 6, 0.05), newRLS[float64](4, 0.9995, 6, 0.05)
	rng := rand.New(rand.NewPCG(5, 6))
	level := 1.0
	var single, double float64
	for i := range 1_000_000 {
		level += 0.01*(1-level) + 0.02*(rng.Float64()-0.5)
		x := []float64{1, level, level + 1e-3*rng.Float64(), float64(i % 2)}
		y := 0.3 + 0.5*level + 0.1*x[3] + 0.05*rng.NormFloat64()
		if i > 1000 {
			single += math.Abs(a.predict(x) - y)
			double += math.Abs(b.predict(x) - y)
		}
		a.update(x, y)
		b.update(x, y)
	}
	require.InEpsilon(t, double, single, 2e-3)
}
