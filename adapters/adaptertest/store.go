package adaptertest

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
)

// StoreHarness is a Store under test with the place behind it, which is empty at first.
type StoreHarness struct {
	Store adapters.Store
	// Again returns a Store for the same place, as the next process opens it; nil where nothing outlives the Store.
	Again func() adapters.Store
	// Break makes the place fail from now on, whichever way is its most usual one; nil where it cannot fail.
	Break func()
}

// storeCheck is one check of RunStore.
type storeCheck struct {
	name string
	run  func(t testing.TB, h *storeUnderTest)
}

var storeChecks = []storeCheck{
	{"nothing was saved", storeEmpty},
	{"what was saved comes back", storeBytes},
	{"the newest save counts", storeNewest},
	{"the next process finds it", storeAgain},
	{"no slice is shared", storeSlices},
	{"a context that has ended", storeCancelled},
	{"a place that fails is an error", storeBroken},
}

// RunStore checks the contract of adapters.Store, each point in a subtest with a Store that open makes for it:
//
//   - where nothing was saved Load returns nil and no error, also the second time;
//   - every byte comes back, of snapshots from one byte to half a megabyte, as often as it is asked for;
//   - of several saves the newest counts, longer or shorter than the one before;
//   - another Store for the same place loads what this one saved, and what that one saves this one loads;
//   - what the caller does with a slice after Save, or with one that Load returned, changes nothing that is loaded later;
//   - a context that has ended is an error that wraps the context's, from both methods, and what was saved stays;
//   - a place that fails is an error, from both methods, and never nothing.
func RunStore(t *testing.T, open func(t *testing.T) StoreHarness) {
	t.Helper()
	for _, c := range storeChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, &storeUnderTest{open(t)}) })
	}
}

type storeUnderTest struct{ StoreHarness }

// snapshot returns n bytes that have every value, and tell snapshots of different seeds apart.
func snapshot(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seed + i + i>>8)
	}
	return b
}

func (h *storeUnderTest) save(t testing.TB, b []byte) {
	t.Helper()
	require.NoError(t, h.Store.Save(t.Context(), b))
}

// requireLoads demands that s has b. It shows no bytes: there are many.
func (h *storeUnderTest) requireLoads(t testing.TB, s adapters.Store, b []byte, when string) {
	t.Helper()
	got, err := s.Load(t.Context())
	require.NoError(t, err, when)
	if !bytes.Equal(got, b) {
		require.Failf(t, "another snapshot", "%s: %d bytes that are not the %d bytes that were saved", when, len(got), len(b))
	}
}

func storeEmpty(t testing.TB, h *storeUnderTest) {
	for range 2 {
		got, err := h.Store.Load(t.Context())
		require.NoError(t, err)
		require.Nil(t, got)
	}
}

func storeBytes(t testing.TB, h *storeUnderTest) {
	for _, b := range [][]byte{{0}, []byte("\r\n \x00\xff\n\r\n\n "), snapshot(1, 1000), snapshot(2, 1<<19)} {
		h.save(t, b)
		h.requireLoads(t, h.Store, b, "after Save")
		h.requireLoads(t, h.Store, b, "a second time")
	}
}

func storeNewest(t testing.TB, h *storeUnderTest) {
	for i, n := range []int{100, 5000, 40, 41, 40} {
		h.save(t, snapshot(i, n))
	}
	h.requireLoads(t, h.Store, snapshot(4, 40), "after five saves")
}

func storeAgain(t testing.TB, h *storeUnderTest) {
	if h.Again == nil {
		t.Skip("nothing outlives the store")
	}
	got, err := h.Again().Load(t.Context())
	require.NoError(t, err)
	require.Nil(t, got)
	h.save(t, snapshot(1, 500))
	next := h.Again()
	h.requireLoads(t, next, snapshot(1, 500), "in the next process")
	require.NoError(t, next.Save(t.Context(), snapshot(2, 60)))
	h.requireLoads(t, h.Again(), snapshot(2, 60), "in the one after that")
	h.requireLoads(t, h.Store, snapshot(2, 60), "in the first")
}

func storeSlices(t testing.TB, h *storeUnderTest) {
	b := snapshot(1, 200)
	h.save(t, b)
	clear(b)
	h.requireLoads(t, h.Store, snapshot(1, 200), "after the saved slice was used for something else")
	got, err := h.Store.Load(t.Context())
	require.NoError(t, err)
	clear(got)
	h.requireLoads(t, h.Store, snapshot(1, 200), "after the loaded slice was used for something else")
}

func storeCancelled(t testing.TB, h *storeUnderTest) {
	h.save(t, snapshot(1, 200))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.Store.Save(ctx, snapshot(2, 200)), context.Canceled)
	_, err := h.Store.Load(ctx)
	require.ErrorIs(t, err, context.Canceled)
	h.requireLoads(t, h.Store, snapshot(1, 200), "after a Save that was refused")
}

func storeBroken(t testing.TB, h *storeUnderTest) {
	if h.Break == nil {
		t.Skip("the place cannot fail")
	}
	h.save(t, snapshot(1, 200))
	h.Break()
	require.Error(t, h.Store.Save(t.Context(), snapshot(2, 200)))
	_, err := h.Store.Load(t.Context())
	require.Error(t, err)
}
