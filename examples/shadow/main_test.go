package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/internal/prometheustest"
)

var update = flag.Bool("update", false, "rewrite the golden output with what the example prints now")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		os.Exit(code)
	}))
}

// After a change of the engine: go test ./examples/shadow -update, and read the difference line by line.
func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), args, &out, &errs), "%s", &errs)
	require.Empty(t, errs.String())
	return out.String()
}

func TestOutput(t *testing.T) { requireGolden(t, "output.txt", output(t)) }

// told is the story behind a server of its own.
func told(t *testing.T) (*story, string) {
	t.Helper()
	s, err := generate()
	require.NoError(t, err)
	address, stop, err := s.serve()
	require.NoError(t, err)
	t.Cleanup(stop)
	return s, address
}

func TestTheRealServerGivesTheSame(t *testing.T) {
	s, stand := told(t)
	var text strings.Builder
	for _, name := range []string{visitsSeries, readySeries, desiredSeries} {
		fmt.Fprintf(&text, "# TYPE %s gauge\n", name)
		for _, x := range s.series[name] {
			fmt.Fprintf(&text, "%s %g %d\n", name, x.Value, x.Time.Add(time.Minute).Unix())
		}
	}
	dir := t.TempDir()
	prometheustest.Backfill(t, dir, text.String()+"# EOF\n")
	server := prometheustest.Serve(t, dir, "")
	args := []string{
		"-query", visitsSeries, "-ready", "max(" + readySeries + ")", "-desired", "max(" + desiredSeries + ")",
		"-from", "2026-03-13T18:00:00Z", "-to", "2026-03-14T06:00:00Z", "-explain", "1",
	}
	got := output(t, append(args, "-prometheus", server)...)
	require.Equal(t, output(t, "-prometheus", stand, "-query", visitsSeries, "-ready", readySeries, "-desired", desiredSeries,
		"-from", "2026-03-13T18:00:00Z", "-to", "2026-03-14T06:00:00Z", "-explain", "1"), got)
	require.Equal(t, 12+2, strings.Count(got, "|")/3, "lines of hours and their header")
}

// A played HPA is that of the story, which was played.
func TestAPlayedHPAIsTheOneThatWasSeen(t *testing.T) {
	s, address := told(t)
	args := []string{"-prometheus", address, "-query", visitsSeries, "-from", s.begin.Add(time.Hour).Format(time.RFC3339), "-to", s.begin.Add(12 * time.Hour).Format(time.RFC3339)}
	seen := output(t, append(args, "-ready", readySeries, "-desired", desiredSeries)...)
	played := output(t, args...)
	require.NotEqual(t, seen, played, "they are told apart")
	hpa := func(text string) []string {
		var columns []string
		for line := range strings.Lines(text) {
			if parts := strings.Split(line, "|"); len(parts) == 4 {
				columns = append(columns, parts[1])
			}
		}
		return columns
	}
	const settled = 2 + 1 // the header, and an hour in which the played one finds its way
	require.Equal(t, hpa(seen)[settled:], hpa(played)[settled:])
	require.Len(t, hpa(seen), 2+11)
}

func TestAPlanIsAnnounced(t *testing.T) {
	s, address := told(t)
	var plan strings.Builder
	plan.WriteString("timestamp,id,kind\n")
	for _, ev := range s.events {
		fmt.Fprintf(&plan, "%s,%s,tv\n", ev.Start.Format(time.RFC3339), ev.ID)
	}
	file := filepath.Join(t.TempDir(), "spots.csv")
	require.NoError(t, os.WriteFile(file, []byte(plan.String()), 0o600))
	args := []string{"-prometheus", address, "-query", visitsSeries, "-from", "2026-03-13T11:00:00Z", "-to", "2026-03-13T12:00:00Z"}
	require.NotContains(t, output(t, args...), "The event")
	require.Contains(t, output(t, append(args, "-events", file)...), "The event planted-41 (tv) starts at 11:23:58")
}

