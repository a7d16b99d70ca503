package file

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

func TestActuatorWithItsOwnFleetConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		dir := filepath.Join(t.TempDir(), "shared")
		require.NoError(t, os.Mkdir(dir, 0o755))
		a, err := NewActuator(ActuatorConfig{Path: filepath.Join(dir, "desired.json"), Start: 4})
		require.NoError(t, err)
		return adaptertest.ActuatorHarness{Actuator: a, Start: 4, Break: func() {
			// A file where the directory was: nothing below it can be opened, not even by the superuser.
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.WriteFile(dir, nil, 0o644))
		}}
	})
}

func TestActuatorWithAFleetFileConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		dir := t.TempDir()
		path, fleetPath := filepath.Join(dir, "desired.json"), filepath.Join(dir, "fleet.json")
		a, err := NewActuator(ActuatorConfig{Path: path, FleetPath: fleetPath})
		require.NoError(t, err)
		ready, starting := 4, 0
		say := func() {
			text := `{"ready":` + strconv.Itoa(ready) + `,"starting":` + strconv.Itoa(starting) + `}`
			require.NoError(t, os.WriteFile(fleetPath, []byte(text), 0o644))
		}
		say()
		return adaptertest.ActuatorHarness{
			Actuator: a, Start: 4,
			Follow: func() { // what the other side does
				if b, err := os.ReadFile(path); err == nil {
					var d struct{ Replicas int }
					require.NoError(t, json.Unmarshal(b, &d))
					ready = min(ready, d.Replicas)
					starting = d.Replicas - ready
				}
				say()
			},
			Settle: func() { ready, starting = ready+starting, 0; say() },
			Break: func() {
				require.NoError(t, os.Remove(fleetPath))
				require.NoError(t, os.Mkdir(path+".tmp", 0o755))
			},
		}
	})
}

func TestActuatorWritesTheDecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	a, err := NewActuator(ActuatorConfig{Path: path})
	require.NoError(t, err)
	d := scaler.Decision{Time: minute(0), Replicas: 12, Ready: 10, Observed: math.NaN(), Signal: "visits"}
	require.NoError(t, a.Apply(t.Context(), &d))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	reason, err := json.Marshal(&d)
	require.NoError(t, err)
	require.Equal(t, `{"replicas":12,"decision":`+string(reason)+"}\n", string(b))
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{path}, names, "no temporary file is left")

	again, err := NewActuator(ActuatorConfig{Path: path, Start: 3})
	require.NoError(t, err)
	fleet, err := again.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, policy.Fleet{Ready: 12}, fleet, "a new program goes on where the old one stopped")
}

func TestActuatorLeavesTheOldFileWhenItFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	a, err := NewActuator(ActuatorConfig{Path: path})
	require.NoError(t, err)
	require.NoError(t, a.Apply(t.Context(), &scaler.Decision{Replicas: 2}))
	require.NoError(t, os.Mkdir(path+".tmp", 0o755))
	require.ErrorContains(t, a.Apply(t.Context(), &scaler.Decision{Replicas: 3}), path+".tmp")
	fleet, err := a.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, fleet.Ready)
}

func TestActuatorLeavesNoTemporaryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	require.NoError(t, os.Mkdir(path, 0o755)) // which no file can replace
	a, err := NewActuator(ActuatorConfig{Path: path})
	require.NoError(t, err)
	require.Error(t, a.Apply(t.Context(), &scaler.Decision{Replicas: 3}))
	require.NoFileExists(t, path+".tmp")
}

func TestActuatorIsReadWhileItWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	a, err := NewActuator(ActuatorConfig{Path: path, Start: 1})
	require.NoError(t, err)
	reader, err := NewActuator(ActuatorConfig{Path: path, Start: 1})
	require.NoError(t, err)
	const n = 50
	written := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			err = a.Apply(t.Context(), &scaler.Decision{Replicas: i + 1, Signal: strings.Repeat("x", 1000*(i%7))})
		}
		written <- err
	}()
	for last, done := 0, false; !done; {
		select {
		case err := <-written:
			require.NoError(t, err)
			done = true
		default:
		}
		fleet, err := reader.Fleet(t.Context())
		require.NoError(t, err, "never half a file")
		require.GreaterOrEqual(t, fleet.Ready, last)
		if last = fleet.Ready; done {
			require.Equal(t, n, last)
		}
	}
}

