package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBadInput calls the command with what it must refuse: exit code 2, nothing on standard output, no file left behind,
// and one line on standard error that names the flag or the file and the line, and what was wanted.
func TestBadInput(t *testing.T) {
	// DIR stands for the directory of the test; the files are written there.
	for _, c := range []struct {
		name  string
		args  string
		files map[string]string
		want  string
	}{
		{name: "unknown flag", args: "-speed 3", want: "flag provided but not defined: -speed"},
		{name: "argument", args: "trace.csv", want: `argument "trace.csv": wanted flags only, such as -trace trace.csv`},
		{name: "no value", args: "-trace", want: "flag needs an argument: -trace"},
		{name: "empty name", args: "-trace=", want: "-trace is empty: wanted the name of a file"},
		{name: "no such trace", args: "-trace DIR/none.csv", want: "DIR/none.csv: no such file"},
		{name: "a directory", args: "-trace DIR", want: "DIR"},
		{name: "empty trace", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": ""}, want: "DIR/t.csv:1: the file is empty; wanted a header line"},
		{name: "no header", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": "60,1\n120,2\n"}, want: "DIR/t.csv:1: the first line is data; wanted a header line"},
		{name: "one row", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": "timestamp,value\n60,1\n"}, want: "DIR/t.csv:2: the trace ends after 1 rows; wanted at least 2"},
		{name: "bad value", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": smallTrace + "720,lots\n"}, want: `DIR/t.csv:12: value "lots": wanted a finite number`},
		{name: "negative value", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": smallTrace + "720,-3\n"}, want: `DIR/t.csv:12: value "-3": wanted`},
		{name: "infinite value", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": smallTrace + "720,+Inf\n"}, want: `DIR/t.csv:12: value "+Inf": wanted`},
		{name: "time twice", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": smallTrace + "660,3\n"}, want: `DIR/t.csv:12: timestamp "660" is not after line 11's`},
		{name: "no demand", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": "timestamp,value\n60,0\n120,\n"}, want: "DIR/t.csv: none of the 2 steps has any demand; wanted some, or -capacity"},
		{name: "a step under a second", args: "-trace DIR/t.csv", files: map[string]string{"t.csv": "timestamp,value\n0,1\n0.5,1\n1,1\n"}, want: "step is 500ms; wanted 1s to 24h0m0s"},
		{name: "events alone", args: "-events DIR/e.csv", want: "-events DIR/e.csv: wanted -trace too"},
		{name: "no such events", args: "-trace DIR/t.csv -events DIR/e.csv", files: map[string]string{"t.csv": smallTrace}, want: "DIR/e.csv: no such file"},
		{name: "bad event", args: "-trace DIR/t.csv -events DIR/e.csv", files: map[string]string{"t.csv": smallTrace, "e.csv": "timestamp,id\n60,a\n,b\n"}, want: "DIR/e.csv:3: timestamp: the event has no time; wanted RFC 3339"},
		{name: "event twice", args: "-trace DIR/t.csv -events DIR/e.csv", files: map[string]string{"t.csv": smallTrace, "e.csv": "timestamp,id\n60,a\n70,a\n"}, want: `DIR/e.csv:3: id "a" is line 2's already`},
		{name: "bad spend", args: "-trace DIR/t.csv -events DIR/e.csv", files: map[string]string{"t.csv": smallTrace, "e.csv": "timestamp,spend_usd\n60,-1\n"}, want: `DIR/e.csv:2: spend_usd "-1": wanted`},
		{name: "capacity of no number", args: "-capacity many", want: `invalid value "many" for flag -capacity: wanted a number`},
		{name: "capacity 0", args: "-capacity 0", want: "capacity 0: wanted a finite number above 0"},
		{name: "negative capacity", args: "-capacity -1", want: "capacity -1: wanted a finite number above 0"},
		{name: "capacity NaN", args: "-capacity NaN", want: "capacity NaN: wanted a finite number above 0"},
		{name: "infinite capacity", args: "-capacity Inf", want: "capacity +Inf: wanted a finite number above 0"},
		{name: "tiny capacity", args: "-capacity 1e-9", want: "takes more than 1000000 replicas; wanted a larger capacity"},
		{name: "boot without unit", args: "-boot 120", want: `invalid value "120" for flag -boot: "120" is not a duration; wanted text such as "90s"`},
		{name: "negative boot", args: "-boot -1s", want: "boot -1s: wanted 0 or more"},
		{name: "a boot of days", args: "-boot 48h", want: "boot is 48h0m0s; wanted 0s to 24h0m0s"},
		{name: "penalty NaN", args: "-penalty NaN", want: "penalty NaN: wanted a finite number of 0 or more"},
		{name: "infinite penalty", args: "-penalty Inf", want: "penalty +Inf: wanted a finite number of 0 or more"},
		{name: "negative penalty", args: "-penalty -2", want: "penalty -2: wanted"},
		{name: "a penalty that the engine refuses", args: "-penalty 0", want: "penalty is 0; wanted more than 1"},
		{name: "negative lag", args: "-lag -1s", want: "lag -1s: wanted 0 or more"},
		{name: "negative announce", args: "-announce -1s", want: "announce -1s: wanted 0 or more"},
		{name: "boot times of no distribution", args: "-boot-times 60s", want: `invalid value "60s" for flag -boot-times: wanted quantiles such as "60s:0.5,120s:0.9"`},
		{name: "boot times that fall", args: "-boot-times 60s:0.5,50s:0.9", want: "for flag -boot-times: time 50s: wanted 1m0s to"},
		{name: "every start fails", args: "-failed-starts 1", want: "failed starts 1: wanted at least 0 and less than 1"},
		{name: "never given up", args: "-failed-starts .1 -give-up 0s", want: "give up 0s: wanted more than 0"},
		{name: "negative drain", args: "-drain -1s", want: "drain -1s: wanted 0 or more"},
		{name: "negative cap", args: "-cap -1", want: "cap -1: wanted 1 to 2147483647, or 0 for none"},
		{name: "activation without zero", args: "-activation 30s", want: "activation 30s: wanted scale to zero too"},
		{name: "unknown signal", args: "-signal cpu", want: `invalid value "cpu" for flag -signal: wanted demand or utilisation`},
		{name: "several faults of the plant", args: "-drain -1s -cap -1 -failed-starts NaN -give-up -1s -activation -1s", want: "activation -1s: wanted 0 or more; failed starts NaN: wanted at least 0 and less than 1; give up -1s: wanted more than 0; drain -1s: wanted 0 or more; cap -1: wanted"},
		{name: "unknown order of days", args: "-days best", want: `-days "best": wanted date or worst`},
		{name: "no order of days", args: "-days=", want: `-days "": wanted date or worst`},
		{name: "controls of a sweep", args: "-sweep penalty=5,20 -controls", want: "wanted a call without it, or without -sweep"},
		{name: "compare one", args: "-compare hpa", want: `-compare "hpa": wanted two policies with a comma between`},
		{name: "compare what is not played", args: "-policies headroom,hpa -compare hpa,kpa", want: `-compare "hpa,kpa": policy "kpa": wanted one of -policies`},
		{name: "warmup 1", args: "-warmup 1", want: "warmup 1: wanted at least 0 and less than 1"},
		{name: "negative warmup", args: "-warmup -0.1", want: "warmup -0.1: wanted"},
		{name: "warmup NaN", args: "-warmup NaN", want: "warmup NaN: wanted"},
		{name: "several faults", args: "-warmup 2 -penalty NaN -boot -1s", want: "boot -1s: wanted 0 or more; penalty NaN: wanted a finite number of 0 or more; warmup 2: wanted"},
		{name: "score-from of no time", args: "-score-from monday", want: `invalid value "monday" for flag -score-from: wanted RFC 3339`},
		{name: "score-from behind the end", args: "-score-from 2026-01-12T00:00:00Z", want: "score-from 2026-01-12T00:00:00Z: wanted at most the start of the last step, 2026-01-11T23:59:00Z"},
		{name: "unknown policy", args: "-policies hpa,magic", want: `-policies: policy "magic": wanted all, or some of headroom,clairvoyant,static_best,hpa,hpa_best,hpa_seasonal,hpa_seasonal_best,hpa_behavior,hpa_legacy,kpa,wpa,lcp`},
		{name: "no policy", args: "-policies=", want: `-policies: policy "": wanted all, or some of`},
		{name: "unknown format", args: "-format xml", want: `-format "xml": wanted table or json`},
		{name: "no such config", args: "-config DIR/c.json", want: "DIR/c.json: no such file"},
		{name: "config of no object", args: "-config DIR/c.json", files: map[string]string{"c.json": "[]"}, want: "DIR/c.json: config: the whole is a list; wanted an object"},
		{name: "empty config", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": ""}, want: "DIR/c.yaml: config: "},
		{name: "config that breaks off", args: "-config DIR/c.json", files: map[string]string{"c.json": "{\n\"boot\": \"90s\",\n"}, want: "DIR/c.json: config: "},
		{name: "config of a line that is no JSON", args: "-config DIR/c.json", files: map[string]string{"c.json": "{\n\"boot\": 90s\n}"}, want: "DIR/c.json: config: line 2: "},
		{name: "config of a line that is no YAML", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "min: 2\nmax: [\n"}, want: "DIR/c.yaml: yaml: line 2: "},
		{name: "config of a key twice", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "min: 2\nmin: 3\n"}, want: `key "min" already set`},
		{name: "config of several faults", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "min: 5\nmax: 2\npenalty: 0.5\n"}, want: "DIR/c.yaml: config: 2 faults: penalty is 0.5; wanted more than 1"},
		{name: "config of unknown fields", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "mni: 5\nboot: 90\n"}, want: "DIR/c.yaml: config: 2 faults: "},
		{name: "config of another step", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "step: 5m\n"}, want: "DIR/c.yaml: config: step is 5m0s; wanted the trace's, 1m0s, or none"},
		{name: "config of two signals", args: "-config DIR/c.yaml", files: map[string]string{"c.yaml": "signals: [{name: a}, {name: b}]\n"}, want: "signals is 2 of them; wanted one"},
		{name: "config of a bad value that a flag replaces", args: "-penalty 20 -config DIR/c.yaml", files: map[string]string{"c.yaml": "penalty: -3\n"}, want: "DIR/c.yaml: config: penalty is -3; wanted"},
		{name: "timeline without the engine", args: "-timeline DIR/out.csv -policies hpa", want: "-timeline DIR/out.csv: it holds the engine's decisions; wanted headroom among -policies"},
		{name: "timeline nowhere", args: "-timeline DIR/no/out.csv", want: "-timeline DIR/no/out.csv: wanted a file in a directory that exists"},
		{name: "timeline on a directory", args: "-timeline DIR", want: "it is a directory; wanted a file"},
		{name: "timeline over the trace", args: "-trace DIR/t.csv -timeline DIR/./t.csv", files: map[string]string{"t.csv": smallTrace}, want: "it is an input; wanted another file"},
		{name: "report nowhere", args: "-report DIR/no/r.html", want: "-report DIR/no/r.html: wanted a file in a directory that exists"},
		{name: "report over the trace", args: "-trace DIR/t.csv -report DIR/t.csv", files: map[string]string{"t.csv": smallTrace}, want: "it is an input; wanted another file"},
		{name: "report and timeline in one", args: "-timeline DIR/r -report DIR/./r", want: "-timeline goes there; wanted another file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			args := strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))
			if !strings.Contains(c.args, "-timeline") && c.name != "unknown policy" && c.name != "no policy" {
				args = append([]string{"-timeline", filepath.Join(dir, "left.csv")}, args...)
			}
			code, stdout, stderr := play(args...)
			require.Equal(t, 2, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, strings.ReplaceAll(c.want, "DIR", dir))
			require.True(t, strings.HasPrefix(stderr, "replay: "))
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %q", stderr)
			require.Len(t, names(t, dir), len(c.files), "nothing is left behind")
			for name, content := range c.files {
				kept, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				require.Equal(t, content, string(kept))
			}
		})
	}
}
