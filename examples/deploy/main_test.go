package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/internal/command"
)

var update = flag.Bool("update", false, "rewrite the golden output with what the example prints now")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		os.Exit(code)
	}))
}

// world answers for all systems that headroom.yaml names.
type world struct {
	mu     sync.Mutex
	asked  map[string]int // requests by host
	orders []string       // workload and count
	keys   string         // of the last request to Datadog
}

// RoundTrip implements http.RoundTripper.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked == nil {
		w.asked = map[string]int{}
	}
	w.asked[r.URL.Host]++
	var answer string
	switch {
	case r.URL.Host == "api.datadoghq.eu":
		w.keys = r.Header.Get("DD-API-KEY") + " " + r.Header.Get("DD-APPLICATION-KEY")
		answer = measured(r)
	case r.URL.Host == "planning.internal":
		answer = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
	case r.URL.Host == "fleet.internal" && r.Method == http.MethodGet:
		answer = `{"ready":10}`
	case r.URL.Host == "fleet.internal":
		var order struct {
			Workload string
			Replicas int
		}
		if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
			return nil, err
		}
		w.orders = append(w.orders, fmt.Sprint(order.Workload, " ", order.Replicas))
		answer = "{}"
	default:
		return nil, fmt.Errorf("nobody answers at %s", r.URL.Host)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// agent is that of Datadog.
type agent struct {
	statsd.NoOpClient
	mu     sync.Mutex
	gauges []string
}

// Gauge takes note of name and tags.
func (a *agent) Gauge(name string, _ float64, tags []string, _ float64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gauges = append(a.gauges, fmt.Sprint(name, " ", tags))
	return nil
}

// measured is what Datadog answers: 1500 in every minute, for each of the queries.
func measured(r *http.Request) string {
	from, _ := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	to, _ := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
	var points []string
	for at := (from + 59) / 60 * 60; at < to; at += 60 {
		points = append(points, fmt.Sprintf("[%d,1500]", at*1000))
	}
	var series []string
	for i := range strings.Count(r.URL.Query().Get("query"), "sum:") {
		series = append(series, fmt.Sprintf(`{"query_index":%d,"scope":"x","interval":60,"pointlist":[%s]}`, i, strings.Join(points, ",")))
	}
	return fmt.Sprintf(`{"status":"ok","series":[%s]}`, strings.Join(series, ","))
}

// file writes headroom.yaml as it would be on a machine that has all that it names, and returns its path.
func file(t *testing.T, change ...string) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("headroom.yaml")
	require.NoError(t, err)
	replace := append([]string{"/run/secrets", dir, "/var/lib/headroom", dir, "/etc/headroom", dir}, change...)
	path := filepath.Join(dir, "headroom.yaml")
	for name, content := range map[string]string{
		"headroom.yaml":           strings.NewReplacer(replace...).Replace(string(text)),
		"datadog-application-key": "the application key\n",
		"mediaplan.csv":           "id,timestamp,weight\ntv-1,2026-03-07T19:15:00Z,12400\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	for name, value := range map[string]string{
		"DD_API_KEY": "the api key", "FLEET_TOKEN": "fleet-token-0123456789", "RECOMMENDATIONS_TOKEN": "recommendations-0123456789",
		"CAMPAIGNS_ICS": "https://planning.internal/secret-path/campaigns.ics", "ANNOUNCE_KEY": "announce-0123456789",
	} {
		t.Setenv(name, value)
	}
	return path
}

// A Saturday, on which a spot runs at 20:15 in Berlin.
var evening = time.Date(2026, 3, 7, 19, 13, 30, 0, time.UTC)

