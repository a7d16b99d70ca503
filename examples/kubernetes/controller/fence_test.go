package controller

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/kubernetes"
)

// What begins in time is called back before the lease can be another's, and what begins too late does not begin.
func TestPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fence
		begun := 0
		hangs := func(ctx context.Context) error { begun++; <-ctx.Done(); return context.Cause(ctx) }
		require.ErrorIs(t, f.pass(t.Context(), hangs), ErrDeposed)
		begin := time.Now()
		f.renewed(begin.Add(10 * time.Second))
		pass(7 * time.Second)
		require.ErrorIs(t, f.pass(t.Context(), hangs), ErrDeposed)
		require.Equal(t, 10*time.Second, time.Since(begin))
		require.Equal(t, 1, begun)
		require.ErrorIs(t, f.pass(t.Context(), hangs), ErrDeposed)
		require.Equal(t, 1, begun)
	})
}

// Who holds the lease saves in the place of what somebody else has saved meanwhile; who does not saves nothing.
func TestSaveBehindAFence(t *testing.T) {
	p := newPlane(t, 1)
	client := p.config("a", p.file(text("shop"))).Client
	store := func(f *fence) fencedStore {
		made, err := kubernetes.NewStore(kubernetes.StoreConfig{Client: client, Namespace: "headroom", Name: "headroom-snapshot-shop"})
		require.NoError(t, err)
		return fencedStore{made, f}
	}
	var open, shut fence
	open.renewed(time.Now().Add(time.Hour))
	first, second := store(&open), store(&open)
	_, err := first.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, second.Save(t.Context(), []byte("second")))
	require.NoError(t, first.Save(t.Context(), []byte("first")))
	require.ErrorIs(t, store(&shut).Save(t.Context(), []byte("third")), ErrDeposed)
	b, err := second.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "first", string(b))
}
