package deploy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// constructors make everything that whole.yaml calls other.
func constructors() Parts {
	return Parts{
		Statsd: new(statsd.NoOpClient),
		Sources: map[string]func(Part) (adapters.Source, error){
			"kafka": func(p Part) (adapters.Source, error) { return memory.NewSource(memory.SourceConfig{Step: p.Step}) },
		},
		Actuators: map[string]func(Part) (adapters.Actuator, error){
			"kubernetes": func(p Part) (adapters.Actuator, error) {
				var settings struct{ Deployment string }
				if err := p.Decode(&settings); err != nil {
					return nil, err
				}
				return memory.NewActuator(memory.ActuatorConfig{Step: p.Step, Boot: p.Boot, Start: len(settings.Deployment)})
			},
		},
		Observers: map[string]func(Part) (adapters.Observer, error){"chat": func(Part) (adapters.Observer, error) { return &memory.Recorder{}, nil }},
		Stores:    map[string]func(Part) (adapters.Store, error){"configmap": func(Part) (adapters.Store, error) { return &memory.Store{}, nil }},
		Calendars: map[string]func(Part) (calendar.Loader, error){"bucket": func(Part) (calendar.Loader, error) { return calendar.File("/does/not/be"), nil }},
	}
}

func TestBuildWhole(t *testing.T) {
	assembly, err := secretive(t).Build(constructors())
	require.NoError(t, err)
	var names []string
	for _, r := range assembly.Group.Runners() {
		names = append(names, r.Name())
	}
	require.Equal(t, []string{"shop", "search", "trial", "batch"}, names)
	for _, path := range []string{"/internal/metrics", "/asrun", "/replicas", "/replicas/decision"} {
		require.Contains(t, assembly.routes, path)
	}
	runner, _ := assembly.Group.Runner("shop")
	require.NotNil(t, runner)
}

func TestBuildWantsSecrets(t *testing.T) {
	d, err := Load(whole(t), "eu", nil)
	require.NoError(t, err)
	_, err = d.Build(constructors())
	require.ErrorIs(t, err, ErrNoSecrets)
}

func TestBuildChecksAChangedConfig(t *testing.T) {
	d := secretive(t)
	d.Config.Workloads[0].Feeds[0].Signal = "clicks"
	d.Config.Workloads[0].Feeds[0].Inputs[0].Datadog.Org = "nobody"
	_, err := d.Build(constructors())
	require.ErrorContains(t, err, `inputs[datadog].datadog.org is "nobody"; wanted the name of one of datadog`)
	require.ErrorContains(t, err, `feeds is without "visits"; wanted one for each signal`)
}

func TestBuildSaysWhichConstructorsAreMissing(t *testing.T) {
	parts := constructors()
	parts.Sources, parts.Stores, parts.Observers, parts.Calendars, parts.Statsd = nil, nil, nil, nil, nil
	parts.Actuators["kubernetes"] = func(p Part) (adapters.Actuator, error) {
		return nil, scaler.Faults{{Field: "deployment", Value: `"batch"`, Wanted: "one that exists"}}
	}
	parts.Actuators["nomad"] = parts.Actuators["kubernetes"]
	_, err := secretive(t).Build(parts)
	var faults Faults
	require.True(t, errors.As(err, &faults), "%v", err)
	var got []string
	for _, f := range faults {
		require.Positive(t, f.Line)
		f.Line = 0
		got = append(got, f.String())
	}
	require.Equal(t, []string{
		`workloads[shop].feeds[logins].inputs[kafka].other.type is "kafka"; wanted one that the program has a constructor for: there is none`,
		`workloads[shop].observers[agent].datadog is there; wanted none, since the program gives Build no Statsd`,
		`workloads[shop].observers[chat].other.type is "chat"; wanted one that the program has a constructor for: there is none`,
		`workloads[search].store.other.type is "configmap"; wanted one that the program has a constructor for: there is none`,
		`workloads[batch].actuator.other.settings.deployment is "batch"; wanted one that exists`,
		`calendars.list[sales].other.type is "bucket"; wanted one that the program has a constructor for: there is none`,
	}, got)
}

func TestSettingsThatAConstructorDoesNotKnow(t *testing.T) {
	parts := constructors()
	parts.Actuators["kubernetes"] = func(p Part) (adapters.Actuator, error) {
		var settings struct{ Name string }
		return nil, p.Decode(&settings)
	}
	_, err := secretive(t).Build(parts)
	require.ErrorContains(t, err, `workloads[batch].actuator.other.settings is refused; wanted what does not give this error: settings: json: unknown field "deployment"`)
}

