package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// play runs the command and returns its exit code and what it printed.
func play(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// results runs the command, which must succeed and print nothing to standard error.
func results(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := play(args...)
	require.Empty(t, stderr)
	require.Zero(t, code)
	return stdout
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// file writes a file into a directory of the test and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

const smallTrace = "timestamp,value\n60,30\n120,50\n180,40\n300,70\n360,80\n420,60\n480,50\n540,40\n600,40\n660,40\n"

func TestDemoTable(t *testing.T) {
	golden(t, "demo_table.txt", results(t, "-policies", "clairvoyant,static_best,hpa,hpa_best,hpa_seasonal,hpa_seasonal_best"))
}

func TestDemoJSON(t *testing.T) {
	golden(t, "demo.json", results(t, "-policies", "clairvoyant,static_best,hpa,hpa_best,hpa_seasonal,hpa_seasonal_best", "-format", "json"))
}

func TestNoFlagPlaysEverythingAndWritesTheReport(t *testing.T) {
	t.Chdir(t.TempDir())
	code, got, stderr := play()
	require.Zero(t, code)
	require.Equal(t, "replay: the report is headroom-report.html\n", stderr)
	require.Equal(t, []string{"headroom-report.html"}, names(t, "."))
	require.Equal(t, got, results(t, "-quiet"), "-quiet does not count")
	for _, want := range []string{"demo: 10080 steps of 1m0s, scored from step 3024", "boot 2m0s", "penalty 20", "headroom", "clairvoyant", "static_best", "hpa",
		"hpa_best", "hpa_seasonal", "hpa_seasonal_best", "hpa_behavior", "hpa_legacy", "kpa", "wpa", "lcp"} {
		require.Contains(t, got, want)
	}
}

// object is the object of -format json.
type object struct {
	Trace    string
	Step     float64 `json:"step_s"`
	N        int
	Capacity float64
	Boot     float64 `json:"boot_s"`
	Penalty  float64
	Policies []struct {
		Name          string
		Cost, Ratio   float64
		EventUnserved *float64 `json:"event_unserved"`
		Target        *float64
		Window        *float64 `json:"window_s"`
	}
}

func jsonReport(t *testing.T, args ...string) object {
	t.Helper()
	var r object
	dec := json.NewDecoder(strings.NewReader(results(t, append([]string{"-format", "json"}, args...)...)))
	require.NoError(t, dec.Decode(&r))
	require.False(t, dec.More(), "one object")
	return r
}

func TestEngineBesideTheOthers(t *testing.T) {
	r := jsonReport(t, "-quiet")
	require.Equal(t, "demo", r.Trace)
	require.Len(t, r.Policies, 12)
	cost := map[string]float64{}
	for _, p := range r.Policies {
		require.GreaterOrEqual(t, p.Ratio, 1.0, p.Name)
		require.NotNil(t, p.EventUnserved, p.Name)
		searched := p.Name == "hpa_best" || p.Name == "hpa_seasonal_best"
		require.Equal(t, searched, p.Target != nil && p.Window != nil, p.Name)
		cost[p.Name] = p.Cost
	}
	require.LessOrEqual(t, cost["hpa_best"], cost["hpa"], "the defaults are among what is searched")
	require.LessOrEqual(t, cost["hpa_seasonal_best"], cost["hpa_seasonal"])
	require.Less(t, cost["headroom"], cost["hpa_best"], "what the library is for")
	require.Less(t, cost["headroom"], cost["hpa_seasonal_best"])
}

func TestTraceAndEvents(t *testing.T) {
	trace, events := file(t, "visits.csv", smallTrace), file(t, "spots.csv", "timestamp,spend_usd\n290,5\n")
	r := jsonReport(t, "-trace", trace, "-warmup", "0", "-capacity", "10")
	require.Equal(t, "visits", r.Trace)
	require.Equal(t, 60.0, r.Step)
	require.Equal(t, 11, r.N, "one hole")
	require.Nil(t, r.Policies[0].EventUnserved, "no events")
	r = jsonReport(t, "-trace", trace, "-events", events, "-warmup", "0", "-capacity", "10", "-policies", "hpa")
	require.Len(t, r.Policies, 1)
	require.NotNil(t, r.Policies[0].EventUnserved)
}

func TestConfigFileWinsOverDefaultsAndLosesToFlags(t *testing.T) {
	trace := file(t, "visits.csv", smallTrace)
	const asJSON = `{"boot": "3m", "penalty": 7, "step": "1m", "signals": [{"name": "visits", "capacity": 4}]}`
	const asYAML = "boot: 3m\npenalty: 7\nsignals:\n  - name: visits\n    capacity: 4\n"
	for name, text := range map[string]string{"c.json": asJSON, "c.yaml": asYAML, "c": "\n" + asJSON} {
		config := file(t, name, text)
		r := jsonReport(t, "-trace", trace, "-config", config)
		require.Equal(t, []float64{180, 7, 4}, []float64{r.Boot, r.Penalty, r.Capacity}, name)
		r = jsonReport(t, "-trace", trace, "-config", config, "-boot", "60s", "-penalty", "20", "-capacity", "5")
		require.Equal(t, []float64{60, 20, 5}, []float64{r.Boot, r.Penalty, r.Capacity}, "explicit flags, one with its default")
		r = jsonReport(t, "-trace", trace, "-config", config, "-policies", "hpa")
		require.Equal(t, []float64{180, 7, 4}, []float64{r.Boot, r.Penalty, r.Capacity}, "for every policy")
	}
	r := jsonReport(t, "-trace", trace)
	require.Equal(t, []float64{120, 20, 2}, []float64{r.Boot, r.Penalty, r.Capacity}, "p95 of ten values is the largest, 80")

	late := file(t, "c.yaml", "delay: 2m\n")
	require.Equal(t, results(t, "-trace", trace, "-lag", "2m"), results(t, "-trace", trace, "-config", late))
	require.Equal(t, results(t, "-trace", trace, "-lag", "1m"), results(t, "-trace", trace, "-config", late, "-lag", "1m"))
	require.NotEqual(t,
		results(t, "-policies", "headroom"),
		results(t, "-policies", "headroom", "-config", file(t, "c.yaml", "min: 30\n")), "the rest of the file is the engine's")
}

func TestPlant(t *testing.T) {
	all := []string{"-boot-times", "60s:0.5,120s:0.9,300s:0.99", "-failed-starts", "0.05", "-give-up", "5m", "-drain", "90s",
		"-cap", "60", "-zero", "-activation", "20s", "-signal", "utilisation", "-seed", "9"}
	plain := []string{"-policies", "headroom,hpa,static_best"}
	table := results(t, append(all, plain...)...)
	require.Contains(t, table, "\nboot times 1m0s:0.5,2m0s:0.9,5m0s:0.99, 0.05 of starts fail and are given up after 5m0s, drain 1m30s, "+
		"at most 60 replicas, scale to zero, activation 20s, HPA sees utilisation, seed 9\n"+
		"the optimum is spared what the plant does to others: ratios are to a lower bound, and not those of another plant\n\n")
	require.NotContains(t, results(t, "-policies", "hpa", "-cap", "20"), "spared", "it obeys the cap")
	require.Contains(t, table, "boot 3m40s,", "what policies are told: the 0.95 quantile")
	require.Equal(t, table, results(t, append(all, plain...)...), "drawn from the seed")
	require.Contains(t, results(t, append(all, "-policies", "hpa", "-boot", "3m")...), "boot 3m0s,")

	var terms map[string]any
	require.NoError(t, json.Unmarshal([]byte(results(t, append(all, "-policies", "hpa", "-format", "json")...)), &terms))
	delete(terms, "policies")
	require.Equal(t, map[string]any{"trace": "demo", "step_s": 60., "n": 10080., "capacity": 9.8, "boot_s": 220., "penalty": 20.,
		"boot_times": "1m0s:0.5,2m0s:0.9,5m0s:0.99", "failed_starts": .05, "give_up_s": 300., "drain_s": 90., "cap": 60.,
		"scale_to_zero": true, "activation_s": 20., "signal": "utilisation", "seed": 9.}, terms)

	harm := func(args ...string) float64 {
		return jsonReport(t, append(args, "-policies", "hpa")...).Policies[0].Cost
	}
	undisturbed := harm()
	for _, args := range [][]string{{"-boot-times", "120s:0.5,600s:0.95", "-boot", "120s"}, {"-failed-starts", "0.2"}, {"-drain", "5m"}, {"-cap", "20"}} {
		require.Greater(t, harm(args...), undisturbed, args)
	}
	require.NotEqual(t, undisturbed, harm("-signal", "utilisation"), "cheaper here: what it does not see it does not chase")
	require.Equal(t, undisturbed, harm("-boot-times", "120s:1", "-seed", "3", "-give-up", "1m"), "the same plant, written another way")
}

func TestLookFurther(t *testing.T) {
	table := results(t, "-policies", "headroom,hpa", "-days", "worst", "-compare", "headroom, clairvoyant")
	require.Regexp(t, `(?s)date +steps.*\n  2026-01-.*headroom less clairvoyant: .* a day .*, no interval from fewer than 7 days; cheaper on 0% of 5 days\n$`, table)
	plain, _, _ := strings.Cut(table, "\n        date")
	require.Equal(t, plain, results(t, "-policies", "headroom,hpa"), "the rest follows it")

	var r struct {
		Days     []struct{ Date string }
		Compare  []struct{ Low, High *float64 }
		Controls []struct {
			Name          string
			Headroom, HPA struct{ Ratio float64 }
		}
	}
	text := results(t, "-policies", "hpa", "-controls", "-days", "date", "-format", "json")
	require.NoError(t, json.Unmarshal([]byte(text), &r))
	require.True(t, slices.IsSortedFunc(r.Days, func(a, b struct{ Date string }) int { return strings.Compare(a.Date, b.Date) }))
	require.Len(t, r.Controls, 18, "the engine is played although it is not listed")
	for _, c := range r.Controls {
		if !strings.Contains(c.Name, "not told") { // see docs/decisions: what an engine that is told nothing of a delay does
			require.Less(t, c.Headroom.Ratio, c.HPA.Ratio, "%s: a wrong plan, or metrics that are gone, cost less than it saves", c.Name)
		}
	}
	require.NotContains(t, results(t, "-policies", "hpa", "-format", "json"), "controls")
}

func TestTimeline(t *testing.T) {
	trace := file(t, "visits.csv", strings.ReplaceAll(smallTrace, "\n660,", "\n1970-01-01T00:11:00Z,"))
	out := filepath.Join(t.TempDir(), "timeline.csv")
	table := results(t, "-trace", trace, "-capacity", "10", "-timeline", out)
	require.Contains(t, table, "headroom")
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n")
	require.Equal(t, "time,desired", lines[0])
	var times []string
	for _, line := range lines[1:] {
		at, count, _ := strings.Cut(line, ",")
		times = append(times, at)
		require.Regexp(t, `^[1-9][0-9]*$`, count)
	}
	require.Equal(t, []string{"60", "120", "180", "240", "300", "360", "420", "480", "540", "600", "1970-01-01T00:11:00Z"}, times,
		"as the trace spells them, the hole too")
	require.Equal(t, "60,4", lines[1], "ceil(30/10)+1")

	// An older file is replaced, and nothing else stays in the directory.
	require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
	results(t, "-trace", trace, "-capacity", "10", "-timeline", out)
	again, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, string(got), string(again))
	require.Equal(t, []string{"timeline.csv"}, names(t, filepath.Dir(out)))
}

func TestReport(t *testing.T) {
	trace, out := file(t, "visits.csv", smallTrace), filepath.Join(t.TempDir(), "report.html")
	want := results(t, "-trace", trace, "-capacity", "10", "-format", "json")
	require.Equal(t, want, results(t, "-trace", trace, "-capacity", "10", "-format", "json", "-report", out), "the results are the same")
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, []string{"report.html"}, names(t, filepath.Dir(out)))
	page := string(got)
	require.True(t, strings.Contains(page, "visits: capacity 10 a replica, boot 2m0s, penalty 20"))
	require.True(t, strings.Contains(page, "penalty 200"), "the engine at other penalties")

	_, inPage, _ := strings.Cut(page, `id="results">`)
	inPage, _, _ = strings.Cut(inPage, "</script>")
	require.JSONEq(t, want, inPage)

	results(t, "-trace", trace, "-capacity", "10", "-report", out)
	again, err := os.ReadFile(out)
	require.NoError(t, err)
	require.True(t, page == string(again), "the same bytes")
	results(t, "-trace", trace, "-policies", "hpa,wpa", "-report", out)
	other, err := os.ReadFile(out)
	require.NoError(t, err)
	require.False(t, strings.Contains(string(other), "penalty 200"), "no engine")

	t.Chdir(t.TempDir())
	results(t, "-trace", trace)
	require.Empty(t, names(t, "."), "no report where a flag is given and it is not -report")
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestHelp(t *testing.T) {
	got := results(t, "-h")
	for _, name := range []string{"-trace", "-events", "-capacity", "-boot", "-penalty", "-lag", "-warmup", "-score-from", "-announce", "-config",
		"-policies", "-format", "-timeline", "-report", "-quiet", "-catalog", "(default 2m0s)", "(default 20)", "(default 24h0m0s)", "static_best"} {
		require.Contains(t, got, name)
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "timeline.csv")
	var stdout, stderr bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"-timeline", out, "-report", filepath.Join(filepath.Dir(out), "r.html")}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	require.Empty(t, names(t, filepath.Dir(out)))
}

// refuses fails every write.
type refuses struct{}

func (refuses) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestResultsThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, 1, run(context.Background(), []string{"-policies", "hpa"}, refuses{}, &stderr))
	require.Contains(t, stderr.String(), "cannot write the results")

	out := filepath.Join(t.TempDir(), "x.csv")
	err := writeWhole(out, func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		require.NoError(t, err)
		return os.ErrClosed
	})
	require.ErrorIs(t, err, os.ErrClosed)
	require.Empty(t, names(t, filepath.Dir(out)))
}