func TestFaultsOfTheCommandLine(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "spots.csv")
	require.NoError(t, os.WriteFile(bad, []byte("timestamp\nnoon\n"), 0o600))
	_, address := told(t)
	for _, c := range []struct{ args, want string }{
		{"visits", `arguments is ["visits"]; wanted flags alone`},
		{"-prometheus http://localhost:9090", `-query is ""; wanted an expression with -prometheus, and none without`},
		{"-query visits", `-query is "visits"; wanted an expression with -prometheus`},
		{"-prometheus x -query y -ready z", `-desired is ""; wanted an expression with -ready`},
		{"-follow", "-prometheus"},
		{"-step 10ms", "-step"},
		{"-hpa-target 0 -explain -1", "-explain"},
		{"-prometheus x -query y -from noon", "RFC 3339"},
		{"-prometheus x -query y -from 2026-03-13T12:00:00Z -to 2026-03-13T11:00:00Z", "before the end, 2026-03-13T11:00:00Z"},
		{"-penalty 0.5", "penalty is 0.5"},
		{"-prometheus ftp://x -query y", "wanted an address such as http://prometheus:9090"},
		{"-prometheus " + address + " -query visits_per_minute -events " + bad, bad},
		{"-prometheus " + address + " -query nonesuch -from 2026-03-13T11:00:00Z -to 2026-03-13T12:00:00Z", "wanted a series of the story"},
		{"-events nowhere.csv -prometheus " + address + " -query visits_per_minute", "nowhere.csv"},
		{"-nonesuch", "nonesuch"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, command.ExitBadInput, run(t.Context(), strings.Fields(c.args), &out, &errs), c.args)
		require.Contains(t, errs.String(), c.want, c.args)
		require.Equal(t, 1, strings.Count(errs.String(), "\n"), "%s: one line: %s", c.args, &errs)
	}
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-h"}, &out, &errs))
	require.Contains(t, out.String(), "-hpa-target")
}

// stopping ends a context after so many answers of the server.
func stopping(t *testing.T, s *story, answers int) (context.Context, string) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answers--; answers < 0 {
			cancel()
		}
		s.answer(w, r)
	}))
	t.Cleanup(server.Close)
	return ctx, server.URL
}

func TestWhatIsInterruptedIsSummedUp(t *testing.T) {
	s, err := generate()
	require.NoError(t, err)
	ctx, address := stopping(t, s, 1000)
	var out, errs bytes.Buffer
	require.Zero(t, run(ctx, []string{"-prometheus", address, "-query", visitsSeries, "-ready", readySeries, "-desired", desiredSeries,
		"-from", "2026-03-13T00:00:00Z", "-to", "2026-03-14T00:00:00Z"}, &out, &errs), "%s", &errs)
	require.Contains(t, out.String(), "\nFrom Fri 13 Mar 00:00 to Fri 13 Mar 05:3", "a third of 1000 minutes")
}

func TestAServerThatFailsIsAnError(t *testing.T) {
	_, address := told(t)
	var out, errs bytes.Buffer
	require.Equal(t, command.ExitBadInput, run(t.Context(), []string{"-prometheus", address, "-query", visitsSeries, "-ready", "lost", "-desired", desiredSeries,
		"-from", "2026-03-13T00:00:00Z", "-to", "2026-03-13T01:00:00Z"}, &out, &errs))
	require.Contains(t, errs.String(), "2026-03-13T00:00:00Z: looking at the fleet: -ready: prometheus source:")
}

// broken is a file on a full disk.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	var errs bytes.Buffer
	require.Equal(t, command.ExitFailed, run(t.Context(), nil, broken{}, &errs))
	require.Contains(t, errs.String(), "no space left on device")
}

// lacking is the story without the minutes from one to another of what it compares.
func lacking(t *testing.T, name string, from, to int) (address string) {
	s, err := generate()
	require.NoError(t, err)
	for i := from; i < to; i++ {
		s.series[name][int(learned/time.Minute)+i].Value = math.NaN()
	}
	address, stop, err := s.serve()
	require.NoError(t, err)
	t.Cleanup(stop)
	return address
}

// Demand that nobody measured is judged for neither, and said.
func TestAGapIsSaid(t *testing.T) {
	address := lacking(t, visitsSeries, 5, 6)
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-prometheus", address, "-query", visitsSeries, "-from", "2026-03-13T00:00:00Z", "-to", "2026-03-13T01:00:00Z"}, &out, &errs))
	require.Contains(t, out.String(), "In 1 of 60 steps demand is not known")
	require.Contains(t, errs.String(), "samples of the input are too old")
}

// A fleet that nobody saw for some minutes does not end the account, one that is gone for long does.
func TestAFleetThatIsNotSeenForAWhile(t *testing.T) {
	for _, c := range []struct {
		to, code int
		want     string
	}{{20, 0, "From Fri 13 Mar 00:00 to Fri 13 Mar 01:00"}, {30, command.ExitBadInput, "replicas"}} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), []string{"-prometheus", lacking(t, readySeries, 10, c.to), "-query", visitsSeries, "-ready", readySeries,
			"-desired", desiredSeries, "-from", "2026-03-13T00:00:00Z", "-to", "2026-03-13T01:00:00Z"}, &out, &errs), "%s", &errs)
		require.Contains(t, out.String(), c.want)
		require.Contains(t, errs.String(), "-ready: no value in the last 5 steps")
	}
}
