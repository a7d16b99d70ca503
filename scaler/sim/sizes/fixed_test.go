package sizes

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/policy/sizing/exports"
	"github.com/headroom-go/headroom/scaler/sim"
)

// days is a demand of two days that rises and falls between 22 and 158.
func days(t *testing.T) Case {
	demand := make([]float64, 2*288)
	for i := range demand {
		demand[i] = 90 - 68*math.Cos(2*math.Pi*float64(i)/288)
	}
	tr, err := sim.NewTrace("days", start, 5*time.Minute, demand)
	require.NoError(t, err)
	return Case{Trace: tr, Options: sim.Options{Penalty: 20, Warmup: 0.5}, Machines: []Machine{
		{Name: "small", Price: 1, Capacity: 10, Boot: 2 * time.Minute},
		{Name: "large", Price: 7, Capacity: 80, Boot: 2 * time.Minute},
		{Name: "dear", Price: 1000, Capacity: 1},
	}}
}

func TestFixedFindsTheSizeInHindsight(t *testing.T) {
	c := days(t)
	best, of, err := Fixed(context.Background(), c, sim.Static)
	require.NoError(t, err)
	// Large ones cost less for what they carry, and two of them serve all.
	require.InDelta(t, 24*2*7, of[1], 1e-9)
	require.Less(t, of[1], of[0])
	require.Equal(t, 1, best.Machine)
	require.Equal(t, "static_best", best.Name)
	require.InDelta(t, of[1], best.Cost, 1e-12)
	require.True(t, math.IsNaN(of[2]), "at a thousand for a unit it earns less than its price")
	require.Equal(t, []int32{0, 2, 0}, best.Nodes[300])

	// Each number is that of package sim, times the price.
	for _, policy := range []string{sim.KubeHPA, sim.Headroom, sim.Clairvoyant} {
		_, of, err = Fixed(context.Background(), c, policy)
		require.NoError(t, err)
		for k := range 2 {
			one, err := c.Of(k)
			require.NoError(t, err)
			r, err := one.Play(context.Background(), policy)
			require.NoError(t, err)
			require.InDelta(t, r.Cost*c.Machines[k].Price, of[k], 1e-9*of[k], policy)
		}
	}
	// A fleet that is free to change its size is no dearer, clairvoyance for clairvoyance.
	best, _, err = Fixed(context.Background(), c, sim.Clairvoyant)
	require.NoError(t, err)
	free, err := Optimum(context.Background(), c)
	require.NoError(t, err)
	require.LessOrEqual(t, free.Cost, best.Cost)
	bound, err := Mixed(c)
	require.NoError(t, err)
	require.LessOrEqual(t, bound, free.Cost)
}

func TestTakingOutCosts(t *testing.T) {
	c := days(t)
	free, _, err := Fixed(context.Background(), c, sim.KubeHPA)
	require.NoError(t, err)
	for i := range c.Machines {
		c.Machines[i].Out = 0.5
	}
	_, of, err := Fixed(context.Background(), c, sim.KubeHPA)
	require.NoError(t, err)
	gone := 0
	for i := c.Options.FirstScored(c.Trace) + 1; i < c.Trace.Len(); i++ {
		gone += int(max(0, free.Nodes[i-1][free.Machine]-free.Nodes[i][free.Machine]))
	}
	require.Positive(t, gone)
	require.InDelta(t, free.Cost+0.5*float64(gone), of[free.Machine], 1e-9)
}

func TestFixedObeysAMachinesMax(t *testing.T) {
	c := days(t)
	c.Machines = c.Machines[:1]
	c.Machines[0].Max = 7
	for _, policy := range []string{sim.Headroom, sim.KubeHPA, sim.Static} {
		r, _, err := Fixed(context.Background(), c, policy)
		require.NoError(t, err)
		for _, n := range r.Nodes[1:] {
			require.LessOrEqual(t, n[0], int32(7))
		}
	}
}

func TestEveryFaultOfACase(t *testing.T) {
	c := days(t)
	c.Machines = append(c.Machines, Machine{Name: "small", Price: math.Inf(1), Capacity: 1, Out: -1, Max: -1})
	c.Options.Drain = time.Minute
	_, err := Optimum(context.Background(), c)
	for _, want := range []string{"machine small: wanted a name", "price +Inf", "out -1", "max -1", "drain"} {
		require.ErrorContains(t, err, want)
	}
	c.Machines = nil
	_, err = Mixed(c)
	require.ErrorContains(t, err, "machines: none")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Optimum(ctx, days(t))
	require.True(t, errors.Is(err, context.Canceled))
}

// relative is the sample catalogue: sizes of two families at prices that say who is dearer, and no more.
func relative(t *testing.T) sizing.Catalog {
	f, err := os.Open("testdata/relative-order-only-2026-11-23.json")
	require.NoError(t, err)
	defer f.Close()
	c, err := exports.Read(f, "sample")
	require.NoError(t, err)
	return c
}

func TestMachinesOfACatalogue(t *testing.T) {
	load := Load{PerDemand: sizing.Resources{CPU: 0.1, Memory: 0.05}, Base: sizing.Resources{CPU: 0.13}, Target: 1, Boot: 90 * time.Second, Out: 0.25}
	all, err := Machines(relative(t), load)
	require.NoError(t, err)
	require.Len(t, all, 8)
	require.Equal(t, "c2", all[0].Name)
	require.InDelta(t, (2-0.07-0.13)/0.1, all[0].Capacity, 1e-9)
	require.Equal(t, 90*time.Second, all[0].Boot)
	require.Equal(t, 0.25, all[0].Out)

	load.PerDemand.Memory = 0.5 // now memory is what runs out first
	all, err = Machines(relative(t), load)
	require.NoError(t, err)
	require.InDelta(t, (4-1)/0.5, all[0].Capacity, 1e-9)
	require.InDelta(t, (8-1)/0.5, all[4].Capacity, 1e-9)

	c := relative(t)
	c[0].Forbidden, c[1].Boot, c[2].Speed, c[3].Max = true, sizing.Duration(time.Minute), 2, 5
	load.PerDemand.Memory = 0
	all, err = Machines(c, load, "relative")
	require.NoError(t, err)
	require.Equal(t, "c4", all[0].Name)
	require.Equal(t, time.Minute, all[0].Boot)
	require.InDelta(t, ((8-c[2].Overhead.CPU)*2-0.13)/0.1, all[1].Capacity, 1e-9)
	require.Equal(t, 5, all[2].Max)

	_, err = Machines(c, load, "spot")
	require.ErrorContains(t, err, "none that is allowed")
	c[1].Min = 2
	_, err = Machines(c, load)
	require.ErrorContains(t, err, "size c4: min 2")
	_, err = Machines(c, Load{Target: 2, Boot: -1, Out: -1})
	for _, want := range []string{"wanted some of one resource", "target 2", "boot -1ns", "out -1"} {
		require.ErrorContains(t, err, want)
	}
}
