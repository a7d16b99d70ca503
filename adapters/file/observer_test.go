package file

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler"
)

// logged returns the counts in the file, line by line; a line that is no decision is -1.
func logged(t *testing.T, path string) []int {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []int
	for _, line := range strings.SplitAfter(string(b), "\n") {
		var d struct{ Replicas int }
		switch {
		case line == "":
		case !strings.HasSuffix(line, "\n") || json.Unmarshal([]byte(line), &d) != nil:
			out = append(out, -1)
		default:
			out = append(out, d.Replicas)
		}
	}
	return out
}

func TestObserverAppendsALineForEachDecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	o, err := NewObserver(path, nil)
	require.NoError(t, err)
	for i := range 3 {
		o.Decision(t.Context(), &scaler.Decision{Replicas: i})
		require.NoError(t, o.Err())
	}
	again, err := NewObserver(path, nil)
	require.NoError(t, err)
	again.Decision(t.Context(), &scaler.Decision{Replicas: 3})
	require.Equal(t, []int{0, 1, 2, 3}, logged(t, path), "a new program goes on with the file")

	require.NoError(t, os.Rename(path, path+".1"))
	o.Decision(t.Context(), &scaler.Decision{Replicas: 4})
	require.Equal(t, []int{4}, logged(t, path), "the file may be rotated")
	require.Len(t, logged(t, path+".1"), 4)
}

func TestObserverEndsALineThatWasLeftUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"time":"20`), 0o644))
	o, err := NewObserver(path, nil)
	require.NoError(t, err)
	o.Decision(t.Context(), &scaler.Decision{Replicas: 1})
	o.Decision(t.Context(), &scaler.Decision{Replicas: 2})
	require.NoError(t, o.Err())
	require.Equal(t, []int{-1, 1, 2}, logged(t, path))
}

func TestObserverSaysWhatItCouldNotWrite(t *testing.T) {
	var log bytes.Buffer
	path := filepath.Join(t.TempDir(), "missing", "decisions.jsonl")
	o, err := NewObserver(path, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	o.Decision(t.Context(), &scaler.Decision{Replicas: 1})
	require.ErrorIs(t, o.Err(), os.ErrNotExist)
	require.ErrorContains(t, o.Err(), "file observer: open "+path)
	require.Contains(t, log.String(), path)

	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o755))
	o.Decision(t.Context(), &scaler.Decision{Replicas: 2})
	require.NoError(t, o.Err())
	require.Equal(t, []int{2}, logged(t, path))
}

func TestNewObserverWantsAPath(t *testing.T) {
	_, err := NewObserver("", nil)
	require.EqualError(t, err, `file observer: path is ""; wanted the name of a file`)
}
