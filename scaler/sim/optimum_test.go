package sim

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pathCost is the objective of the optimum, written down from the contract: in replica-hours.
func pathCost(t *Trace, o Options, path []int) float64 {
	hours, cost := t.Step.Hours(), 0.0
	for i, d := range t.Demand[o.FirstScored(t):] {
		cost += hours * float64(path[i])
		if !isNaN(d) {
			cost += hours * o.Penalty * math.Max(0, d/o.Capacity-float64(path[i]))
		}
		if i > 0 && path[i] > path[i-1] {
			cost += o.Boot.Hours() * float64(path[i]-path[i-1])
		}
	}
	return cost
}

// exhaustive tries every path with counts in least .. most.
func exhaustive(t *Trace, o Options, least, most int) float64 {
	path := make([]int, t.Len()-o.FirstScored(t))
	for i := range path {
		path[i] = least
	}
	for best := math.Inf(1); ; {
		best = math.Min(best, pathCost(t, o, path))
		i := 0
		for ; i < len(path) && path[i] == most; i++ {
			path[i] = least
		}
		if i == len(path) {
			return best
		}
		path[i]++
	}
}

// quadratic is the textbook dynamic programme that tries every count before every count.
func quadratic(t *Trace, o Options, least, most int) float64 {
	hours := t.Step.Hours()
	cost := make([]float64, most-least+1)
	for i, d := range t.Demand[o.FirstScored(t):] {
		next := make([]float64, len(cost))
		for x := range next {
			next[x] = math.Inf(1)
			for y := range cost {
				c := cost[y]
				if i > 0 {
					c += o.Boot.Hours() * math.Max(0, float64(x-y))
				}
				next[x] = math.Min(next[x], c)
			}
			next[x] += hours * float64(x+least)
			if !isNaN(d) {
				next[x] += hours * o.Penalty * math.Max(0, d/o.Capacity-float64(x+least))
			}
		}
		cost = next
	}
	best := math.Inf(1)
	for _, c := range cost {
		best = math.Min(best, c)
	}
	return best
}

func drawCase(r *rapid.T, t *testing.T, steps, peak int) (*Trace, Options) {
	demand := make([]float64, rapid.IntRange(2, steps).Draw(r, "n"))
	for i := range demand {
		demand[i] = rapid.Float64Range(-1, float64(peak)).Draw(r, "demand")
		if rapid.Bool().Draw(r, "whole") {
			demand[i] = math.Floor(demand[i])
		}
		if demand[i] < 0 {
			demand[i] = math.NaN()
		}
	}
	tr, err := NewTrace("x", at(0), time.Minute, demand)
	require.NoError(t, err)
	return tr, Options{
		Capacity:    rapid.SampledFrom([]float64{1, 0.7, 2}).Draw(r, "capacity"),
		Boot:        time.Duration(rapid.SampledFrom([]int{0, 1, 30, 60, 90, 120, 600}).Draw(r, "boot")) * time.Second,
		Penalty:     rapid.SampledFrom([]float64{0, 0.5, 1, 2, 20}).Draw(r, "penalty"),
		Warmup:      rapid.SampledFrom([]float64{0, 0.5}).Draw(r, "warmup"),
		ScaleToZero: rapid.Bool().Draw(r, "zero"),
	}
}

// requireOptimal checks that the reported cost is the wanted one, and that it is the cost of the path that is reported.
func requireOptimal(t *testing.T, tr *Trace, o Options, want float64) {
	r, err := Optimum(context.Background(), tr, nil, o)
	require.NoError(t, err)
	require.InDelta(t, want, r.Cost, 1e-9*math.Max(1, want))
	var path []int
	for i, n := range r.Ordered {
		require.GreaterOrEqual(t, int(n), o.floor())
		if i >= o.FirstScored(tr) {
			path = append(path, int(n))
		}
	}
	require.InDelta(t, pathCost(tr, o, path), r.Cost, 1e-9*math.Max(1, want))
	require.Equal(t, r.Ordered, r.Ready)
}

func TestOptimumEqualsExhaustiveSearch(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr, o := drawCase(r, t, 6, 3)
		requireOptimal(t, tr, o, exhaustive(tr, o, o.floor(), max(o.floor(), replicasFor(peakDemand(tr.Demand), o.Capacity)+1)))
	})
}

