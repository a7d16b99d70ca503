package policy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var levels = []float64{.01, .05, .1, .25, .5, .75, .9, .95, .99, .999}

// drawQuantiles draws ascending quantiles of demand.
func drawQuantiles(t *rapid.T) []float64 {
	q := make([]float64, len(levels))
	x := rapid.Float64Range(0, 50).Draw(t, "lowest")
	if x < 1e-6 { // none: beside the gaps it is lost in rounding, and nothing can be scaled by it
		x = 0
	}
	for i := range q {
		x += rapid.SampledFrom([]float64{0, 0.1, 1, 7, 40}).Draw(t, "gap")
		q[i] = x
	}
	return q
}

// slowUse integrates P(demand > x) from k-1 to k numerically, from the definition of the curve.
func slowUse(c *Curve, k int) float64 {
	over := func(x float64) float64 {
		if x >= c.x[c.n] {
			if c.tail <= 0 {
				return 0
			}
			left := max(0, 1-(x-c.x[c.n])/(3*c.tail))
			return c.over[c.n] * left * left
		}
		i := 0
		for c.x[i+1] <= x {
			i++
		}
		return c.over[i] + (c.over[i+1]-c.over[i])*(x-c.x[i])/(c.x[i+1]-c.x[i])
	}
	const parts = 2000
	var sum float64
	for i := range parts {
		sum += over(float64(k-1) + (float64(i)+0.5)/parts)
	}
	return sum / parts
}

func TestUseAgainstNumericalIntegration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Curve
		require.True(t, c.Set(levels, drawQuantiles(t), 10))
		k := rapid.IntRange(1, 60).Draw(t, "replica")
		require.InDelta(t, slowUse(&c, k), c.Use(k), 2e-3)
	})
}

func TestUseFallsAndSumsToDemand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Curve
		require.True(t, c.Set(levels, drawQuantiles(t), 3))
		var sum float64
		for k := 1; k <= c.Most()+1; k++ {
			u := c.Use(k)
			require.True(t, u >= 0 && u <= 1+1e-12, "use of replica %d is %v", k, u)
			require.LessOrEqual(t, u, c.Use(max(1, k-1))+1e-12)
			sum += u
		}
		require.InDelta(t, c.Beyond(0), sum, 1e-6*(1+sum))
		require.InDelta(t, 0, c.Use(c.Most()+1), 1e-9)
	})
}

// Count is the newsvendor optimum: no other count costs less in replicas plus priced unserved demand.
func TestCountMinimisesExpectedCost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Curve
		require.True(t, c.Set(levels, drawQuantiles(t), 10))
		penalty := rapid.Float64Range(1.1, 500).Draw(t, "penalty")
		cost := func(n int) float64 { return float64(n) + penalty*c.Unserved(n) }
		best := c.Count(penalty)
		for n := 0; n <= c.Most()+1; n++ {
			require.LessOrEqual(t, cost(best), cost(n)+1e-9, "count %d against %d", best, n)
		}
	})
}

func TestCountOfCertainDemand(t *testing.T) {
	var c Curve
	q := make([]float64, len(levels))
	for i := range q {
		q[i] = 40
	}
	require.True(t, c.Set(levels, q, 10))
	require.Equal(t, 4, c.Count(20))
	clear(q)
	require.True(t, c.Set(levels, q, 10))
	require.Equal(t, 0, c.Count(20))
}

func TestCurveRefusesWhatIsNotANumber(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		var c Curve
		require.False(t, c.Set([]float64{.5, .9}, []float64{1, bad}, 1))
	}
}

func TestBandGrowsWithPriceAndRelease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Curve
		require.True(t, c.Set(levels, drawQuantiles(t), 10))
		p := rapid.Float64Range(1.1, 100).Draw(t, "penalty")
		r := rapid.Float64Range(1, 10).Draw(t, "release")
		b := c.Newsvendor(p, r)
		require.LessOrEqual(t, b.Low, b.High)
		require.LessOrEqual(t, b.Low, c.Newsvendor(p*2, r).Low)
		require.LessOrEqual(t, b.High, c.Newsvendor(p, r*2).High)
		n := rapid.IntRange(0, 100).Draw(t, "fleet")
		got := b.Clamp(n)
		require.True(t, got >= b.Low && got <= b.High)
		require.True(t, n < b.Low || n > b.High || got == n, "inside the band the fleet is left alone")
		require.Equal(t, got, b.Clamp(got))
	})
}

// More demand, at whatever probabilities, never gives a fleet fewer replicas.
func TestMoreDemandNeverGivesFewerReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuantiles(t)
		more := make([]float64, len(q))
		lift := 0.
		for i := range q {
			lift = max(lift, rapid.SampledFrom([]float64{0, 0, 0.3, 5, 80}).Draw(t, "lift"))
			more[i] = q[i] + lift
		}
		var a, b Curve
		require.True(t, a.Set(levels, q, 10))
		require.True(t, b.Set(levels, more, 10))
		penalty := rapid.Float64Range(1.1, 9).Draw(t, "penalty") // the fractile lies within the levels
		fleet := rapid.IntRange(0, 60).Draw(t, "fleet")
		require.LessOrEqual(t, a.Newsvendor(penalty, 1).Clamp(fleet), b.Newsvendor(penalty, 1).Clamp(fleet))
	})
}

// All prices times the same factor, or demand and capacity times another, decide the same: the curve knows ratios only.
func TestOnlyRatiosCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuantiles(t)
		scaled := make([]float64, len(q))
		for i := range q {
			scaled[i] = 8 * q[i]
		}
		var a, b Curve
		require.True(t, a.Set(levels, q, 10))
		require.True(t, b.Set(levels, scaled, 80))
		require.Equal(t, a.Newsvendor(20, 2), b.Newsvendor(20, 2))
	})
}

func TestDemandBeyondAllCountsIsNotNoDemand(t *testing.T) {
	for _, demand := range []float64{1e9, 1e12, 1e17, 1e300} {
		var c Curve
		require.True(t, c.Set(levels, []float64{demand, demand, demand, demand, demand, demand, demand, demand, demand, demand}, 1))
		require.GreaterOrEqual(t, c.Count(20), 1_000_000_000, "%v", demand)
	}
}
