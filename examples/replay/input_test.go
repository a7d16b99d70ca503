package main

import (
	"fmt"
	"os"
	"path/filepath"
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
