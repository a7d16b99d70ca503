package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// export is the demand of smallTrace as Prometheus answers it, for two jobs.
func export() string {
	var points []string
	for _, line := range strings.Fields(smallTrace)[1:] {
		at, value, _ := strings.Cut(line, ",")
		points = append(points, fmt.Sprintf(`[%s,%q]`, at, value))
	}
	values := strings.Join(points, ",")
	return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"web"},"values":[` + values + `]},` +
		`{"metric":{"job":"mail"},"values":[` + values + `]}]}}`
}

func TestAnExportPlaysAsTheSameTraceDoes(t *testing.T) {
	trace := file(t, "visits.csv", smallTrace)
	path := file(t, "visits.json", export())
	code, stdout, stderr := play("-trace", path, "-series", "web")
	require.Zero(t, code)
	require.Contains(t, stderr, `visits.json: Prometheus range query, {job="web"} of 2 series: 10 points -> 11 steps of 1m0s from 1970-01-01T00:01:00Z; `+
		"0 nulls, 0 points merged, 1 steps without a value\n")
	require.Equal(t, 1, strings.Count(stderr, "\n"))
	// The contract's file spells its times in unix seconds, the table names the first scored one.
	require.Equal(t, strings.ReplaceAll(results(t, "-trace", trace), "(240)", "(1970-01-01T00:04:00Z)"), stdout)

	_, sum, _ := play("-trace", path, "-series", "sum", "-format", "json")
	require.Contains(t, sum, `"capacity": 4,`, "twice the demand")
	_, coarse, stderr := play("-trace", trace, "-step", "2m", "-format", "json")
	require.Contains(t, coarse, `"step_s": 120,`)
	require.Contains(t, stderr, "4 points merged")
}

func TestAnExportThatCannotBePlayed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json")
	require.NoError(t, os.WriteFile(path, []byte(export()), 0o600))
	for args, want := range map[string]string{
		"-trace DIR/x.json":                        `DIR/x.json: 2 series; wanted -series with one of them, or with sum: "{job=\"web\"}", "{job=\"mail\"}"`,
		"-trace DIR/x.json -series api":            `DIR/x.json: series "api": 0 have that name; wanted one of`,
		"-trace DIR/x.json -series sum -kind rate": `-kind "rate": wanted one of "auto", "gauge", "counter", "count"`,
		"-trace DIR/x.json -series sum -step 1s":   "DIR/x.json: step 1s is shorter than the distance of the times, 1m0s; wanted at least that",
		"-trace DIR/x.json -step 0s":               "-step 0s: wanted more than 0",
		"-series web":                              "-series: wanted -trace too",
	} {
		code, stdout, stderr := play(strings.Fields(strings.ReplaceAll(args, "DIR", dir))...)
		require.Equal(t, 2, code, args)
		require.Empty(t, stdout)
		require.Equal(t, 1, strings.Count(stderr, "\n"))
		require.Contains(t, stderr, strings.ReplaceAll(want, "DIR", dir))
	}
}

func TestAStreamPrintsTheScoresOfItsTrace(t *testing.T) {
	trace, events := file(t, "visits.csv", smallTrace), file(t, "spots.csv", "timestamp,spend_usd\n290,5\n")
	for _, args := range [][]string{
		{"-trace", trace, "-capacity", "2"},
		{"-trace", trace, "-capacity", "2", "-events", events, "-score-from", "1970-01-01T00:03:30Z"},
		{"-trace", file(t, "visits.json", export()), "-capacity", "2", "-series", "web"},
	} {
		const names = "headroom,hpa,hpa_behavior,hpa_legacy,kpa,lcp"
		args = append(args, "-format", "json")
		_, whole, notes := play(append(args, "-policies", names)...)
		_, stream, sameNotes := play(append(args, "-stream")...)
		require.Equal(t, notes, sameNotes)
		require.NotEqual(t, whole, stream)
		require.Equal(t, regexp.MustCompile(`"ratio": [0-9.]+`).ReplaceAllString(whole, `"ratio": null`), stream, "but for the optimum")
	}
	require.Contains(t, results(t, "-trace", trace, "-capacity", "2", "-stream"), "visits: 11 steps of 1m0s, scored from step 3\n")
	for args, want := range map[string]string{
		"-stream":                 "-stream: wanted -trace too",
		"-stream -trace " + trace: "-stream: wanted -capacity too, or one in -config",
		"-stream -policies hpa,wpa -trace " + trace:      `-stream: policy "wpa" needs the whole trace; wanted some of headroom,hpa,`,
		"-stream -timeline x.csv -trace " + trace:        "-stream: wanted a call without -timeline",
		"-stream -capacity 2 -drain 60s -trace " + trace: "a stream is played by the simple plant alone",
	} {
		code, stdout, stderr := play(strings.Fields(args)...)
		require.Equal(t, 2, code, args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
	}
}
