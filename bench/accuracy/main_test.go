package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the fixture and the golden files anew; read the difference before you commit it")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs the command and returns its exit code and what it printed.
func call(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// write puts a file into dir and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// golden compares with a file, to the byte.
func golden(t *testing.T, name, got string) {
	t.Helper()
	require.Equal(t, goldenText(t, name, got), got)
}

func goldenText(t *testing.T, name, got string) string {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(want)
}

// TestM4Fixture runs the whole command over the fixture. Words and counts are as in the golden file; what the forecaster
// scored may become a third of that or half as much again before somebody has to look at it, and then to run -update. What
// the measures make of a forecast is tested to the last digit elsewhere.
func TestM4Fixture(t *testing.T) {
	code, stdout, stderr := call("-m4", "testdata", "-quiet")
	require.Empty(t, stderr)
	require.Zero(t, code)
	want, got := strings.Fields(goldenText(t, "m4_table.txt", stdout)), strings.Fields(stdout)
	require.Len(t, got, len(want))
	for i := range want {
		if !strings.Contains(want[i], ".") {
			require.Equal(t, want[i], got[i])
			continue
		}
		w, err := strconv.ParseFloat(want[i], 64)
		require.NoError(t, err)
		g, err := strconv.ParseFloat(got[i], 64)
		require.NoError(t, err)
		require.Less(t, g, 1.5*w, "%s", stdout)
		require.Greater(t, g, w/3, "%s", stdout)
	}

	// Compressed, and as JSON, it is the same.
	dir := t.TempDir()
	for _, name := range []string{"Hourly-train.csv", "Hourly-test.csv"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		write(t, dir, name+".gz", zipped(t, string(text)))
	}
	code, stdout, stderr = call("-m4", dir, "-format", "json")
	require.Zero(t, code)
	require.Equal(t, "accuracy: m4: 4 of 4 series\n", stderr)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Nil(t, r.Traces)
	require.Equal(t, 4, r.M4.Series)
	require.Equal(t, fmt.Sprintf("%.3f", r.M4.SMAPE), got[12])
	require.Equal(t, fmt.Sprintf("%.3f", r.M4.MSIS), got[15])
}

// days is a trace of so many hours, of one day's wave.
func days(hours int) string {
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for i := range hours {
		fmt.Fprintf(&b, "%d,%.1f\n", 3600*i, 50+30*math.Sin(2*math.Pi*float64(i)/24)+float64(i*i%7))
	}
	return b.String()
}

func TestTracesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.csv", days(600))
	write(t, dir, "a.csv.gz", zipped(t, days(100)))
	write(t, dir, "plan.csv", "timestamp,spend_usd\n60,5\n60,7\n")
	write(t, dir, "zero.csv", "timestamp,value\n60,0\n120,\n180,0\n")
	write(t, dir, "weeks.csv", "timestamp,value\n0,1\n604800,2\n")
	write(t, dir, "README.md", "no trace")
	write(t, dir, ".hidden.csv", "\x00")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "more.csv"), 0o700))

	code, stdout, stderr := call("-traces", dir, "-format", "json")
	require.Zero(t, code)
	require.Equal(t, strings.ReplaceAll(`accuracy: DIR/plan.csv is skipped: no column is named value
accuracy: DIR/weeks.csv is skipped: its step of 168h0m0s is longer than every lead time
accuracy: DIR/zero.csv is skipped: no step has any demand
accuracy: a (1 of 2)
accuracy: b (2 of 2)
`, "DIR", dir), stderr)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Nil(t, r.M4)
	var got []string
	for _, row := range r.Traces.Rows {
		got = append(got, fmt.Sprint(row.Trace, " ", row.Step, " ", row.Lead, " ", row.N, " ", row.Enough))
		require.Greater(t, float64(row.Relative), 0.0)
	}
	require.Equal(t, []string{"a 3600 1h 52 false", "a 3600 1d 52 false", "b 3600 1h 552 true", "b 3600 1d 552 true"}, got)
	require.Equal(t, []int{0, 0, 1, 1}, []int{r.Traces.Means[0].Traces, r.Traces.Means[1].Traces, r.Traces.Means[2].Traces, r.Traces.Means[3].Traces})

	_, again, stderr := call("-traces", dir, "-format", "json", "-quiet")
	require.Equal(t, stdout, again)
	require.Equal(t, 3, strings.Count(stderr, "\n"), "what is skipped must be known")

	code, stdout, _ = call("-traces", dir, "-m4", "testdata", "-quiet")
	require.Zero(t, code)
	require.Contains(t, stdout, "m4 hourly")
	require.Contains(t, stdout, "violations")
}

func TestHelp(t *testing.T) {
	code, stdout, stderr := call("-h")
	require.Zero(t, code)
	require.Empty(t, stderr)
	for _, name := range []string{"-m4 DIR", "-traces DIR", "-format", "-quiet", "Hourly-train.csv"} {
		require.Contains(t, stdout, name)
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"-m4", "testdata"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
}

// refuses fails every write.
type refuses struct{}

func (refuses) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestResultsThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, 1, run(context.Background(), []string{"-m4", "testdata", "-quiet"}, refuses{}, &stderr))
	require.Contains(t, stderr.String(), "cannot write the results")
}
