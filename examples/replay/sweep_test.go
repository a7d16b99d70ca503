package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSweep(t *testing.T) {
	trace := file(t, "t.csv", smallTrace)
	args := []string{"-trace", trace, "-capacity", "10", "-sweep", "engine.penalty=2:40:19", "-sweep", "boot=1m,2m"}
	table := results(t, args...)
	require.Contains(t, table, "t: 11 steps of 1m0s, scored from step 3 (")
	require.Contains(t, table, "\n6 combinations;")

	text := results(t, append(args, "-format", "csv")...)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Equal(t, "engine.penalty,boot,cost,ratio,replica_hours,unserved,violation,changes_per_day,reversals_per_day,event_unserved,front", lines[0])
	require.Len(t, lines, 7)
	for i, want := range []string{"2,1m,", "2,2m,", "21,1m,", "21,2m,", "40,1m,", "40,2m,"} {
		require.True(t, strings.HasPrefix(lines[i+1], want), lines[i+1])
	}
	require.Contains(t, results(t, append(args, "-format", "json")...), `"path": "engine.penalty"`)

	out := filepath.Join(t.TempDir(), "sweep.csv")
	require.Empty(t, results(t, append(args, "-format", "csv", "-out", out)...))
	written, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, text, string(written))
}

func TestInject(t *testing.T) {
	args := []string{"-trace", file(t, "t.csv", smallTrace), "-capacity", "10", "-inject", "amplitude=2 every=5m rise=0s,2m", "-inject", "boot=1m decay=1m"}
	table := results(t, args...)
	require.Contains(t, table, "t: 11 steps of 1m0s, scored from step 3; capacity 10 a replica, penalty 20\n"+
		"2 events, one every 5m0s: 2 times the demand around them at the peak (give or take 0.5 of it), decay 1m0s, jitter 30s, seed 1\n")
	csv := results(t, append(args, "-format", "csv")...)
	require.Len(t, strings.Split(strings.TrimSpace(csv), "\n"), 1+2*6)
	require.Equal(t, csv, results(t, append(args, "-format", "csv", "-seed", "1")...))
	require.NotEqual(t, csv, results(t, append(args, "-format", "csv", "-seed", "2")...))
	require.Contains(t, results(t, append(args, "-format", "json")...), `"winner": "`)
}

func TestFit(t *testing.T) {
	table := results(t, "-fit")
	require.Contains(t, table, "demo: 10080 steps of 1m0s; proposals from the first 6048 of them (scored from step 3024), and what they save in the other 4032\n")
	require.Regexp(t, `(?m)^ +as it is +[0-9.]+ +0\.00%`, table)
	require.Regexp(t, `(?m)^ +without regression +[0-9.]+ `, table)
	require.Regexp(t, `(?m)^without any difference: .*without days_log, bin 5m0s, bin 1h0m0s`, table, "experts of the slow clock sleep at this lead time")
}

func TestAnInterruptedSweepLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "sweep.csv")
	var stdout, stderr bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"-sweep", "penalty=5:50:5", "-format", "csv", "-out", out}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	require.Empty(t, names(t, filepath.Dir(out)))
}

func TestBadSweeps(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"no values", "-sweep penalty", `invalid value "penalty" for flag -sweep: "penalty": wanted PATH=VALUES`},
		{"a bad range", "-sweep penalty=5:50:x", `penalty: "x": wanted a number`},
		{"an unknown field", "-sweep penalti=5", "penalti=5: config: penalti is unknown; wanted one of step, boot"},
		{"a wrong value", "-sweep calm=0.1,0.9", "calm=0.9: config: calm is 0.9; wanted"},
		{"policies", "-sweep penalty=5 -policies hpa", "-policies: -sweep plays policies of its own, many times"},
		{"timeline", "-sweep penalty=5 -timeline DIR/t.csv", "-timeline: -sweep plays policies of its own, many times"},
		{"format", "-sweep penalty=5 -format xml", `-format "xml": wanted table or json, or csv with -sweep or -inject`},
		{"csv without a sweep", "-format csv", `-format "csv": wanted table or json`},
		{"a stream of planted events", "-inject amplitude=3 -trace DIR/t.csv -stream", "-stream: -inject plays policies of its own, many times; wanted a call without it, or without -inject"},
		{"two modes", "-sweep penalty=5 -inject amplitude=3", "-inject: wanted it or -sweep, not both"},
		{"no injection", "-inject amplitude", `invalid value "amplitude" for flag -inject: "amplitude": wanted NAME=VALUE`},
		{"an unknown term", "-inject amplitude=3,speed=2", `for flag -inject: amplitude: "3,speed=2": wanted a number`},
		{"another unknown term", "-inject speed=2", `for flag -inject: speed: unknown; wanted some of amplitude, decay, jitter, scatter, every, rise, boot`},
		{"a number of no unit", "-inject rise=2", `for flag -inject: rise: "2" is not a duration`},
		{"two decays", "-inject decay=2m,3m", `for flag -inject: decay: "2m,3m" is not a duration`},
		{"no amplitude", "-inject amplitude=0", "amplitude 0: wanted more than 0"},
		{"several faults", "-inject scatter=1 -inject decay=0s", "decay 0s: wanted more than 0, up to 24h0m0s; scatter 1: wanted"},
		{"a boot that is refused", "-inject boot=48h", "boot 48h0m0s: config: boot is 48h0m0s; wanted"},
		{"fit of a short trace", "-trace DIR/t.csv -fit", "fit: history of 6m0s"},
		{"fit of what is not scored", "-fit -warmup 0.7", "split at step 6048: wanted one after the first that is scored, 7056"},
		{"fit has no csv", "-fit -format csv", `-format "csv": wanted table or json`},
		{"fit and a sweep", "-fit -sweep penalty=5", "-fit: wanted it or -sweep, not both"},
		{"out nowhere", "-out DIR/no/x.csv", "-out DIR/no/x.csv: wanted a file in a directory that exists"},
		{"out over an input", "-trace DIR/t.csv -out DIR/t.csv", "it is an input; wanted another file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "t.csv"), []byte(smallTrace), 0o600))
			code, stdout, stderr := play(strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))...)
			require.Equal(t, 2, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, strings.ReplaceAll(c.want, "DIR", dir))
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %q", stderr)
			require.Equal(t, []string{"t.csv"}, names(t, dir), "nothing is left behind")
		})
	}
}
