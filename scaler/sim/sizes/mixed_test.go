package sizes

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// bruteMixed tries every fleet of every sizes before every other, up to most nodes of each.
func bruteMixed(c Case, most int) float64 {
	var fleets [][]float64
	var add func(fleet []float64)
	add = func(fleet []float64) {
		if len(fleet) == len(c.Machines) {
			fleets = append(fleets, slices.Clone(fleet))
			return
		}
		for n := range most + 1 {
			add(append(fleet, float64(n)))
		}
	}
	add(nil)
	return allPairs(c, len(fleets), func(from, to int) float64 {
		change := 0.0
		for k, m := range c.Machines {
			change += max(0, fleets[to][k]-fleets[from][k])*m.Price*m.Boot.Hours() + max(0, fleets[from][k]-fleets[to][k])*m.Out
		}
		return change
	}, func(at int) (price, capacity float64) {
		for k, m := range c.Machines {
			price += fleets[at][k] * m.Price
			capacity += fleets[at][k] * m.Capacity
		}
		return price, capacity
	})
}

func TestMixedIsBelowEveryFleet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 10, 2, 5)
		bound, err := Mixed(c)
		require.NoError(t, err)
		require.LessOrEqual(t, bound, bruteMixed(c, 5)+1e-9)
		homogeneous, err := Optimum(context.Background(), c)
		require.NoError(t, err)
		require.LessOrEqual(t, bound, homogeneous.Cost+1e-9)
	})
}

// divisible is the optimum of a fleet that is divisible at will. Its capacity need never be another than some demand, or none.
func divisible(c Case) float64 {
	in, out := math.Inf(1), math.Inf(1)
	for _, m := range c.Machines {
		in, out = min(in, m.Price*m.Boot.Hours()/m.Capacity), min(out, m.Out/m.Capacity)
	}
	levels := []float64{0}
	for _, d := range c.Trace.Demand {
		if d > 0 {
			levels = append(levels, d)
		}
	}
	return allPairs(c, len(levels), func(from, to int) float64 {
		return max(0, levels[to]-levels[from])*in + max(0, levels[from]-levels[to])*out
	}, func(at int) (price, capacity float64) { return levels[at] * c.cheapest(), levels[at] })
}

func TestMixedIsTheOptimumOfADivisibleFleet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 40, 3, 9)
		got, err := Mixed(c)
		require.NoError(t, err)
		want := divisible(c)
		require.InDelta(t, want, got, 1e-9*max(1, want))
	})
}
