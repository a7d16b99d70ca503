package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInOrder(t *testing.T) {
	ctx := context.Background()
	var now, most atomic.Int32
	var told []int
	gate := make(chan struct{})
	got, err := inOrder(ctx, 9, func(_ context.Context, i int) (int, error) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		switch i { // number 0 ends only after number 5 began
		case 0:
			<-gate
		case 5:
			close(gate)
		}
		now.Add(-1)
		return i * i, nil
	}, func(i, r int) {
		require.Equal(t, i*i, r)
		told = append(told, i)
	})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 4, 9, 16, 25, 36, 49, 64}, got)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, told)
	require.LessOrEqual(t, most.Load(), int32(inParallel))

	none, err := inOrder(ctx, 0, func(context.Context, int) (int, error) { panic("nothing to do") }, func(int, int) {})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestInOrderReturnsTheFirstError(t *testing.T) {
	second := make(chan struct{})
	told := 0
	var late atomic.Bool
	_, err := inOrder(context.Background(), 100, func(_ context.Context, i int) (int, error) {
		switch i {
		case 3:
			<-second // the later one fails first
			return 0, errors.New("three")
		case 4:
			defer close(second)
			return 0, errors.New("four")
		}
		if i > 4 {
			late.Store(true)
		}
		return 0, nil
	}, func(int, int) { told++ })
	require.EqualError(t, err, "three")
	require.Equal(t, 3, told)
	require.False(t, late.Load(), "nothing is begun after an error")
}

func TestInOrderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := inOrder(ctx, 100, func(ctx context.Context, i int) (int, error) {
		if i == 1 {
			cancel()
		}
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(int, int) {})
	require.ErrorIs(t, err, context.Canceled)
}
