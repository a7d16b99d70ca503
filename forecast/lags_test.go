package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// hourly returns bins of an hour, four to the main season, that hold the values.
func hourly(values ...float64) *bins {
	b := newBins(int64(time.Hour), int64(time.Hour), 4*int64(time.Hour), 0)
	for _, v := range values {
		b.sum, b.count = v, 1
		b.close()
	}
	return b
}

func TestAutoregressionBeginsAsSeasonalNaive(t *testing.T) {
	for _, log := range []bool{false, true} {
		b := hourly(1, 2, 3, 4, 5, 6, 7, 8, 10)
		a := newAutoregression([]int64{1, 4, 5}, 0.999, b, log)
		dst := make([]float64, 6)
		require.False(t, a.path(dst, b, 1, 0, 100), "nothing was learned yet")
		a.seen = 1
		require.True(t, a.path(dst, b, 1, 0, 100))
		for h, want := range []float64{6, 7, 8, 10, 6, 7} {
			require.InDelta(t, want, back(dst[h], log), 1e-4, "%d ahead", h+1)
		}
		require.False(t, a.path(dst, hourly(1, 2, 3, 4), 1, 0, 100), "its lags reach further back than there is")
	}
}

// The path against the obvious recursion on a list, with its limits.
func TestAutoregressionPathAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 12, 30).Draw(t, "values")
		log := rapid.Bool().Draw(t, "log")
		b := hourly(values...)
		lags := []int64{1, 2, 4, 5}
		a := newAutoregression(lags, 1, b, log)
		a.seen = 1
		for i := range a.theta {
			a.theta[i] = rapid.Float64Range(-2, 2).Draw(t, "coefficient")
		}
		norm := rapid.Float64Range(0.5, 50).Draw(t, "size")
		low, high := 5.0, 120.0
		got := make([]float64, 20)
		require.True(t, a.path(got, b, norm, low, high))
		var twin []float64
		for _, v := range values {
			twin = append(twin, transform(float64(float32(v)), log))
		}
		if log {
			norm = 1
		}
		for h, v := range got {
			want := a.theta[0] * norm
			for j, l := range lags {
				want += a.theta[j+1] * twin[int64(len(twin))-l]
			}
			want = max(transform(low, log), min(want, transform(high, log)))
			twin = append(twin, want)
			require.InDelta(t, want, v, 1e-3*(1+math.Abs(want)), "%d ahead", h+1)
		}
	})
}

func TestAutoregressionLearnsItsSeries(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, log := range []bool{false, true} {
		b := hourly()
		a := newAutoregression([]int64{1, 4, 5}, 1, b, log)
		v := 50.0
		for i := range int64(2000) {
			v = 20 + 0.6*v + rng.NormFloat64()
			if i%97 == 0 {
				v += 500 // a spike is weighted down
			}
			b.sum, b.count = v, 1
			b.close()
			a.update(b, i, 50)
			if i%97 == 0 {
				v = 50
			}
		}
		dst := make([]float64, 12)
		require.True(t, a.path(dst, b, 50, 0, 1000))
		for h := range dst {
			for _, x := range dst[h:] {
				require.False(t, math.IsNaN(x))
			}
		}
		last := b.at(b.next-1, false)
		require.InDelta(t, 20+0.6*last, back(dst[0], log), 4)
		require.InDelta(t, 50, back(dst[11], log), 6, "far ahead it is the mean")
	}
}