func TestOptimumEqualsTheQuadraticProgramme(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr, o := drawCase(r, t, 60, 12)
		requireOptimal(t, tr, o, quadratic(tr, o, o.floor(), replicasFor(peakDemand(tr.Demand), o.Capacity)+2))
	})
}

func TestOptimumIsNoDearerThanAnyController(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr, o := drawCase(r, t, 60, 12)
		o.Warmup, o.Boot = 0.5, 2*time.Minute
		orders := make([]int, tr.Len())
		for i := range orders {
			orders[i] = rapid.IntRange(0, 14).Draw(r, "order")
		}
		policy, err := Run(context.Background(), tr, nil, o, &script{orders: orders})
		require.NoError(t, err)
		optimum, err := Optimum(context.Background(), tr, nil, o)
		require.NoError(t, err)
		// A replica that was ordered before the first scored step has part of its boot paid before it too.
		slack := float64(policy.Ordered[o.FirstScored(tr)]) * o.Boot.Hours()
		require.LessOrEqual(t, optimum.Cost, policy.Cost+slack+1e-9)
	})
}

func TestOptimumByHand(t *testing.T) {
	// Capacity 1, penalty 20, boot 2 minutes: it pays to stop a replica for three minutes, not for one, and a demand of
	// less than a twentieth of a replica does not pay for one.
	o := Options{Capacity: 1, Penalty: 20, Boot: 2 * time.Minute}
	play := func(demand ...float64) Result {
		r, err := Optimum(context.Background(), minutes(t, demand...), nil, o)
		require.NoError(t, err)
		return r
	}
	r := play(3, 1, 3, 3)
	require.Equal(t, []int32{3, 3, 3, 3}, r.Ordered)
	r = play(3, 0, hole, 0, 2.5, 3)
	require.Equal(t, []int32{3, 1, 1, 1, 3, 3}, r.Ordered, "the hole has no demand, one always stays")
	require.InDelta(t, 12.0/60, r.ReplicaHours, 1e-12, "the ups are left out")
	require.InDelta(t, 16.0/60, r.Cost, 1e-12, "12 minutes and two ups of two minutes")
	require.Zero(t, r.Unserved)
	require.InDelta(t, 2*240, r.ChangesPerDay, 1e-9)
	r = play(1, 1.04, 1, 1)
	require.Equal(t, []int32{1, 1, 1, 1}, r.Ordered, "20*.04 is less than 3")
	require.InDelta(t, 4.8/60, r.Cost, 1e-12)
	require.InDelta(t, 0.04/4.04, r.Unserved, 1e-12)
	require.InDelta(t, 0.25, r.Violation, 1e-12)

	o.Boot = 90 * time.Second // exactly, not in steps
	r = play(1, 1, 3, 1)
	require.Equal(t, []int32{1, 1, 3, 1}, r.Ordered)
	require.InDelta(t, (6+2*1.5)/60, r.Cost, 1e-12)

	o.ScoreFrom = at(60)
	r = play(9, 3, 1, 1)
	require.Equal(t, []int32{3, 3, 1, 1}, r.Ordered, "the first count is free; before the first scored step it is repeated")
	require.InDelta(t, 5.0/60, r.Cost, 1e-12)
}

func TestOptimumBreaksTiesTheSameWayEverywhere(t *testing.T) {
	play := func(penalty float64, boot time.Duration, demand ...float64) []int32 {
		r, err := Optimum(context.Background(), minutes(t, demand...), nil, Options{Capacity: 1, Penalty: penalty, Boot: boot})
		require.NoError(t, err)
		return r.Ordered
	}
	require.Equal(t, []int32{3, 3, 3, 3}, play(20, 2*time.Minute, 3, 1, 1, 3), "to keep two costs four minutes, to order two again does too")
	require.Equal(t, []int32{1, 1, 1}, play(1, 0, 3, 3, 3), "a replica costs what it saves: the fewest")
}

func BenchmarkOptimum(b *testing.B) {
	demand := make([]float64, 125_000)
	for i := range demand {
		demand[i] = 125 + 120*math.Sin(float64(i)/229) + 5*math.Sin(float64(i)*1.7)
	}
	tr, err := NewTrace("x", at(0), time.Minute, demand)
	require.NoError(b, err)
	o := DefaultOptions(tr)
	o.Capacity = 1
	for b.Loop() {
		_, err := Optimum(context.Background(), tr, nil, o)
		require.NoError(b, err)
	}
}
