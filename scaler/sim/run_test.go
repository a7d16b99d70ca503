package sim

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy"
)

// script orders what is written for each step (0: leave the fleet alone) and keeps what it was shown.
type script struct {
	orders []int
	seen   []Step
}

func (c *script) Decide(s *Step) (int, error) {
	kept := *s
	kept.Demand = slices.Clone(s.Demand)
	kept.Times = slices.Clone(s.Times)
	c.seen = append(c.seen, kept)
	if n := c.orders[s.Index]; n != 0 {
		return n, nil
	}
	return s.Fleet.Ordered(), nil
}

// always orders the same.
type always int

func (c always) Decide(*Step) (int, error) { return int(c), nil }

func TestRunOrdersOfAStep(t *testing.T) {
	// Capacity 10, boot 2 steps. The fleet starts with ceil(15/10)+1 = 3, all ready.
	tr := minutes(t, 15, 1, 2, hole, 4, 5)
	c := &script{orders: []int{99, 5, 0, 6, 2, 0}}
	o := Options{Capacity: 10, Boot: 61 * time.Second, Penalty: 20}
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	require.Equal(t, []int32{3, 5, 5, 6, 2, 2}, r.Ordered, "nobody decides at the first step")
	require.Equal(t, []int32{3, 3, 3, 5, 2, 2}, r.Ready, "ordered at step 1, ready at step 3")

	require.Len(t, c.seen, 5)
	for k, s := range c.seen {
		i := k + 1
		require.Equal(t, i, s.Index)
		require.Equal(t, tr.Times[i], s.Time)
		require.Equal(t, time.Minute, s.Length)
		require.Equal(t, tr.Times[:i+1], s.Times)
		requireDemand(t, tr.Demand[:i], s.Demand)
	}
	require.Equal(t, policy.Fleet{Ready: 3}, c.seen[0].Fleet)
	require.Equal(t, policy.Fleet{Ready: 3, Starting: 2}, c.seen[1].Fleet)
	require.Equal(t, policy.Fleet{Ready: 5}, c.seen[2].Fleet, "the decision comes after the arrivals")
	require.Equal(t, policy.Fleet{Ready: 5, Starting: 1}, c.seen[3].Fleet)
}

func TestRunShowsNothingOfTheFuture(t *testing.T) {
	tr := minutes(t, 1, 2, 3, 4, 5)
	c := &script{orders: make([]int, 5)}
	o := DefaultOptions(tr)
	o.Lag = 61 * time.Second // two steps
	_, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	for k, want := range [][]float64{{}, {}, {1}, {1, 2}} {
		require.Equal(t, want, append([]float64{}, c.seen[k].Demand...))
		require.LessOrEqual(t, cap(c.seen[k].Demand), 2)
	}
	// The slices end where they end: no reslicing into what has not been seen.
	var spy spy
	_, err = Run(context.Background(), tr, nil, o, &spy)
	require.NoError(t, err)
}

func TestRunShowsWhatItIsToldToShow(t *testing.T) {
	tr := minutes(t, 1, 20, 3, 4)
	c := &script{orders: make([]int, 4)}
	o := Options{Capacity: 10, Shown: []float64{7, hole, 9, 9}}
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	requireDemand(t, []float64{7, hole, 9}, c.seen[2].Demand)
	require.Equal(t, []int32{2, 2, 2, 2}, r.Ordered, "the plant has its own")
	o.Capacity = 5
	r, err = Run(context.Background(), tr, nil, o, always(2))
	require.NoError(t, err)
	require.InDelta(t, 2./60, r.UnservedHours, 1e-12)
}

type spy struct{}

func (*spy) Decide(s *Step) (int, error) {
	if cap(s.Demand) != len(s.Demand) || cap(s.Served) != len(s.Demand) || len(s.Served) != len(s.Demand) || cap(s.Times) != len(s.Times) {
		return 0, errors.New("the future shows")
	}
	return 1, nil
}

func TestRunStartsWithTheFirstDemandAndOneMore(t *testing.T) {
	for _, c := range []struct {
		first float64
		want  int32
	}{{0, 1}, {10, 2}, {10.1, 3}, {hole, 1}} {
		tr := minutes(t, c.first, 1)
		r, err := Run(context.Background(), tr, nil, Options{Capacity: 10}, &script{orders: []int{0, 0}})
		require.NoError(t, err)
		require.Equal(t, []int32{c.want, c.want}, r.Ordered, "first demand %v", c.first)
		require.Equal(t, r.Ordered, r.Ready)
	}
}

func TestRunKeepsTheSmallestFleet(t *testing.T) {
	tr := minutes(t, 5, 5, 5)
	r, err := Run(context.Background(), tr, nil, Options{Capacity: 10}, always(-3))
	require.NoError(t, err)
	require.Equal(t, []int32{2, 1, 1}, r.Ordered)
	r, err = Run(context.Background(), tr, nil, Options{Capacity: 10, ScaleToZero: true}, always(-3))
	require.NoError(t, err)
	require.Equal(t, []int32{2, 0, 0}, r.Ordered)
}

func TestRunWithABootTimeBeyondTheTrace(t *testing.T) {
	tr := minutes(t, 5, 5, 5)
	r, err := Run(context.Background(), tr, nil, Options{Capacity: 10, Boot: 1e6 * time.Hour, Lag: 1e6 * time.Hour}, always(9))
	require.NoError(t, err)
	require.Equal(t, []int32{2, 9, 9}, r.Ordered)
	require.Equal(t, []int32{2, 2, 2}, r.Ready)
}

func TestRunEndsWithTheContextAndWithTheController(t *testing.T) {
	tr := minutes(t, make([]float64, 3000)...)
	o := Options{Capacity: 1}
	ctx, cancel := context.WithCancel(context.Background())
	var last int
	o.Progress = func(done, total int) {
		require.Equal(t, 3000, total)
		require.GreaterOrEqual(t, done, last)
		last = done
		if done > 1000 {
			cancel()
		}
	}
	_, err := Run(ctx, tr, nil, o, always(1))
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, last, 3000)
	o.Progress = func(done, total int) {
		require.Equal(t, 3000, total)
		require.GreaterOrEqual(t, done, last)
		last = done
	}
	for _, f := range []func(context.Context, *Trace, Options) (Result, error){
		func(ctx context.Context, t *Trace, o Options) (Result, error) { return Optimum(ctx, t, nil, o) },
		func(ctx context.Context, t *Trace, o Options) (Result, error) { return StaticBest(ctx, t, nil, o) },
	} {
		last = 0
		_, err = f(ctx, tr, o)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, last)
		_, err = f(context.Background(), tr, o)
		require.NoError(t, err)
		require.Equal(t, 3000, last)
		_, err = f(context.Background(), tr, Options{})
		require.ErrorContains(t, err, "capacity 0")
	}

	last = 0
	_, err = Run(context.Background(), tr, nil, o, fails{})
	require.ErrorIs(t, err, errFails)
	require.ErrorContains(t, err, "step 7 (1970-01-01T00:07:00Z)")
	_, err = Run(context.Background(), tr, nil, Options{}, always(1))
	require.ErrorContains(t, err, "capacity 0")
}

var errFails = errors.New("out of order")

type fails struct{}

func (fails) Decide(s *Step) (int, error) {
	if s.Index == 7 {
		return 0, errFails
	}
	return 1, nil
}