func TestFleetFile(t *testing.T) {
	cases := []struct {
		name, text string
		want       policy.Fleet
		err        string // after the path
	}{
		{"ready alone", `{"ready": 0}`, policy.Fleet{}, ""},
		{"everything", `{"ready":3,"starting":2,"boot":"90s","size":"m5.large"}`, policy.Fleet{Size: "m5.large", Ready: 3, Starting: 2, Boot: 90 * time.Second}, ""},
		{"missing is not zero", `{"starting":2}`, policy.Fleet{}, `: ready is missing; wanted 0 or more`},
		{"null is not zero", `{"ready":null}`, policy.Fleet{}, `: ready is missing; wanted 0 or more`},
		{"everything wrong", `{"ready":-1,"starting":-2,"boot":"-3s"}`, policy.Fleet{}, `: ready is -1; wanted 0 or more`},
		{"unknown", "{\n\"ready\":1,\n\"redy\":2}", policy.Fleet{}, `:3: json: unknown field "redy"; wanted one JSON object`},
		{"half", `{"ready":1`, policy.Fleet{}, `:1: it ends too early; wanted one JSON object`},
		{"empty", ``, policy.Fleet{}, `:1: it ends too early; wanted one JSON object`},
		{"two", `{"ready":1}{"ready":2}`, policy.Fleet{}, `:1: more text after the closing brace; wanted one JSON object`},
		{"a fraction", `{"ready":1.5}`, policy.Fleet{}, `:1: json: cannot unmarshal number 1.5 into `},
		{"a bare duration", `{"ready":1,"boot":90}`, policy.Fleet{}, `:1: json: cannot unmarshal number into `},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			fleetPath := filepath.Join(dir, "fleet.json")
			require.NoError(t, os.WriteFile(fleetPath, []byte(c.text), 0o644))
			a, err := NewActuator(ActuatorConfig{Path: filepath.Join(dir, "desired.json"), FleetPath: fleetPath})
			require.NoError(t, err)
			got, err := a.Fleet(t.Context())
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "file actuator: "+fleetPath+c.err)
			}
		})
	}
	t.Run("all faults at once", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "fleet.json")
		require.NoError(t, os.WriteFile(path, []byte(`{"ready":-1,"starting":-2,"boot":"-3s"}`), 0o644))
		_, err := readFleet(path)
		require.ErrorContains(t, err, "ready is -1")
		require.ErrorContains(t, err, "starting is -2")
		require.ErrorContains(t, err, "boot is -3s; wanted 0s (as configured) or more")
	})
}

func TestOwnFleetFileThatIsNotOurs(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                   ": replicas is missing; wanted 0 or more",
		`{"replicas":-1}`:      ": replicas is -1; wanted 0 or more",
		`{"replicas":1,"x":1}`: `:1: json: unknown field "x"; wanted one JSON object`,
		"\n\nnothing":          ":3: invalid character",
	} {
		path := filepath.Join(t.TempDir(), "desired.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		a, err := NewActuator(ActuatorConfig{Path: path})
		require.NoError(t, err)
		_, err = a.Fleet(t.Context())
		require.ErrorContains(t, err, "file actuator: "+path+want)
	}
}

func TestNewActuatorReportsEveryFault(t *testing.T) {
	_, err := NewActuator(ActuatorConfig{Start: -1})
	require.EqualError(t, err, `config: 2 faults: path is ""; wanted the name of a file | start is -1; wanted 0 or more`)
	_, err = NewActuator(ActuatorConfig{Path: "a", FleetPath: "a"})
	require.EqualError(t, err, `config: fleet_path is "a"; wanted another file than path`)
}
