package sizes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/scaler/sim"
)

var start = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func minutes(t require.TestingT, demand ...float64) *sim.Trace {
	tr, err := sim.NewTrace("x", start, time.Minute, demand)
	require.NoError(t, err)
	return tr
}

// drawCase draws a case of few steps, sizes and nodes.
func drawCase(r *rapid.T, steps, machines int, peak float64) Case {
	demand := make([]float64, rapid.IntRange(2, steps).Draw(r, "n"))
	for i := range demand {
		demand[i] = rapid.Float64Range(-1, peak).Draw(r, "demand")
		if rapid.Bool().Draw(r, "whole") {
			demand[i] = math.Floor(demand[i])
		}
		if demand[i] < 0 {
			demand[i] = math.NaN()
		}
	}
	c := Case{Trace: minutes(r, demand...), Options: sim.Options{
		Penalty: rapid.SampledFrom([]float64{0, 0.5, 1, 2, 20}).Draw(r, "penalty"),
		Warmup:  rapid.SampledFrom([]float64{0, 0.5}).Draw(r, "warmup"),
	}}
	for i := range rapid.IntRange(1, machines).Draw(r, "machines") {
		c.Machines = append(c.Machines, Machine{
			Name:     fmt.Sprint("m", i),
			Price:    rapid.SampledFrom([]float64{1, 2, 4, 0.7, 3.3}).Draw(r, "price"),
			Capacity: rapid.SampledFrom([]float64{1, 2, 4, 0.8, 3}).Draw(r, "capacity"),
			Boot:     time.Duration(rapid.SampledFrom([]int{0, 30, 60, 90, 600}).Draw(r, "boot")) * time.Second,
			Out:      rapid.SampledFrom([]float64{0, 0.01, 0.1}).Draw(r, "out"),
			Max:      rapid.SampledFrom([]int{0, 0, 2}).Draw(r, "max"),
		})
	}
	return c
}

// allPairs is the least cost of a path over n states, with every state tried before every other: what a change costs, and what
// a state costs an hour and carries. The first state is free, steps are minutes.
func allPairs(c Case, n int, change func(from, to int) float64, fleet func(at int) (price, capacity float64)) float64 {
	cost := make([]float64, n)
	for i, d := range c.Trace.Demand[c.Options.FirstScored(c.Trace):] {
		next := make([]float64, n)
		for to := range next {
			next[to] = math.Inf(1)
			for from := range cost {
				moved := cost[from]
				if i > 0 {
					moved += change(from, to)
				}
				next[to] = min(next[to], moved)
			}
			price, capacity := fleet(to)
			next[to] += price / 60
			if d >= 0 {
				next[to] += c.Worth() / 60 * max(0, d-capacity)
			}
		}
		cost = next
	}
	return slices.Min(cost)
}

// brute is the optimum by allPairs, written down from the documentation of Optimum.
func brute(c Case) float64 {
	type state struct {
		m *Machine
		n float64
	}
	var states []state
	peak := 0.0
	for _, d := range c.Trace.Demand {
		if d > peak {
			peak = d
		}
	}
	for i := range c.Machines {
		m := &c.Machines[i]
		for n := 1; n <= max(1, int(math.Ceil(peak/m.Capacity))+1) && (m.Max == 0 || n <= m.Max); n++ {
			states = append(states, state{m, float64(n)})
		}
	}
	return allPairs(c, len(states), func(from, to int) float64 {
		was, s := states[from], states[to]
		switch {
		case was.m != s.m:
			return was.n*was.m.Out + s.n*s.m.Price*s.m.Boot.Hours()
		case s.n > was.n:
			return (s.n - was.n) * s.m.Price * s.m.Boot.Hours()
		}
		return (was.n - s.n) * s.m.Out
	}, func(at int) (price, capacity float64) {
		return states[at].n * states[at].m.Price, states[at].n * states[at].m.Capacity
	})
}

func TestOptimumEqualsTryingAllPairsOfStates(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 24, 4, 6)
		got, err := Optimum(context.Background(), c)
		require.NoError(t, err)
		want := brute(c)
		// The costs are those of the path, scored step by step, so that this is a test of the path too.
		require.InDelta(t, want, got.Cost, 1e-9*max(1, want))
		for i, nodes := range got.Nodes {
			used := 0
			for k, n := range nodes {
				if n > 0 {
					used++
				}
				require.True(t, c.Machines[k].Max == 0 || int(n) <= c.Machines[k].Max)
			}
			require.Equal(t, 1, used, "step %d: one size at a time, and one node at least", i)
		}
	})
}

