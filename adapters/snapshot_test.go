package adapters_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// shelf is a Store that remembers how often it was asked, and fails when it is told to.
type shelf struct {
	memory.Store
	loads, saves     int
	loadErr, saveErr error
}

func (s *shelf) Load(ctx context.Context) ([]byte, error) {
	if s.loads++; s.loadErr != nil {
		return nil, s.loadErr
	}
	return s.Store.Load(ctx)
}

func (s *shelf) Save(ctx context.Context, b []byte) error {
	if s.saves++; s.saveErr != nil {
		return s.saveErr
	}
	return s.Store.Save(ctx, b)
}

func TestSnapshotsAreSavedFromTimeToTime(t *testing.T) {
	store := &shelf{}
	r := newRig(t, func(c *adapters.Config) { c.Store, c.SaveEvery = store, 3*time.Minute })
	var saved []int
	for i := range 11 {
		r.sources[0].fill(i-1, i, 100)
		store.saveErr = nil
		if i == 6 {
			store.saveErr = errDown
		}
		_, err := r.runner.Tick(t.Context(), minute(i))
		if i == 6 {
			require.EqualError(t, err, "saving a snapshot: the system is down")
		} else {
			require.NoError(t, err)
		}
		if r.runner.Report().Saved {
			saved = append(saved, i)
		}
	}
	require.Equal(t, []int{3, 7, 10}, saved, "what failed is tried again at the next tick")
	require.Equal(t, 1, store.loads)
	b, err := store.Load(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, b)
}

// lived returns a runner of newRig that has ticked ten times, and a store with its snapshot.
func lived(t *testing.T) (*rig, *shelf) {
	store := &shelf{}
	r := newRig(t, func(c *adapters.Config) { c.Store, c.SaveEvery = store, time.Minute })
	require.NoError(t, r.runner.Announce(forecast.Event{ID: "old", Kind: "tv", Start: minute(15)}))
	for i := range 10 {
		r.sources[0].fill(i-1, i, 100)
		r.tick(t, i)
	}
	b, err := store.Load(t.Context())
	require.NoError(t, err)
	kept := &shelf{}
	require.NoError(t, kept.Store.Save(t.Context(), b))
	return r, kept
}

func TestTheNextProcessGoesOnWhereTheLastStopped(t *testing.T) {
	first, store := lived(t)
	second := newRig(t, func(c *adapters.Config) { c.Store = store })
	second.sources[0].fill(0, 9, 100)
	require.NoError(t, second.runner.Announce(forecast.Event{ID: "new", Kind: "tv", Start: minute(40)}), "before the store was asked")
	require.NoError(t, first.runner.Announce(forecast.Event{ID: "new", Kind: "tv", Start: minute(40)}))
	for i := 10; i < 30; i++ {
		first.sources[0].fill(i-1, i, 100)
		second.sources[0].fill(i-1, i, 100)
		require.Equal(t, first.tick(t, i), second.tick(t, i), "minute %d", i)
	}
	require.Equal(t, asked{minute(-2), minute(10)}, second.sources[0].windows[0], "no backfill: ten steps before the newest")
	require.Equal(t, 1, store.loads)
	require.NoError(t, second.runner.Withdraw("new"))
	require.ErrorIs(t, second.runner.Withdraw("new"), scaler.ErrUnknownEvent)
}

func TestWhatIsSaidBeforeTheFirstTickHoldsForTheRestoredEngine(t *testing.T) {
	_, store := lived(t)
	r := newRig(t, func(c *adapters.Config) { c.Store = store })
	r.sources[0].fill(0, 9, 100)
	require.ErrorIs(t, r.runner.Withdraw("old"), scaler.ErrUnknownEvent, "it is not known yet")
	r.runner.Pause(time.Time{})
	d := r.tick(t, 10)
	require.False(t, d.Event, "it was withdrawn all the same")
	r.plant.ready = 1
	d = r.tick(t, 11)
	require.Contains(t, rules(&d), "pause")
}

