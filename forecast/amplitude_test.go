package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/state"
)

// The covariates that count are found, and those that do not are left at zero.
func TestAmplitudeFindsWhatCounts(t *testing.T) {
	k := Kind{}.Defaults()
	a := newAmplitude(&k)
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func() factors {
		var x factors
		x.fixed[covIntercept] = 1
		x.fixed[covWeight] = rng.NormFloat64()
		feed := []string{"1", "2"}[rng.IntN(2)]
		network := string(rune('A' + rng.IntN(8)))
		x.label(a, []Label{{"network", network}, {"feed", feed}})
		return x
	}
	second := int8(a.slot(hashText(hashText(hashText(hashBegin, "feed"), "\x00"), "2")))
	truth := func(x *factors) float64 {
		y := 1.5 + 0.9*x.fixed[covWeight]
		if x.slot[1] == second {
			y -= 3 // the second feed shows next to nothing
		}
		return y
	}
	var before, after float64
	for i := range 600 {
		x := draw()
		mean, _ := a.predict(&x)
		e := truth(&x) - mean
		if i < 8 {
			before += e * e / 8
		}
		if i >= 500 {
			after += e * e / 100
		}
		a.learn(&x, truth(&x)+0.4*rng.NormFloat64(), 0.05, 1, int64(i)*600e9)
	}
	require.Greater(t, before, 1.)
	require.Less(t, after, 0.06)
	var noise float64
	for i, s := range noises {
		noise += a.noise[i] * s * s
	}
	require.InDelta(t, 0.4, math.Sqrt(noise), 0.15, "and how much is left unexplained")
	require.Greater(t, a.trust/a.seen, 0.98)
}

// With one noise level the recursion is Bayesian linear regression: the same as solving it at once.
func TestAmplitudeIsBayesianRegression(t *testing.T) {
	k := Kind{}.Defaults()
	a := newAmplitude(&k)
	for i := range a.noise { // all weight on .7, and no evidence that could move it: the same likelihood for all
		a.noise[i] = 0
	}
	a.noise[2] = 1
	mean, precision := a.mean[covIntercept], 1/a.cov[0]
	var x factors
	x.fixed[covIntercept] = 1
	for i := range x.slot {
		x.slot[i] = -1
	}
	x.first = -1
	for i, y := range []float64{0.3, 1.1, -0.4, 0.9} {
		var noise float64
		a.learn(&x, y, 0.2, 1, int64(i))
		for j, s := range noises {
			noise += a.noise[j] * s * s
		}
		p := 1 / (0.2 + noise)
		mean = (mean*precision + y*p) / (precision + p)
		precision = 1 / (1/(precision+p) + drift)
		require.InDelta(t, mean, a.mean[covIntercept], 1e-9)
		require.InDelta(t, 1/precision, a.cov[0], 1e-9)
	}
}

func TestTrustIsLearned(t *testing.T) {
	k := Kind{}.Defaults()
	a := newAmplitude(&k)
	var x factors
	x.fixed[covIntercept] = 1
	before := a.mean
	for i := range 400 {
		a.learn(&x, -4, 1, 0.05, int64(i))
	}
	require.Less(t, a.trust/a.seen, 0.3, "announcements of this kind show nothing")
	require.Equal(t, before, a.mean, "and teach nothing about sizes")
}

func TestTheLastResidualFades(t *testing.T) {
	k := Kind{}.Defaults()
	a := newAmplitude(&k)
	var x factors
	x.fixed[covIntercept] = 1
	x.label(a, []Label{{"network", "X"}})
	require.Zero(t, a.last(&x, 5e9))
	a.learn(&x, 2, 0.1, 1, 1e9)
	now := a.last(&x, 1e9)
	require.Positive(t, now)
	require.InDelta(t, now/math.E, a.last(&x, 1e9+86400e9), 1e-9)
	require.Zero(t, a.last(&x, 0), "nothing from the future")
}

func TestAmplitudeSnapshot(t *testing.T) {
	k := Kind{}.Defaults()
	a, b := newAmplitude(&k), newAmplitude(&k)
	var x factors
	x.label(a, []Label{{"network", "X"}})
	a.learn(&x, 2, 0.1, 1, 1e9)
	w := state.NewWriter(nil)
	a.fields(&w)
	r := state.NewReader(w.Bytes())
	b.fields(&r)
	require.NoError(t, r.Err())
	require.Equal(t, a, b)
}
