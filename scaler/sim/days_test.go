package sim

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// week is a comparison over some days of hourly steps, from noon of the first on.
func week(t require.TestingT, days int, o Options, names ...string) *Comparison {
	demand := make([]float64, 24*days)
	for i := range demand {
		demand[i] = float64(30 + i*i%17 + 10*(i/24%3) + 5*(i%24))
	}
	demand[5] = hole
	tr, err := NewTrace("week", time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC), time.Hour, demand)
	require.NoError(t, err)
	c, err := Compare(context.Background(), Case{Trace: tr, Options: o}, names)
	require.NoError(t, err)
	return c
}

func TestDaysAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Capacity: 10, Penalty: 20, Boot: time.Duration(rapid.IntRange(0, 4000).Draw(t, "boot")) * time.Second,
			Drain: time.Duration(rapid.IntRange(0, 3).Draw(t, "drain")) * time.Hour, Warmup: rapid.Float64Range(0, .9).Draw(t, "warmup"),
		}
		c := week(t, rapid.IntRange(1, 6).Draw(t, "days"), o, KubeHPA, Clairvoyant, Static)
		days := c.ByDay()
		steps, optimum := 0, 0.0
		cost, changes := make([]float64, 3), make([]int, 3)
		for _, d := range days {
			steps += d.Steps
			optimum += d.Optimum
			for i, p := range d.Policies {
				require.Equal(t, c.Results[i].Name, p.Name)
				cost[i] += p.Cost
				changes[i] += p.Changes
			}
		}
		scored := c.Case.Trace.Len() - o.FirstScored(c.Case.Trace)
		require.Equal(t, scored, steps)
		require.InEpsilon(t, c.Optimum.Cost, optimum, 1e-12)
		for i, r := range c.Results {
			require.InEpsilon(t, r.Cost, cost[i], 1e-12, r.Name)
			require.InDelta(t, r.ChangesPerDay*float64(scored)/24, float64(changes[i]), 1e-9, r.Name)
		}
	})
}

func TestDaysAreThoseOfUTC(t *testing.T) {
	c := week(t, 2, Options{Capacity: 10, Penalty: 20}, Static)
	days := c.ByDay()
	var got []any
	for _, d := range days {
		got = append(got, d.Date, d.Steps)
	}
	require.Equal(t, []any{"2026-03-27", 12, "2026-03-28", 24, "2026-03-29", 12}, got)
	// By hand: a day of the static fleet.
	n := c.Results[0].Ready[0]
	demand, unserved := 0., 0.
	for _, d := range c.Case.Trace.Demand[12:36] {
		demand += d
		unserved += math.Max(0, d-10*float64(n))
	}
	require.Equal(t, 0, days[1].Policies[0].Changes)
	require.InDelta(t, unserved/demand, days[1].Policies[0].Unserved, 1e-12)
	require.InDelta(t, 24*float64(n)+20*unserved/10, days[1].Policies[0].Cost, 1e-9)
}

func TestWorstFirst(t *testing.T) {
	days := []Day{
		{Date: "a", Optimum: 10, Policies: []DayScores{{Cost: 12}, {Cost: 13}}},
		{Date: "b", Optimum: 1, Policies: []DayScores{{Cost: 9}, {Cost: 1}}},
		{Date: "c", Optimum: 5, Policies: []DayScores{{Cost: 7}, {Cost: 9}}},
	}
	order := func(policy int) (dates string) {
		WorstFirst(days, policy)
		for _, d := range days {
			dates += d.Date
		}
		return dates
	}
	require.Equal(t, "bac", order(0))
	require.Equal(t, "cab", order(1))
}

func TestWriteDays(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteDays(&b, []Day{
		{Date: "2026-03-27", Steps: 12, Optimum: 10, Policies: []DayScores{{"hpa", 12.34, .01, 3}, {"kpa", 100, 0, 12}}},
		{Date: "2026-03-28", Steps: 24, Optimum: 1000, Policies: []DayScores{{"hpa", 1012.34, .5, 3}, {"kpa", 0, 0, 0}}},
	}))
	require.Equal(t, `        date  steps  optimum     hpa  unserved  changes    kpa  unserved  changes
  2026-03-27     12     10.0    12.3    1.000%        3  100.0    0.000%       12
  2026-03-28     24   1000.0  1012.3   50.000%        3    0.0    0.000%        0
`, b.String())
	b.Reset()
	require.NoError(t, WriteDays(&b, nil))
}