// shop is a deployment that lives in dir, with one calendar and one receiver of announcements.
func shop(t *testing.T, dir string, parts Parts) *Assembly {
	t.Helper()
	text := strings.ReplaceAll(`
version: 1
tags: {team: shop}
metrics: {}
defaults:
  engine: {boot: 2m, signals: [{name: visits, capacity: 10}], min: 2}
  store: {directory: DIR}
workloads:
  - name: shop
    feeds: [{signal: visits, inputs: [{name: file, file: {path: DIR/visits.csv}}]}]
    actuator: {other: {type: fleet}, record: DIR/orders.jsonl}
    observers:
      - {name: keda, recommendations: {tokens: ["${env:TOKEN}"]}}
      - {name: lines, file: DIR/decisions.jsonl}
  - name: search
    feeds: [{signal: visits, inputs: [{name: file, file: {path: DIR/visits.csv}}]}]
    actuator: {other: {type: fleet}}
calendars:
  list:
    - {name: tv, file: DIR/tv.csv, workloads: [shop], kind: tv}
announcements:
  - {name: push, workloads: [search], keys: [{name: may, secret: "${env:KEY}"}]}
`, "DIR", dir)
	d, err := Load([]byte(text), "eu", env)
	require.NoError(t, err)
	assembly, err := d.Build(parts)
	require.NoError(t, err)
	return assembly
}

var begin = time.Date(2026, 3, 7, 20, 0, 0, 0, time.UTC)

// living writes the files of shop and returns its parts.
func living(t *testing.T, dir string, now *time.Time) Parts {
	t.Helper()
	var visits bytes.Buffer
	visits.WriteString("timestamp,value\n")
	for at := begin.Add(-24 * time.Hour); at.Before(begin.Add(time.Hour)); at = at.Add(time.Minute) {
		visits.WriteString(at.Format(time.RFC3339) + ",100\n")
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "visits.csv"), visits.Bytes(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tv.csv"), []byte("id,timestamp,weight\ntv-1,"+begin.Add(10*time.Minute).Format(time.RFC3339)+",900\n"), 0o600))
	return Parts{
		Clock: func() time.Time { return *now },
		Actuators: map[string]func(Part) (adapters.Actuator, error){"fleet": func(p Part) (adapters.Actuator, error) {
			return memory.NewActuator(memory.ActuatorConfig{Step: p.Step, Boot: p.Boot, Start: 12, Clock: func() time.Time { return *now }})
		}},
	}
}

func get(t *testing.T, h http.Handler, req *http.Request) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	b, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return w.Code, string(b)
}

func TestAnAssemblyLives(t *testing.T) {
	dir, now := t.TempDir(), begin
	assembly := shop(t, dir, living(t, dir, &now))
	require.NoError(t, assembly.Sync(t.Context(), now))
	require.NoError(t, assembly.Group.Tick(t.Context(), now))

	runner, _ := assembly.Group.Runner("shop")
	report := runner.Report()
	require.False(t, report.Decision.Time.IsZero())
	require.Equal(t, "visits", report.Inputs[0].Signal)
	require.True(t, report.Inputs[0].Used)

	code, page := get(t, assembly, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, page, `cluster="eu"`)
	require.Contains(t, page, `workload="search"`)
	require.Contains(t, page, `team="shop"`)

	req := httptest.NewRequest(http.MethodGet, "/recommendations/shop", http.NoBody)
	code, _ = get(t, assembly, req)
	require.Equal(t, http.StatusUnauthorized, code)
	req.Header.Set("Authorization", "Bearer "+hidden)
	code, page = get(t, assembly, req)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, page, `"value":`)

	watcher, ok := assembly.Watcher("shop")
	require.True(t, ok)
	require.Len(t, watcher.Announced(), 1)
	_, ok = assembly.Watcher("search")
	require.False(t, ok, "no calendar concerns it")

	body, err := webhook.EncodeEvents(forecast.Event{ID: "push-1", Kind: "push", Start: now.Add(time.Minute)})
	require.NoError(t, err)
	req = httptest.NewRequest(http.MethodPost, "/announce/push", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	webhook.Sign(req, body, now, webhook.Key{Name: "may", Secret: hidden})
	code, page = get(t, assembly, req)
	require.Equal(t, http.StatusOK, code, page)
	search, _ := assembly.Group.Runner("search")
	require.NoError(t, search.Withdraw("push-1"))
	require.ErrorIs(t, runner.Withdraw("push-1"), scaler.ErrUnknownEvent, "it concerns search alone")

	code, _ = get(t, assembly, httptest.NewRequest(http.MethodGet, "/other", http.NoBody))
	require.Equal(t, http.StatusNotFound, code)
	lines, err := os.ReadFile(filepath.Join(dir, "decisions.jsonl"))
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(lines, []byte("\n")))
}

