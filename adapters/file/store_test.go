package file_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/file"
)

func newStore(t *testing.T, path string, logger *slog.Logger) *file.Store {
	s, err := file.NewStore(path, logger)
	require.NoError(t, err)
	return s
}

func TestStoreConforms(t *testing.T) {
	adaptertest.RunStore(t, func(t *testing.T) adaptertest.StoreHarness {
		dir := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.Mkdir(dir, 0o755))
		path := filepath.Join(dir, "shop")
		again := func() adapters.Store { return newStore(t, path, nil) }
		breakIt := func() { // the volume is gone, and something else is in its place
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.WriteFile(dir, nil, 0o644))
		}
		return adaptertest.StoreHarness{Store: again(), Again: again, Break: breakIt}
	})
}

func TestStoreReturnsTheOlderSnapshotForADamagedOne(t *testing.T) {
	cases := []struct {
		name   string
		damage func(t *testing.T, path string)
		told   string
	}{
		{"cut off", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 36)) }, "5 bytes follow its first line; wanted 6"},
		{"empty", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) }, `it begins with \"\"; wanted headroom-snapshot 1`},
		{"a bit has flipped", func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			b[len(b)-1] ^= 4
			require.NoError(t, os.WriteFile(path, b, 0o644))
		}, "its checksum is "},
		{"something else", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o644))
		}, `it begins with \"{}\"; wanted headroom-snapshot 1, a length and a checksum`},
		{"gone, in the middle of a Save", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, "no such file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			path := filepath.Join(t.TempDir(), "shop")
			s := newStore(t, path, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, s.Save(t.Context(), []byte("oldest")))
			require.NoError(t, s.Save(t.Context(), []byte("older")))
			require.NoError(t, s.Save(t.Context(), []byte("newest")))
			c.damage(t, path)
			for range 2 {
				got, err := s.Load(t.Context())
				require.NoError(t, err)
				require.Equal(t, "older", string(got))
			}
			require.Contains(t, log.String(), `msg="the newest snapshot cannot be used; the one before is" path=`+path)
			require.Contains(t, log.String(), c.told)

			require.NoError(t, s.Save(t.Context(), []byte("next")))
			got, err := s.Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, "next", string(got))
			require.NoError(t, os.Remove(path))
			got, err = s.Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, "older", string(got), "what is damaged does not take the place of what is whole")
		})
	}
}

func TestStoreWithNothingWholeIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop")
	s := newStore(t, path, nil)
	require.NoError(t, os.WriteFile(path, []byte("headroom-snapshot 2 1 0\nx"), 0o644))
	for range 2 { // it is not forgotten that there was one
		_, err := s.Load(t.Context())
		require.ErrorIs(t, err, file.ErrDamaged)
		require.EqualError(t, err, "file store: "+path+`: snapshot file is damaged: it begins with "headroom-snapshot 2 1 0"; wanted headroom-snapshot 1, a length and a checksum`)
	}
	require.NoError(t, os.Rename(path, path+".old"))
	_, err := s.Load(t.Context())
	require.ErrorIs(t, err, file.ErrDamaged)
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	_, err = s.Load(t.Context())
	require.ErrorContains(t, err, path+": ")
	require.ErrorContains(t, err, path+".old: ")

	require.NoError(t, s.Save(t.Context(), []byte("new")))
	b, err := os.ReadFile(path + ".damaged")
	require.NoError(t, err)
	require.Empty(t, b, "it is kept for whoever wants to know")
}

func TestStoreKeepsTheOldOneWhenTheDiskIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop")
	s := newStore(t, path, nil)
	require.NoError(t, s.Save(t.Context(), []byte("one")))
	require.NoError(t, os.Mkdir(path+".tmp", 0o755)) // nothing can be written there
	for range 2 {
		require.ErrorContains(t, s.Save(t.Context(), []byte("two")), "file store: ")
		got, err := s.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, "one", string(got))
	}
}

func TestNewStoreWithoutAPath(t *testing.T) {
	_, err := file.NewStore("", nil)
	require.EqualError(t, err, `file store: path is ""; wanted the name of a file`)
}