func TestASnapshotThatCannotBeUsed(t *testing.T) {
	_, store := lived(t)
	good, err := store.Load(t.Context())
	require.NoError(t, err)
	foreign, err := scaler.New(scaler.Config{Penalty: 99})
	require.NoError(t, err)
	another, err := foreign.AppendBinary(nil)
	require.NoError(t, err)
	cases := []struct {
		name string
		edit func(s *shelf)
		is   error
	}{
		{"damaged", func(s *shelf) { s.Save(t.Context(), good[:len(good)-1]) }, scaler.ErrSnapshotCorrupt},
		{"of another configuration", func(s *shelf) { s.Save(t.Context(), another) }, scaler.ErrSnapshotFingerprint},
		{"of another build", func(s *shelf) {
			b := bytes.Clone(good)
			b[4] = 99
			s.Save(t.Context(), b)
		}, scaler.ErrSnapshotVersion},
		{"out of reach", func(s *shelf) { s.loadErr = errDown }, errDown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			store := &shelf{}
			c.edit(store)
			r := newRig(t, func(c *adapters.Config) { c.Store = store })
			require.NoError(t, r.runner.Announce(forecast.Event{ID: "new", Kind: "tv", Start: minute(1)}))
			d, err := r.runner.Tick(t.Context(), minute(0))
			require.ErrorIs(t, err, c.is)
			require.Regexp(t, "^loading the snapshot: .*; beginning anew with the backfill$", err.Error())
			require.False(t, d.Stale, "the backfill was read")
			require.True(t, d.Event)
			_, err = r.runner.Tick(t.Context(), minute(0))
			require.NoError(t, err, "it is said once")
			require.Equal(t, 1, store.loads)

			store = &shelf{}
			c.edit(store)
			strict := newRig(t, func(c *adapters.Config) { c.Store, c.Strict = store, true })
			for range 2 {
				d, err = strict.runner.Tick(t.Context(), minute(0))
				require.ErrorIs(t, err, c.is)
				require.True(t, d.Time.IsZero())
				require.Empty(t, strict.sources[0].windows)
			}
			require.Empty(t, strict.plant.applied)
			store.loadErr = nil
			require.NoError(t, store.Save(t.Context(), good))
			d, err = strict.runner.Tick(t.Context(), minute(10))
			require.NoError(t, err)
			require.True(t, d.Event, "as soon as there is one, it goes on")
		})
	}
}

func TestRunSavesAndTellsTheObserversWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told reporter
		store := &shelf{}
		r := newRig(t, func(c *adapters.Config) { c.Store, c.Observers = store, append(c.Observers, &told) })
		w := start(t, r, 0)
		time.Sleep(5 * time.Second)
		w.stop(t)
		require.Equal(t, 1, told.stopped)
		require.Zero(t, store.saves, "an engine that has not lived takes no other's place")

		w = start(t, r, 0)
		time.Sleep(2 * time.Minute)
		require.Zero(t, store.saves)
		w.stop(t)
		require.Equal(t, 1, store.saves)
		require.Equal(t, 2, told.stopped)
		b, err := store.Load(t.Context())
		require.NoError(t, err)
		want, err := r.runner.AppendBinary(nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, b))
	})
}

// hanging is a Store whose Save takes as long as it may.
type hanging struct{ memory.Store }

func (h *hanging) Save(ctx context.Context, _ []byte) error {
	<-ctx.Done()
	return errors.Join(errDown, ctx.Err())
}

func TestRunEndsThoughTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, func(c *adapters.Config) { c.Store, c.Grace, c.Logger = &hanging{}, 3*time.Second, logger(&log) })
		w := start(t, r, 0)
		time.Sleep(90 * time.Second)
		w.cancel()
		begin := time.Now()
		require.NoError(t, <-w.done)
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.Contains(t, log.String(), `level=ERROR msg=stop error="saving a snapshot: `)
	})
}