// What left a calendar while the program was away is withdrawn when it comes back.
func TestWhatWasAnnouncedOutlivesTheProcess(t *testing.T) {
	dir, now := t.TempDir(), begin
	parts := living(t, dir, &now)
	first := shop(t, dir, parts)
	require.NoError(t, first.Sync(t.Context(), now))
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, first.Group.Tick(ctx, now))
	cancel()
	require.NoError(t, first.Run(ctx), "which saves the snapshots")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "tv.csv"), []byte("id,timestamp,weight\ntv-2,"+begin.Add(20*time.Minute).Format(time.RFC3339)+",900\n"), 0o600))
	now = now.Add(time.Minute)
	second := shop(t, dir, parts)
	require.NoError(t, second.Sync(t.Context(), now))
	require.NoError(t, second.Group.Tick(t.Context(), now))
	runner, _ := second.Group.Runner("shop")
	require.NoError(t, runner.Withdraw("tv-2"))
	require.ErrorIs(t, runner.Withdraw("tv-1"), scaler.ErrUnknownEvent)
}

func TestAStateThatIsDamagedIsSaidAndTheCalendarsCount(t *testing.T) {
	dir, now := t.TempDir(), begin
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop.calendars.snapshot"), []byte("nonsense"), 0o600))
	assembly := shop(t, dir, living(t, dir, &now))
	require.ErrorContains(t, assembly.Sync(t.Context(), now), `workload "shop": what was announced before is not known`)
	watcher, _ := assembly.Watcher("shop")
	require.Len(t, watcher.Announced(), 1)
	require.NoError(t, assembly.Sync(t.Context(), now.Add(time.Minute)))
}

// counting is a calendar that counts how often it is loaded.
type counting struct{ loads *int }

func (c counting) Load(context.Context) (calendar.Content, error) {
	*c.loads++
	return calendar.Content{Data: []byte("events: []\n")}, nil
}

// still is a fleet that nobody moves.
type still struct{}

func (still) Fleet(context.Context) (policy.Fleet, error)   { return policy.Fleet{Ready: 1}, nil }
func (still) Apply(context.Context, *scaler.Decision) error { return nil }
func actuators() map[string]func(Part) (adapters.Actuator, error) {
	return map[string]func(Part) (adapters.Actuator, error){"still": func(Part) (adapters.Actuator, error) { return still{}, nil }}
}

func TestACalendarIsLoadedOnceInARound(t *testing.T) {
	const text = `
version: 1
defaults: {actuator: {other: {type: still}}, feeds: [{signal: demand, inputs: [{name: a, file: {path: a.csv}}]}]}
workloads: [{name: a}, {name: b}, {name: c}]
calendars: {every: 20ms, list: [{name: tv, other: {type: counting}}]}
`
	d, err := Load([]byte(text), "", env)
	require.NoError(t, err)
	loads := 0
	var log bytes.Buffer
	assembly, err := d.Build(Parts{Actuators: actuators(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Calendars: map[string]func(Part) (calendar.Loader, error){"counting": func(Part) (calendar.Loader, error) { return counting{&loads}, nil }}})
	require.NoError(t, err)
	require.NoError(t, assembly.Sync(t.Context(), begin))
	require.Equal(t, 1, loads)
	require.NoError(t, assembly.Sync(t.Context(), begin))
	require.Equal(t, 2, loads)
}

func TestRunLooksAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text = `
version: 1
workloads: [{name: a, actuator: {other: {type: still}}, feeds: [{signal: demand, inputs: [{name: a, file: {path: /does/not/be}}]}]}]
calendars: {every: 10s, list: [{name: tv, other: {type: counting}}]}
`
		d, err := Load([]byte(text), "", env)
		require.NoError(t, err)
		loads := 0
		assembly, err := d.Build(Parts{Actuators: actuators(),
			Calendars: map[string]func(Part) (calendar.Loader, error){"counting": func(Part) (calendar.Loader, error) { return counting{&loads}, nil }}})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Second)
		defer cancel()
		require.NoError(t, assembly.Run(ctx))
		require.Equal(t, 1+6, loads)
		report, _ := assembly.Group.Runner("a")
		require.False(t, report.Report().Time.IsZero())
	})
}
