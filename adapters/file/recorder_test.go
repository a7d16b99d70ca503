package file

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/scaler"
)

func TestRecorderConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		a, err := NewActuator(ActuatorConfig{Path: filepath.Join(t.TempDir(), "desired.json"), Start: 4})
		require.NoError(t, err)
		r, err := NewRecorder(a, filepath.Join(t.TempDir(), "orders.jsonl"), nil)
		require.NoError(t, err)
		return adaptertest.ActuatorHarness{Actuator: r, Start: 4, Break: func() {
			require.NoError(t, os.RemoveAll(filepath.Dir(a.cfg.Path)))
			require.NoError(t, os.WriteFile(filepath.Dir(a.cfg.Path), nil, 0o644))
		}}
	})
}

func TestRecorderWritesWhatWasOrderedAndHowItWasTaken(t *testing.T) {
	dir := t.TempDir()
	desired, path := filepath.Join(dir, "desired.json"), filepath.Join(dir, "orders.jsonl")
	a, err := NewActuator(ActuatorConfig{Path: desired})
	require.NoError(t, err)
	r, err := NewRecorder(a, path, nil)
	require.NoError(t, err)

	up := scaler.Decision{Time: minute(0), Replicas: 24, Ready: 10, Starting: 2}
	require.NoError(t, r.Apply(t.Context(), &up))
	require.NoError(t, r.Err())
	require.NoError(t, os.Mkdir(desired+".tmp", 0o755))
	down := scaler.Decision{Time: minute(1), Replicas: 3, Ready: 24}
	refused := r.Apply(t.Context(), &down)
	require.ErrorContains(t, refused, desired)
	require.NoError(t, r.Err(), "that an order was refused was written")

	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	require.Len(t, lines, 2)
	require.True(t, strings.HasPrefix(lines[0], `{"time":"2024-03-04T00:00:00Z","from":12,"to":24,"decision":{"time":`), lines[0])
	var second struct {
		From, To int
		Error    string
		Decision struct{ Replicas int }
	}
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &second))
	require.Equal(t, 24, second.From)
	require.Equal(t, 3, second.To)
	require.Equal(t, 3, second.Decision.Replicas)
	require.Equal(t, refused.Error(), second.Error)
}

// Who cannot write down an order has ordered nevertheless.
func TestRecorderWithoutItsFileOrdersNevertheless(t *testing.T) {
	dir := t.TempDir()
	a, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Start: 4, Clock: func() time.Time { return minute(0) }})
	require.NoError(t, err)
	var log bytes.Buffer
	r, err := NewRecorder(a, dir, slog.New(slog.NewTextHandler(&log, nil))) // a directory is no file
	require.NoError(t, err)
	require.NoError(t, r.Apply(t.Context(), &scaler.Decision{Time: minute(0), Replicas: 7, Ready: 4}))
	fleet, err := r.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, fleet.Ordered())
	require.ErrorContains(t, r.Err(), "file recorder: open "+dir)
	require.Contains(t, log.String(), "a decision was not written")
}

func TestNewRecorderFaults(t *testing.T) {
	_, err := NewRecorder(nil, "orders.jsonl", nil)
	require.EqualError(t, err, "file recorder: actuator is nil; wanted one to pass orders on to")
	a, err := NewActuator(ActuatorConfig{Path: "desired.json"})
	require.NoError(t, err)
	_, err = NewRecorder(a, "", nil)
	require.EqualError(t, err, `file recorder: path is ""; wanted the name of a file`)
}
