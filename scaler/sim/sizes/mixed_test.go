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
	cost := make([]float64, len(fleets))
	for i, d := range c.Trace.Demand[c.Options.FirstScored(c.Trace):] {
		next := make([]float64, len(fleets))
		for to, fleet := range fleets {
			next[to] = math.Inf(1)
			for from, was := range fleets {
				change := 0.0
				for k, m := range c.Machines {
					if i > 0 {
						change += max(0, fleet[k]-was[k])*m.Price*m.Boot.Hours() + max(0, was[k]-fleet[k])*m.Out
					}
				}
				next[to] = min(next[to], cost[from]+change)
			}
			capacity := 0.0
			for k, m := range c.Machines {
				next[to] += fleet[k] * m.Price / 60
				capacity += fleet[k] * m.Capacity
			}
			if d >= 0 {
				next[to] += c.Worth() / 60 * max(0, d-capacity)
			}
		}
		cost = next
	}
	return slices.Min(cost)
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
	cost := make([]float64, len(levels))
	for i, d := range c.Trace.Demand[c.Options.FirstScored(c.Trace):] {
		next := make([]float64, len(levels))
		for to, y := range levels {
			next[to] = math.Inf(1)
			for from, was := range levels {
				change := 0.0
				if i > 0 {
					change = max(0, y-was)*in + max(0, was-y)*out
				}
				next[to] = min(next[to], cost[from]+change)
			}
			next[to] += y * c.cheapest() / 60
			if d >= 0 {
				next[to] += c.Worth() / 60 * max(0, d-y)
			}
		}
		cost = next
	}
	return slices.Min(cost)
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