func TestTheDeploymentDecides(t *testing.T) {
	w, agent := &world{}, &agent{}
	text, err := os.ReadFile(file(t, "mode: shadow", "mode: act"))
	require.NoError(t, err)
	deployment, err := deploy.Load(text, "eu", os.LookupEnv)
	require.NoError(t, err)
	assembly, err := deployment.Build(deploy.Parts{Client: &http.Client{Transport: w}, Statsd: agent})
	require.NoError(t, err)
	require.NoError(t, assembly.Sync(t.Context(), evening))
	require.NoError(t, assembly.Group.Tick(t.Context(), evening))

	require.Equal(t, "the api key the application key", w.keys)
	require.Zero(t, w.asked["prometheus:9090"], "which is behind Datadog")
	require.Equal(t, 1, w.asked["planning.internal"])
	require.Len(t, w.orders, 2)
	shop, _ := assembly.Group.Runner("shop")
	watcher, _ := assembly.Watcher("shop")
	require.Len(t, watcher.Announced(), 1)
	d := shop.Report().Decision
	require.Equal(t, 1500.0, d.Observed)
	require.Greater(t, d.Replicas, 20, "the spot is coming, and 20 is the least on a Saturday evening")
	require.Contains(t, d.Explain().Why, "tv-1")
	require.Contains(t, agent.gauges, "headroom.replicas_desired [service:shop cluster:eu team:storefront]")
}

func TestTheDeploymentRunsBesideAnHPA(t *testing.T) {
	w, agent := &world{}, &agent{}
	var out bytes.Buffer
	listening := make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options{config: file(t), cluster: "eu", listen: "127.0.0.1:0", parts: deploy.Parts{Client: &http.Client{Transport: w}, Statsd: agent}}
	ended := make(chan error, 1)
	go func() { ended <- o.run(ctx, &out, slog.New(address{slog.DiscardHandler, listening})) }()
	var at string
	select {
	case at = <-listening:
	case err := <-ended:
		require.NoError(t, err)
	}
	res, err := http.Get("http://" + at + "/metrics")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	cancel()
	require.NoError(t, <-ended)
	require.Empty(t, w.orders, "the HPA scales")
}

// address is a logger that sends where the program listens.
type address struct {
	slog.Handler
	to chan string
}

func (a address) Enabled(context.Context, slog.Level) bool { return true }

func (a address) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(attr slog.Attr) bool {
		if attr.Key == "address" {
			a.to <- attr.Value.String()
		}
		return true
	})
	return nil
}

func (a address) WithAttrs([]slog.Attr) slog.Handler { return a }

// After a change of headroom.yaml: go test ./examples/deploy -update, and read the difference line by line.
func TestOutput(t *testing.T) {
	var out bytes.Buffer
	for _, o := range []options{{check: true}, {cluster: "eu", diff: "us"}} {
		o.config = "headroom.yaml"
		require.NoError(t, o.run(t.Context(), &out, slog.New(slog.DiscardHandler)))
	}
	const golden = "testdata/output.txt"
	got := regexp.MustCompile(`\b[0-9a-f]{12,64}\b`).ReplaceAllString(out.String(), "(fingerprint)") // another one after a change of the engine
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestBadInput(t *testing.T) {
	nobody := slog.New(slog.DiscardHandler)
	var out bytes.Buffer
	require.ErrorContains(t, (&options{config: "/does/not/be"}).run(t.Context(), &out, nobody), "no such file")
	require.ErrorContains(t, (&options{config: "headroom.yaml", cluster: "mars"}).run(t.Context(), &out, nobody), `cluster is "mars"; wanted one of eu, us`)
	require.ErrorContains(t, (&options{config: "headroom.yaml", cluster: "mars", diff: "eu"}).run(t.Context(), &out, nobody), `cluster is "mars"`)
	require.ErrorContains(t, (&options{config: file(t, "min: 3", "min: 300"), check: true}).run(t.Context(), &out, nobody), `cluster "us": deployment: line 55`)
	require.ErrorContains(t, (&options{config: file(t), cluster: "eu", statsd: "nowhere"}).run(t.Context(), &out, nobody), "statsd: ")
	require.ErrorContains(t, (&options{config: file(t), cluster: "eu", listen: "nowhere", parts: deploy.Parts{Statsd: &agent{}}}).run(t.Context(), &out, nobody), "listen tcp")
	require.Empty(t, out.String())

	require.NoError(t, (&options{schema: true}).run(t.Context(), &out, nobody))
	require.True(t, json.Valid(out.Bytes()))
	require.ErrorIs(t, (&options{schema: true}).run(t.Context(), broken{}, nobody), command.ErrOutput)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }
