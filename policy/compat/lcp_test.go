package compat

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowWork is the table itself: C[x] for x of floor .. floor+len-1, by the definition.
type slowWork struct {
	p     WorkPrices
	floor int
	c     []float64
}

func (s *slowWork) cost(x int, demand float64) float64 {
	return s.p.Run*float64(x) + s.p.Unserved*max(0, demand/s.p.Capacity-float64(x))
}

func (s *slowWork) step(demand float64) (low, high int) {
	next := make([]float64, len(s.c))
	for to := range s.c {
		next[to] = math.Inf(1)
		for from, c := range s.c {
			next[to] = min(next[to], c+s.p.Up*float64(max(0, to-from))+s.cost(s.floor+to, demand))
		}
	}
	s.c = next
	for x, c := range s.c {
		if c < s.c[low] {
			low = x
		}
		if c-s.p.Up*float64(x) <= s.c[high]-s.p.Up*float64(high) {
			high = x
		}
	}
	return s.floor + low, s.floor + high
}

// Prices and demands are multiples of a quarter, so that ties are ties for both.
func drawPrices(t *rapid.T) WorkPrices {
	return WorkPrices{
		Capacity: float64(rapid.SampledFrom([]int{1, 2, 4}).Draw(t, "capacity")),
		Run:      float64(rapid.IntRange(1, 8).Draw(t, "run")) / 4,
		Unserved: float64(rapid.IntRange(0, 80).Draw(t, "unserved")) / 4,
		Up:       float64(rapid.IntRange(0, 80).Draw(t, "up")) / 4,
	}
}

func TestWorkFunctionEqualsItsTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPrices(t)
		floor, most := rapid.IntRange(0, 3).Draw(t, "floor"), rapid.IntRange(3, 9).Draw(t, "most")
		w := NewWorkFunction(p, floor, most)
		twin := slowWork{p, floor, make([]float64, most-floor+1)}
		if rapid.Bool().Draw(t, "from a fleet") {
			n := rapid.IntRange(0, 12).Draw(t, "start")
			w.Start(n)
			for k := range twin.c {
				twin.c[k] = p.Up * float64(max(0, floor+k-n))
			}
		}
		for range 25 {
			demand := float64(rapid.IntRange(-4, 60).Draw(t, "demand")) / 4
			low, high := w.Step(demand)
			wantLow, wantHigh := twin.step(max(demand, 0))
			require.Equal(t, [2]int{wantLow, wantHigh}, [2]int{low, high})
		}
	})
}

func TestWorkFunctionTakesAnyDemand(t *testing.T) {
	w := NewWorkFunction(WorkPrices{Capacity: 1, Run: 1, Unserved: 20, Up: 2}, 1, 5)
	for _, d := range []float64{math.Inf(1), math.MaxFloat64, 1e300} {
		low, high := w.Step(d)
		require.Equal(t, [2]int{5, 5}, [2]int{low, high})
	}
	w.Step(math.NaN())
	low, high := w.Step(-1)
	require.Equal(t, [2]int{1, 5}, [2]int{low, high}, "two idle steps cost the price of an up, and no more")
	low, high = w.Step(math.NaN())
	require.Equal(t, [2]int{1, 1}, [2]int{low, high})
	w = NewWorkFunction(WorkPrices{Capacity: 1, Run: 1, Unserved: 20, Up: 2}, 3, 1)
	low, high = w.Step(9)
	require.Equal(t, [2]int{3, 3}, [2]int{low, high}, "one count is all there is")
}

// TestLCPCostsAtMostThreeTimesTheOptimum checks the bound of Lin et al.: from an empty fleet, with counts that serve the
// demand they were chosen for.
func TestLCPCostsAtMostThreeTimesTheOptimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		boot := time.Duration(rapid.IntRange(1, 40).Draw(t, "boot")) * time.Minute
		penalty := rapid.Float64Range(0.5, 50).Draw(t, "penalty")
		l, err := NewLCP(LCPConfig{Capacity: 1, Step: Duration(time.Minute), Boot: Duration(boot), Penalty: penalty, Max: 8})
		require.NoError(t, err)
		hours := time.Minute.Hours()
		table := slowWork{WorkPrices{1, hours, hours * penalty, boot.Hours()}, 0, nil}
		for x := range 9 {
			table.c = append(table.c, table.p.Up*float64(x))
		}
		cost, n := 0.0, 0
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			demand := rapid.SampledFrom([]float64{0, 0, 0, 0.5, 1, 2, 7.75}).Draw(t, "demand")
			d := l.Recommend(at(float64(60*i)), []float64{demand}, Fleet{Ready: n})
			cost += table.p.Up*float64(max(0, d.Count-n)) + table.cost(d.Count, demand)
			n = d.Count
			table.step(demand)
			best := math.Inf(1)
			for _, c := range table.c {
				best = min(best, c)
			}
			require.LessOrEqual(t, cost, 3*best+1e-9)
		}
	})
}

func TestLCPIsLazy(t *testing.T) {
	// A replica costs a minute of its own in each step of a minute, an up costs ten.
	l, err := NewLCP(LCPConfig{Capacity: 10, Step: Duration(time.Minute), Boot: Duration(10 * time.Minute), Penalty: 4, Max: 20})
	require.NoError(t, err)
	one := func(i int, demand float64, n int) Decision {
		return l.Recommend(at(float64(60*i)), []float64{demand}, Fleet{Ready: n})
	}
	require.Equal(t, Decision{2, ReasonBand}, one(0, 20, 2))
	// The third replica saves 4-1 a step: after 3.33 steps it has paid for its up.
	require.Equal(t, Decision{2, ReasonBand}, one(1, 30, 2))
	require.Equal(t, Decision{2, ReasonBand}, one(2, 30, 2))
	require.Equal(t, Decision{2, ReasonBand}, one(3, 30, 2))
	require.Equal(t, Decision{3, ReasonBandLow}, one(4, 30, 2))
	require.Equal(t, Decision{3, ReasonMissing}, one(5, math.NaN(), 3))
	// And once it serves nothing it stays until it has cost an up.
	for i := 6; i < 16; i++ {
		require.Equal(t, Decision{3, ReasonBand}, one(i, 20, 3), "%d", i)
	}
	require.Equal(t, Decision{2, ReasonBandHigh}, one(16, 20, 3))
}

func TestLCPStartsWithAFleetThatIsPaidFor(t *testing.T) {
	l, err := NewLCP(LCPConfig{Capacity: 10, Step: Duration(time.Minute), Boot: Duration(10 * time.Minute), Penalty: 4, Max: 20})
	require.NoError(t, err)
	require.Equal(t, Decision{5, ReasonBand}, l.Recommend(at(0), []float64{50}, Fleet{Ready: 5}))
	require.Equal(t, Decision{5, ReasonBandLow}, l.Recommend(at(60), []float64{50}, Fleet{Ready: 3}), "somebody has removed two of them")
}

func TestLCPConfigNamesEveryFault(t *testing.T) {
	err := LCPConfig{Capacity: -1, Penalty: -1, Boot: -1, Min: -1, Max: 2_000_000}.Validate()
	for _, want := range []string{"capacity is -1", "penalty is -1", "step is 0s", "boot is -1ns", "min is -1", "max is 2000000"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewLCP(LCPConfig{})
	require.ErrorContains(t, err, "max is 0")
}
