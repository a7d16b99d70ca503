package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowInterval draws whole lists of days.
func slowInterval(series []float64, draws int, seed uint64) (low, high float64) {
	n, block := len(series), blockLength(len(series))
	chance := rand.New(rand.NewPCG(seed, 0))
	var means []float64
	for range draws {
		var days []float64
		for len(days) < n {
			at := chance.IntN(n)
			for j := range block {
				days = append(days, series[(at+j)%n])
			}
		}
		sum := 0.0
		for _, d := range days[:n] {
			sum += d
		}
		means = append(means, sum/float64(n))
	}
	slices.Sort(means)
	tail := expandedTail(float64(n) / float64(block))
	at := func(share float64) float64 {
		below, part := math.Modf(share * float64(draws-1))
		return (1-part)*means[int(below)] + part*means[int(math.Ceil(below+part))]
	}
	return at(tail), at(1 - tail)
}

func TestIntervalEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := rapid.SliceOfN(rapid.Float64Range(-100, 1000), fewestDays, 40).Draw(t, "series")
		seed := rapid.Uint64().Draw(t, "seed")
		low, high := blockInterval(series, 500, seed)
		slowLow, slowHigh := slowInterval(series, 500, seed)
		require.InDelta(t, slowLow, low, 1e-9)
		require.InDelta(t, slowHigh, high, 1e-9)
		require.LessOrEqual(t, low, high)
		require.GreaterOrEqual(t, low, slices.Min(series)-1e-9)
		require.LessOrEqual(t, high, slices.Max(series)+1e-9)
	})
}

// TestIntervalHoldsTheMean counts how often the interval holds a mean that is known. Days that resemble their neighbours,
// and those of which few cost nearly all, are held less often than 95 times in 100: the floors are what was measured, and
// say what to expect.
func TestIntervalHoldsTheMean(t *testing.T) {
	normal := func(r *rand.Rand, n int) []float64 {
		d := make([]float64, n)
		for i := range d {
			d[i] = 5 + r.NormFloat64()
		}
		return d
	}
	alike := func(r *rand.Rand, n int) []float64 { // an autoregression of 0.3
		d, x := make([]float64, n), r.NormFloat64()
		for i := range d {
			d[i] = 5 + x
			x = .3*x + math.Sqrt(1-.09)*r.NormFloat64()
		}
		return d
	}
	for name, c := range map[string]struct {
		draw     func(r *rand.Rand, n int) []float64
		days     int
		from, to float64
	}{
		"a week":                 {normal, 7, .90, .95},
		"two weeks":              {normal, 14, .93, .98},
		"four weeks":             {normal, 28, .93, .98},
		"two weeks, alike":       {alike, 14, .87, .94},
		"four weeks, alike":      {alike, 28, .89, .95},
		"two months, alike":      {alike, 60, .90, .96},
		"a week, alike, is hard": {alike, 7, .83, .92},
	} {
		r := rand.New(rand.NewPCG(20260105, 1))
		const times = 400
		held := 0.0
		for k := range times {
			if low, high := blockInterval(c.draw(r, c.days), 1000, uint64(k)); low <= 5 && 5 <= high {
				held++
			}
		}
		t.Logf("%s: %.3f", name, held/times)
		require.GreaterOrEqual(t, held/times, c.from, name)
		require.LessOrEqual(t, held/times, c.to, name)
	}
}

func TestBlockLength(t *testing.T) {
	for days, want := range map[int]int{1: 1, 7: 2, 14: 2, 28: 3, 60: 4, 227: 6} {
		require.Equal(t, want, blockLength(days), days)
	}
}

func TestExpandedTail(t *testing.T) {
	// Student's 0.975 quantile with 9 degrees of freedom is 2.26216, times the root of 10/9: 2.38452.
	require.InDelta(t, .5*math.Erfc(2.38452/math.Sqrt2), expandedTail(10), 1e-7)
	require.InDelta(t, .025, expandedTail(1e6), 1e-6)
}

func TestComparePolicies(t *testing.T) {
	o := Options{Capacity: 10, Penalty: 20}
	c := week(t, 10, o, KubeHPA, Static)
	p, err := c.Compare(KubeHPA, Static, 1)
	require.NoError(t, err)
	// By hand, from the days: the first and the last are half days, and count.
	days := c.ByDay()
	require.Len(t, days, 11)
	sum, other, won := 0., 0., 0.
	for _, d := range days {
		sum += d.Policies[0].Cost - d.Policies[1].Cost
		other += d.Policies[1].Cost
		if d.Policies[0].Cost < d.Policies[1].Cost {
			won++
		}
	}
	require.Equal(t, 11, p.Days)
	require.InDelta(t, sum/11, p.Difference, 1e-9)
	require.InDelta(t, sum/other, p.Part, 1e-12)
	require.Equal(t, won/11, p.Won)
	require.Less(t, p.Low, p.Difference)
	require.Greater(t, p.High, p.Difference)

	back, err := c.Compare(Static, KubeHPA, 1)
	require.NoError(t, err)
	require.InDelta(t, -p.Difference, back.Difference, 1e-9)
	require.InDelta(t, 1-p.Won, back.Won, 1e-12)
	self, err := c.Compare(Static, Static, 1)
	require.NoError(t, err)
	require.Equal(t, Paired{A: Static, B: Static, Days: 11}, self, "no difference, and nobody wins")
	again, err := c.Compare(KubeHPA, Static, 1)
	require.NoError(t, err)
	require.Equal(t, p, again)
	again, err = c.Compare(KubeHPA, Static, 2)
	require.NoError(t, err)
	require.NotEqual(t, p, again)

	best, err := c.Compare(KubeHPA, Clairvoyant, 1)
	require.NoError(t, err, "the optimum is always there")
	require.Positive(t, best.Low)
	require.Zero(t, best.Won)
	_, err = c.Compare(KubeHPA, LazyCapacity, 1)
	require.EqualError(t, err, `policy "lcp": wanted one of those that are compared`)
}

func TestCompareLeavesOutStubsOfDays(t *testing.T) {
	o := Options{Capacity: 10, Penalty: 20, Warmup: .07} // begins at 18 o'clock or so
	c := week(t, 6, o, KubeHPA, Static)
	p, err := c.Compare(KubeHPA, Static, 1)
	require.NoError(t, err)
	require.Len(t, c.ByDay(), 7)
	require.Equal(t, 6, p.Days)
	require.True(t, math.IsNaN(p.Low) && math.IsNaN(p.High), "too few days to tell")
	o.Warmup = .98
	p, err = week(t, 6, o, KubeHPA, Static).Compare(KubeHPA, Static, 1)
	require.NoError(t, err)
	require.Zero(t, p.Days)
	require.True(t, math.IsNaN(p.Difference) && math.IsNaN(p.Won) && math.IsNaN(p.Part))
}
