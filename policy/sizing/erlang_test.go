package sizing

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Exact rationals, and textbook examples of call centres.
func TestErlang(t *testing.T) {
	for _, c := range []struct {
		n          int
		load, b, c float64
	}{
		{1, .5, .333333333333333, .5},
		{2, 1, .2, 1. / 3},
		{2, 1.5, 9. / 29, 9. / 14},
		{3, 2, .210526315789474, 4. / 9},
		{5, 4, .199066874027994, .554112554112554},
		{10, 8, .121661064252952, .409180150796444},
		{10, 9, .167963226291586, .668731524107697},
		{14, 10, .0568191433865209, .17413193359505},
		{20, 16, .0644109247815699, .256077793839058},
		{55, 48, .0383742806878359, .238700936378009},
		{100, 90, .0269573804643592, .216940480906366},
		{110, 100, .0274634484498229, .237007500285053},
		{120, 100, .00569005460686993, .0331958953547571},
		{1020, 1000, .0137893860447044, .416260116327354},
		{1032, 1000, .00882396304702326, .223063347721505},
	} {
		require.InEpsilon(t, c.b, ErlangB(c.n, c.load), 1e-13, "B(%d, %v)", c.n, c.load)
		require.InEpsilon(t, c.c, ErlangC(c.n, c.load), 1e-13, "C(%d, %v)", c.n, c.load)
	}
	require.Equal(t, 1., ErlangC(3, 3))
	require.Equal(t, 1., ErlangC(3, math.NaN()))
	require.Zero(t, ErlangC(3, 0))
}

func TestHalfinWhitt(t *testing.T) {
	for beta, alpha := range map[float64]float64{
		.1: .8802870833, .2: .7714476862, .5: .5045386410, 1: .2233612748, 1.5: .0846903945, 2: .0268813624, 2.5: .0070057040,
		3: .0014770946, 0.5060544690: .5, 1.0615162754: .2, 1.4201868881: .1, 1.7398362718: .05, 2.3748881475: .01, 3.1152601548: .001,
	} {
		require.InEpsilon(t, alpha, HalfinWhitt(beta), 1e-7, "beta %v", beta)
	}
	// It takes over where the recursion ends, without a jump that would matter.
	for _, load := range []float64{9_600, 9_800, 9_900, 9_950} {
		n := largestExact
		require.InDelta(t, ErlangC(n, load), HalfinWhitt((float64(n)-load)/math.Sqrt(load)), 2e-3, "load %v", load)
	}
	last := 1.
	for beta := 0.01; beta < 12; beta += 0.01 {
		a := HalfinWhitt(beta)
		require.LessOrEqual(t, a, last)
		last = a
	}
}

// 14 agents at 10 erlangs of calls of 180 s, 55 at 48 of 240 s: the means and shares that textbooks have.
func TestWaiting(t *testing.T) {
	q := Queue{Workers: 14, Service: 180, Arrivals: 1, Services: 1}
	require.InEpsilon(t, 7.835937, q.Wait(10./180), 1e-7)
	require.InEpsilon(t, 1-.8883500, q.Late(10./180, 20), 1e-6)
	q = Queue{Workers: 55, Service: 240, Arrivals: 1, Services: 1}
	require.InEpsilon(t, 8.184032, q.Wait(48./240), 1e-7)
	require.InEpsilon(t, 1-.8458831, q.Late(48./240, 15), 1e-6)

	q.Arrivals, q.Services = 4, 0
	require.InEpsilon(t, 2*8.184032, q.Wait(48./240), 1e-7, "burstiness multiplies waiting times")
	q.Arrivals = 0
	require.Zero(t, q.Wait(48./240), "what comes and goes like clockwork does not wait")
	require.Zero(t, q.Late(48./240, 1))
	require.True(t, math.IsInf(q.Wait(1), 1))
	require.Equal(t, 1., q.Late(1, 1e9))
}

func TestUtilisationKeepsTheObjective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Queue{
			Workers: rapid.IntRange(1, 200).Draw(t, "workers"), Service: rapid.Float64Range(1e-3, 10).Draw(t, "service"),
			Arrivals: rapid.Float64Range(0, 8).Draw(t, "arrivals"), Services: rapid.Float64Range(0, 8).Draw(t, "services"),
		}
		limit, late := rapid.Float64Range(1e-3, 10).Draw(t, "limit"), rapid.Float64Range(1e-4, .5).Draw(t, "late")
		rho := q.Utilisation(limit, late)
		full := float64(q.Workers) / q.Service
		require.LessOrEqual(t, q.Late(rho*full, limit), late)
		if rho < 1-1e-9 {
			require.Greater(t, q.Late((rho+1e-9)*full, limit), late, "no more would do")
		}
		more := q
		more.Workers++
		require.GreaterOrEqual(t, more.Utilisation(limit, late), rho-1e-9, "a larger pool is used better")
	})
}

// The square-root rule with one exact check is the smallest number.
func TestServers(t *testing.T) {
	for alpha, want := range map[float64]int{.5: 106, .2: 111, .1: 115, .01: 125} {
		require.Equal(t, want, Servers(100, alpha), "%v", alpha)
	}
	rapid.Check(t, func(t *rapid.T) {
		load, late := rapid.Float64Range(0.01, 3000).Draw(t, "load"), rapid.Float64Range(1e-5, .9).Draw(t, "late")
		n := Servers(load, late)
		require.LessOrEqual(t, ErlangC(n, load), late)
		require.Greater(t, ErlangC(n-1, load), late, "one fewer")
	})
}

func BenchmarkErlangC(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				ErlangC(n, 0.9*float64(n))
			}
		})
	}
}
