// Package dashboard_test checks the dashboard, which is no program: what stands in it is sent by somebody.
package dashboard_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/datadog"
)

// users are the metrics of the user's that the README declares.
var users = []string{"trace.http.request", "trace.http.request.errors", "trace.http.request.hits"}

type dashboard struct {
	Title     string
	Layout    string     `json:"layout_type"`
	Variables []variable `json:"template_variables"`
	Widgets   []widget
}

type variable struct{ Name, Prefix string }

type widget struct {
	Definition struct {
		Type, Title string
		Widgets     []widget
		Requests    []struct {
			Queries json.RawMessage // those of metrics are a list
			Query   struct {
				Text string `json:"query_string"`
			}
			Formulas []struct{ Formula string }
		}
		Events  []struct{ Q string }
		Check   string
		Tags    []string
		GroupBy []string `json:"group_by"`
	}
	Layout *struct{ X, Y, Width, Height int }
}

type query struct {
	Source string `json:"data_source"`
	Name   string
	Query  string
}

func load(t *testing.T) (text []byte, d dashboard) {
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return text, d
}

// leaves calls f for all widgets that are no group.
func leaves(t *testing.T, widgets []widget, f func(t *testing.T, w *widget)) {
	for i := range widgets {
		w := &widgets[i]
		if w.Definition.Type == "group" {
			require.NotEmpty(t, w.Definition.Widgets, w.Definition.Title)
			leaves(t, w.Definition.Widgets, f)
			continue
		}
		t.Run(w.Definition.Title, func(t *testing.T) { f(t, w) })
	}
}

func TestTheDashboardIsTheSameForEveryCluster(t *testing.T) {
	text, d := load(t)
	require.Equal(t, "ordered", d.Layout)
	require.NotEmpty(t, d.Title)
	require.Equal(t, []variable{{"cluster", "cluster"}, {"service", "service"}}, d.Variables)
	for _, bad := range []string{"default_zero", "fill(zero)", "fill(0)"} {
		require.NotContains(t, string(text), bad, "what was not measured is not zero")
	}
	for _, v := range regexp.MustCompile(`\$\w+`).FindAllString(string(text), -1) {
		require.Contains(t, []string{"$cluster", "$service"}, v)
	}
}

// asked is a query: aggregation, metric, scope, groups.
var asked = regexp.MustCompile(`^(avg|sum|min|max|p50|p95|p99):([a-z0-9_.]+)\{([^}]*)\}(?: by \{([^}]*)\})?(\.as_count\(\)|\.as_rate\(\))?$`)

