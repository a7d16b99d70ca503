package sim

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/compat"
)

func TestHindsightParams(t *testing.T) {
	all := hindsightParams()
	require.Len(t, all, 19*5)
	require.Equal(t, 0.10, all[0].Target)
	require.Equal(t, 0.15, all[5].Target)
	require.Equal(t, 0.70, all[60].Target)
	require.Equal(t, 1.00, all[94].Target)
	require.Equal(t, time.Duration(0), all[90].Window)
	require.Equal(t, 300*time.Second, all[91].Window)
	require.Equal(t, time.Hour, all[94].Window)
	require.Contains(t, all, compat.DefaultHPAParams(), "what hpa plays is among them")
}

func hpaBest(t *testing.T, o Options, demand []float64) Result {
	t.Helper()
	r, err := HPABest(context.Background(), minutes(t, demand...), nil, o)
	require.NoError(t, err)
	return r
}

func requireFound(t *testing.T, target float64, window time.Duration, r Result) {
	t.Helper()
	require.NotNil(t, r.Found)
	require.Equal(t, target, r.Found.Target)
	require.Equal(t, window, r.Found.Window)
}

func TestHPABestFindsTheKnownBest(t *testing.T) {
	// Replicas carry 1 and serve at once. 20 and 40 in turn: who follows is always a step late, who keeps what the largest
	// took serves with 40 replicas. Only a target of 1 keeps no more than 40.
	demand := make([]float64, 200)
	for i := range demand {
		demand[i] = float64(20 + i%2*20)
	}
	r := hpaBest(t, Options{Capacity: 1, Penalty: 20, Warmup: 0.5}, demand)
	requireFound(t, 1, 300*time.Second, r) // longer windows cost the same: a tie
	require.InDelta(t, 100*40/60.0, r.Cost, 1e-9)
	require.Equal(t, int32(40), r.Ordered[199])

	// Unserved demand that costs nothing: the fewest replicas win, which fall at once.
	r = hpaBest(t, Options{Capacity: 1, Penalty: 0, Warmup: 0.5}, demand)
	requireFound(t, 1, 0, r)
	require.InDelta(t, 100*30/60.0, r.Cost, 1e-9)

	// One step of 20 among steps of 10, and unserved demand that costs more than all replicas: the largest target that has
	// 20 replicas for 10 is .50.
	for i := range demand {
		demand[i] = 10
	}
	demand[150] = 20
	r = hpaBest(t, Options{Capacity: 1, Penalty: 1e6, Warmup: 0.5}, demand)
	require.Equal(t, 0.50, r.Found.Target)
	require.Zero(t, r.Unserved)
}

func TestHPABestTakesTheFirstOfEquallyCheapOnes(t *testing.T) {
	// One replica is enough for everything, whatever the parameters.
	demand := make([]float64, 200)
	demand[150] = 0.05
	r := hpaBest(t, Options{Capacity: 1, Penalty: 20, Warmup: 0.5}, demand)
	requireFound(t, 0.10, 0, r)

	// A constant load after a start with many: the target decides, and every window is over.
	for i := range demand {
		demand[i] = 40
	}
	demand[0] = 100
	r = hpaBest(t, Options{Capacity: 1, Penalty: 20, Warmup: 0.5}, demand)
	requireFound(t, 1, 0, r)
	require.Equal(t, int32(40), r.Ordered[199])
	require.InDelta(t, 100*40/60.0, r.Cost, 1e-9)
}

func TestSearchesEqualTheirTwin(t *testing.T) {
	c := waves(t)
	for _, seasonal := range []bool{false, true} {
		var best Result
		for _, p := range hindsightParams() {
			one, err := c.Options.hpa(c.Trace, p, seasonal)
			require.NoError(t, err)
			r, err := Run(context.Background(), c.Trace, c.Events, c.Options, one)
			require.NoError(t, err)
			if best.Found == nil || r.Cost < best.Cost {
				best, best.Found = r, &p
			}
		}
		search := HPABest
		if seasonal {
			search = SeasonalHPABest
		}
		got, err := search(context.Background(), c.Trace, c.Events, c.Options)
		require.NoError(t, err)
		require.Len(t, got.Tried, 95)
		got.Tried = nil
		require.Equal(t, best, got, "scores, counts and parameters; seasonal %v", seasonal)
	}
}