func TestOptimumOfOneMachineIsThatOfItsCount(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 60, 1, 12)
		c.Machines[0].Out = 0
		got, err := Optimum(context.Background(), c)
		require.NoError(t, err)
		one, err := c.Of(0)
		require.NoError(t, err)
		want, err := sim.Optimum(context.Background(), c.Trace, nil, one.Options)
		require.NoError(t, err)
		require.InDelta(t, want.Cost*c.Machines[0].Price, got.Cost, 1e-9*max(1, got.Cost))
		require.Zero(t, got.Machine)
	})
}

func TestOptimumDoesNotDependOnOrderScaleOrUselessSizes(t *testing.T) {
	cost := func(c Case) float64 {
		got, err := Optimum(context.Background(), c)
		require.NoError(t, err)
		return got.Cost
	}
	rapid.Check(t, func(r *rapid.T) {
		c := drawCase(r, 24, 3, 6)
		want := cost(c)
		near := func(got float64) { require.InDelta(t, want, got, 1e-9*max(1, want)) }

		other := c
		other.Machines = slices.Clone(c.Machines)
		slices.Reverse(other.Machines)
		near(cost(other))

		worse := c.Machines[0]
		worse.Name, worse.Price = "worse", 1.5*worse.Price
		other.Machines = append(slices.Clone(c.Machines), worse, c.Machines[0])
		other.Machines[len(other.Machines)-1].Name = "twin"
		near(cost(other))

		other.Machines = slices.Clone(c.Machines)
		for i := range other.Machines {
			other.Machines[i].Price *= 8
			other.Machines[i].Out *= 8
		}
		near(cost(other) / 8)

		more := rapid.SampledFrom(c.Machines).Draw(r, "more")
		more.Name, more.Capacity = "more", more.Price/c.cheapest() // as cheap as the cheapest, so that the worth stays
		other.Machines = append(slices.Clone(c.Machines), more)
		require.LessOrEqual(t, cost(other), want+1e-9, "a choice more costs nothing")
	})
}

// A small machine by night, a large one by day: a change pays for itself in minutes where it costs little, and never where it
// costs a lot.
func TestOptimumChangesSizesWhereItPays(t *testing.T) {
	demand := slices.Concat(slices.Repeat([]float64{0.9}, 30), slices.Repeat([]float64{7.9}, 30))
	c := Case{Trace: minutes(t, demand...), Options: sim.Options{Penalty: 20}, Machines: []Machine{
		{Name: "small", Price: 1, Capacity: 1, Boot: time.Minute},
		{Name: "large", Price: 6, Capacity: 8, Boot: time.Minute},
	}}
	got, err := Optimum(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0}, got.Nodes[29])
	require.Equal(t, []int32{0, 1}, got.Nodes[30])
	require.Equal(t, -1, got.Machine)
	require.InDelta(t, (30*1+30*6)/60., got.Run, 1e-9)
	require.InDelta(t, 6/60., got.Boot, 1e-9)
	require.InDelta(t, 24., got.SizesPerDay, 1e-9, "one in an hour")

	c.Machines[0].Out = 10
	got, err = Optimum(context.Background(), c)
	require.NoError(t, err)
	require.NotEqual(t, -1, got.Machine)
	require.Zero(t, got.Out)
}

// twentySizes is a day of minutes, with 20 sizes and 100 nodes of each at most.
func twentySizes(tb testing.TB) Case {
	demand := make([]float64, 1440)
	for i := range demand {
		demand[i] = 55 + 40*math.Sin(float64(i)/229) + 5*math.Sin(float64(i)*1.7)
	}
	c := Case{Trace: minutes(tb, demand...), Options: sim.Options{Penalty: 20}}
	for i := range 20 {
		c.Machines = append(c.Machines, Machine{
			Name: fmt.Sprint("m", i), Price: 1 + 0.01*float64(i), Capacity: 0.9 + 0.001*float64(i), Boot: 2 * time.Minute, Max: 100,
		})
	}
	return c
}

func BenchmarkOptimum(b *testing.B) {
	c := twentySizes(b)
	b.ReportMetric(float64(len(newProgramme(&c).states)), "states")
	for b.Loop() {
		_, err := Optimum(context.Background(), c)
		require.NoError(b, err)
	}
}

func BenchmarkMixed(b *testing.B) {
	c := twentySizes(b)
	for b.Loop() {
		_, err := Mixed(c)
		require.NoError(b, err)
	}
}
