package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestResponseBeginsAsItsKind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Kind{Rise: Duration(rapid.IntRange(20, 1200).Draw(t, "rise") * int(time.Second))}.Defaults()
		r := newResponse(&k)
		from := r.edge(rapid.IntRange(0, 30).Draw(t, "from"))
		to := from + float64(rapid.IntRange(1, 9).Draw(t, "bins"))*r.width
		require.InDelta(t, k.share(from, to), r.share(from, to, 0), 0.002) // the prior ends where 99.9 % have come
		require.Zero(t, r.share(-1e9, -r.ahead(), 0))
		require.InDelta(t, 1, r.share(-r.ahead(), r.after(), 0), 1e-12)
		require.InDelta(t, 0, r.share(r.after(), 1e9, 0), 1e-12)
	})
}

// A long event is the mean of short ones that start one after the other.
func TestALongEventSmearsItsResponse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Kind{}.Defaults()
		r := newResponse(&k)
		length := rapid.Float64Range(longEvent*narrowBin, 7200).Draw(t, "length")
		from := rapid.Float64Range(-100, 8000).Draw(t, "from")
		to := from + rapid.Float64Range(1, 600).Draw(t, "seconds")
		var want float64
		const parts = 3000
		for i := range parts {
			begin := length * (float64(i) + 0.5) / parts
			want += (r.before(to-begin) - r.before(from-begin)) / parts
		}
		require.InDelta(t, want, r.share(from, to, length), 1e-3)
	})
}

// Events that come later and last longer than the prior says move the shape to where they are.
func TestResponseLearnsItsShape(t *testing.T) {
	k := Kind{}.Defaults()
	r := newResponse(&k)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 60 { // events at random seconds of a minute, their arrivals uniform from 60 to 240 s after the start
		phase := 60 * rng.Float64()
		var bins [responseBins]float64
		for m := -1.; m < 8; m++ {
			from := 60*m - phase
			came := math.Max(0, math.Min(from+60, 240)-math.Max(from, 60)) / 180 * 100
			r.attribute(&bins, from, from+60, came)
		}
		r.learn(&bins)
	}
	require.Less(t, r.share(-60, 50, 0), 0.08)
	require.InDelta(t, 1./3, r.share(60, 120, 0), 0.06)
	require.InDelta(t, 1./3, r.share(180, 240, 0), 0.06)
	require.Less(t, r.share(300, 480, 0), 0.05)
	var sum float64
	for _, n := range r.arrivals {
		require.GreaterOrEqual(t, n, 0.)
		sum += n
	}
	require.InDelta(t, priorArrivals+60*eventArrivals, sum, 10, "every event counts alike")
}

func TestResponseForgets(t *testing.T) {
	k := Kind{}.Defaults()
	r := newResponse(&k)
	var bins [responseBins]float64
	r.attribute(&bins, 0, 60, 1000)
	var sum float64
	for _, n := range bins {
		sum += n
	}
	require.InDelta(t, 1000, sum, 1e-9, "every arrival is attributed once")
	for range 1000 {
		r.learn(&bins)
	}
	require.LessOrEqual(t, r.total, maxArrivals+1.)
	require.InDelta(t, 1, r.share(0, 60, 0), 0.02)
	before := r
	bins = [responseBins]float64{}
	r.attribute(&bins, 0, 60, -5)
	r.attribute(&bins, 1e6, 2e6, 5)
	r.learn(&bins)
	require.Equal(t, before, r, "nothing came")
}