func TestSearchIsTheSameInAnyOrder(t *testing.T) {
	c := waves(t)
	params := hindsightParams()
	play := func(i int) (Controller, error) { return c.Options.hpa(c.Trace, params[i], false) }
	want, tried, err := cheapest(context.Background(), c.Trace, c.Options, len(params), 1, play)
	require.NoError(t, err)
	for _, workers := range []int{2, 3, 95, 1000} {
		got, again, err := cheapest(context.Background(), c.Trace, c.Options, len(params), workers, play)
		require.NoError(t, err)
		require.Equal(t, want, got, "%d at a time", workers)
		for i := range tried {
			require.Equal(t, tried[i].Cost, again[i].Cost, "%d at a time", workers)
		}
	}
	// The other way round another index has to be the first of the cheapest, with the same cost.
	back := func(i int) (Controller, error) { return play(len(params) - 1 - i) }
	got, _, err := cheapest(context.Background(), c.Trace, c.Options, len(params), 4, back)
	require.NoError(t, err)
	cost := func(i int) float64 {
		one, err := play(i)
		require.NoError(t, err)
		r, err := Run(context.Background(), c.Trace, nil, c.Options, one)
		require.NoError(t, err)
		return r.Cost
	}
	require.Equal(t, cost(want), cost(len(params)-1-got))
}

func TestSearchReportsAllStepsToItsCaller(t *testing.T) {
	tr := minutes(t, make([]float64, 3000)...)
	last, calls := 0, 0
	o := Options{Capacity: 1, Progress: func(done, total int) { // no lock: the race detector watches
		require.Equal(t, 95*3000, total)
		require.GreaterOrEqual(t, done, last)
		last, calls = done, calls+1
	}}
	_, err := HPABest(context.Background(), tr, nil, o)
	require.NoError(t, err)
	require.Equal(t, 95*3000, last)
	require.Greater(t, calls, 95)
}

func TestSearchEndsWithTheContext(t *testing.T) {
	tr := minutes(t, make([]float64, 3000)...)
	for _, search := range []func(context.Context, *Trace, Options) (Result, error){
		func(ctx context.Context, t *Trace, o Options) (Result, error) { return HPABest(ctx, t, nil, o) },
		func(ctx context.Context, t *Trace, o Options) (Result, error) { return SeasonalHPABest(ctx, t, nil, o) },
	} {
		ctx, cancel := context.WithCancel(context.Background())
		last := 0
		o := Options{Capacity: 1, Progress: func(done, _ int) {
			if last = done; done > 2*3000 {
				cancel()
			}
		}}
		_, err := search(ctx, tr, o)
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, last, 95*3000)
		_, err = search(ctx, tr, Options{Capacity: 1})
		require.ErrorIs(t, err, context.Canceled, "before it began")
		_, err = search(context.Background(), tr, Options{})
		require.ErrorContains(t, err, "capacity 0")
	}
}

// counted counts the calls of all that share it, and fails where told.
type counted struct {
	calls  *atomic.Int64
	faulty bool
}

func (c counted) Decide(s *Step) (int, error) {
	c.calls.Add(1)
	if c.faulty && s.Index == 7 {
		return 0, errFails
	}
	return 1, nil
}

func TestSearchStopsWithTheFirstFault(t *testing.T) {
	tr := minutes(t, make([]float64, 3000)...)
	var calls atomic.Int64
	_, _, err := cheapest(context.Background(), tr, Options{Capacity: 1}, 1000, 3, func(i int) (Controller, error) {
		return counted{&calls, i == 5}, nil
	})
	require.ErrorIs(t, err, errFails)
	require.ErrorContains(t, err, "step 7 (1970-01-01T00:07:00Z)")
	require.Less(t, calls.Load(), int64(1000*2999))

	wrong := errors.New("out of range")
	_, _, err = cheapest(context.Background(), tr, Options{Capacity: 1}, 4, 2, func(int) (Controller, error) { return nil, wrong })
	require.ErrorIs(t, err, wrong)
}