// TestEveryMetricIsSent demands that each metric, tag and service check is one that an Observer sends, or a declared one of the user's.
func TestEveryMetricIsSent(t *testing.T) {
	known := map[string]datadog.Metric{}
	for _, m := range datadog.Metrics() {
		known[m.Name] = m
	}
	_, d := load(t)
	seen := map[string]bool{}
	leaves(t, d.Widgets, func(t *testing.T, w *widget) {
		for _, e := range w.Definition.Events {
			require.Equal(t, datadog.ChangeTag+" $cluster $service", e.Q)
		}
		switch w.Definition.Type {
		case "check_status":
			require.Contains(t, datadog.Checks(), w.Definition.Check)
			require.Equal(t, []string{"$cluster", "$service"}, w.Definition.Tags)
			require.Equal(t, []string{"cluster", "service"}, w.Definition.GroupBy)
			return
		case "list_stream":
			require.Equal(t, datadog.ChangeTag+" $cluster $service", w.Definition.Requests[0].Query.Text)
			return
		}
		require.Contains(t, []string{"timeseries", "query_value"}, w.Definition.Type)
		require.NotEmpty(t, w.Definition.Requests)
		for _, r := range w.Definition.Requests {
			var queries []query
			require.NoError(t, json.Unmarshal(r.Queries, &queries))
			names := []string{}
			for _, q := range queries {
				names = append(names, q.Name)
				require.Equal(t, "metrics", q.Source)
				name := requireSent(t, q.Query, known)
				seen[name] = true
			}
			var used []string
			for _, f := range r.Formulas {
				used = append(used, regexp.MustCompile(`[a-z]\w*`).FindAllString(f.Formula, -1)...)
			}
			slices.Sort(used)
			slices.Sort(names)
			require.Equal(t, names, slices.Compact(used), "queries, and those that formulas show")
		}
	})
	for _, name := range append(users, "headroom.replicas_desired", "headroom.replicas_ready", "headroom.demand_forecast", "headroom.cost_replica_seconds") {
		require.True(t, seen[name], "nothing shows %s", name)
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, name := range users {
		require.Contains(t, string(readme), "| `"+name+"` |")
	}
	for _, name := range regexp.MustCompile(`headroom\.[a-z_]+`).FindAllString(string(readme), -1) {
		_, sent := known[name]
		require.True(t, sent || slices.Contains(datadog.Checks(), name), "nobody sends %s", name)
	}
}

// requireSent returns the metric of a query.
func requireSent(t *testing.T, query string, known map[string]datadog.Metric) string {
	parts := asked.FindStringSubmatch(query)
	require.NotNil(t, parts, "%s is no query", query)
	name, scope := parts[2], strings.Split(parts[3], ",")
	if slices.Contains(users, name) {
		require.Equal(t, []string{"$service"}, scope)
		return name
	}
	m, ok := known[name]
	require.True(t, ok, "nobody sends %s", name)
	require.GreaterOrEqual(t, len(scope), 2)
	require.Equal(t, []string{"$cluster", "$service"}, scope[:2], query)
	tags := scope[2:]
	if parts[4] != "" {
		tags = append(tags, strings.Split(parts[4], ",")...)
	}
	for _, tag := range tags {
		tag, _, _ := strings.Cut(tag, ":")
		require.Contains(t, append([]string{"cluster", "service"}, m.Tags...), tag, query)
	}
	require.Equal(t, m.Kind == "count", strings.HasSuffix(query, ".as_count()"), query)
	return name
}

// TestNothingOverlaps demands that widgets lie side by side within twelve columns, in groups too, and that groups are as high as
// what is in them.
func TestNothingOverlaps(t *testing.T) {
	_, d := load(t)
	requireApart(t, d.Widgets)
}

func requireApart(t *testing.T, widgets []widget) (height int) {
	for i := range widgets {
		a := widgets[i].Layout
		title := widgets[i].Definition.Title
		require.NotNil(t, a, title)
		require.True(t, a.X >= 0 && a.Y >= 0 && a.Width > 0 && a.Height > 0 && a.X+a.Width <= 12, "%q lies at %+v", title, *a)
		height = max(height, a.Y+a.Height)
		for j := range i {
			b := widgets[j].Layout
			apart := a.X+a.Width <= b.X || b.X+b.Width <= a.X || a.Y+a.Height <= b.Y || b.Y+b.Height <= a.Y
			require.True(t, apart, "%q at %+v overlaps %q at %+v", title, *a, widgets[j].Definition.Title, *b)
		}
		if widgets[i].Definition.Type == "group" {
			require.Equal(t, a.Height, requireApart(t, widgets[i].Definition.Widgets)+1, "%q: the title has a row", title)
		}
	}
	return height
}

// TestImport runs the command of the README against a server that takes dashboards.
func TestImport(t *testing.T) {
	for _, name := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			require.Empty(t, os.Getenv("CI"), "%s is not installed", name)
			t.Skipf("%s is not installed", name)
		}
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, script, _ := bytes.Cut(readme, []byte("```sh\n"))
	script, _, found := bytes.Cut(script, []byte("```"))
	require.True(t, found)

	want, _ := load(t)
	var got []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/dashboard" || r.Header.Get("Content-Type") != "application/json" ||
			r.Header.Get("DD-API-KEY") != "one" || r.Header.Get("DD-APPLICATION-KEY") != "two" {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		got, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"id":"abc-def-ghi"}`)
	}))
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", string(script))
	cmd.Env = append(os.Environ(), "DD_URL="+server.URL, "DD_API_KEY=one", "DD_APP_KEY=two", "NO_PROXY=127.0.0.1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, `{"id":"abc-def-ghi"}`, string(out))
	require.Equal(t, string(want), string(got))
}
