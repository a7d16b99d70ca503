package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hours is a row of n values of a series, of which no two neighbours and no two days are the same.
func hours(id string, n int) string {
	return id + strings.Repeat(",1,2,3,4,5", n/5+1)[:2*n] + "\n"
}

// TestBadInput calls the command with what it must refuse: exit code 2, nothing on standard output, and one line on
// standard error that names the flag, or the file and the line, and what was wanted.
func TestBadInput(t *testing.T) {
	const head = "V1,V2,V3\n"
	good := head + hours("H1", 50)
	goodTest := head + hours("H1", 48)
	m4 := func(train, test string) map[string]string {
		return map[string]string{"Hourly-train.csv": train, "Hourly-test.csv": test}
	}
	trace := func(text string) map[string]string { return map[string]string{"t.csv": text} }
	// DIR stands for the directory of the test; the files are written there.
	for _, c := range []struct {
		name  string
		args  string
		files map[string]string
		want  string
	}{
		{"nothing", "", nil, "neither -m4 nor -traces is given: wanted a folder to measure, such as -traces "},
		{"only quiet", "-quiet", nil, "neither -m4 nor -traces is given"},
		{"unknown flag", "-trace DIR", nil, "flag provided but not defined: -trace"},
		{"argument", "traces", nil, `argument "traces": wanted flags only, such as -traces traces`},
		{"no value", "-traces", nil, "flag needs an argument: -traces"},
		{"empty m4", "-m4=", nil, "-m4 is empty: wanted the name of a folder"},
		{"empty traces", "-traces= -m4 testdata", nil, "-traces is empty: wanted the name of a folder"},
		{"unknown format", "-format xml -traces DIR", nil, `-format "xml": wanted table or json`},

		{"empty series", "-series=", nil, "-series is empty: wanted the name of a file"},
		{"empty without", "-without= -traces DIR", nil, "-without is empty: wanted names of experts"},
		{"an expert that is none", "-without level,oracle -traces DIR", nil, `-without level,oracle: expert "oracle": wanted one of persistence, level`},
		{"no expert is left", "-without persistence,level,season,main,long,regression -traces DIR", nil, "all 6 experts of short lead times are left out; wanted one of"},
		{"experts of nothing", "-experts -m4 testdata", nil, "-experts: wanted -traces"},
		{"hours of nothing", "-hourly -m4 testdata", nil, "-hourly: wanted -traces"},
		{"ablation of nothing", "-ablation -m4 testdata", nil, "-ablation: wanted -traces"},
		{"ablation of a part", "-ablation -compact -traces DIR", nil, "-ablation chooses what to leave out itself"},
		{"no such series file", "-series DIR/none", nil, "DIR/none: no such file or directory; wanted a JSON file of series"},
		{"series of no JSON", "-series DIR/s.json", map[string]string{"s.json": "x"}, "-series DIR/s.json: invalid character"},
		{"no taylor", "-series DIR/s.json", map[string]string{"s.json": `{"co2":{"y":[1]}}`}, `-series DIR/s.json: series "taylor" has 0 values; wanted more than 3024`},

		{"aired without events", "-aired DIR/t.csv", nil, "-aired and -events belong together: wanted a trace and the plan"},
		{"events without aired", "-events DIR/t.csv -m4 testdata", nil, "-aired and -events belong together"},
		{"no event in the trace", "-aired DIR/t.csv -events DIR/e.csv", map[string]string{"t.csv": days(100), "e.csv": "timestamp\n3600\n"}, "DIR/e.csv: no event is in the trace two days after its start or later"},

		{"no folder of M4", "-m4 DIR/none", nil, "-m4 DIR/none: neither Hourly-train.csv nor Hourly-train.csv.gz is there; wanted M4's hourly series"},
		{"no test file", "-m4 DIR", map[string]string{"Hourly-train.csv": good}, "-m4 DIR: neither Hourly-test.csv nor Hourly-test.csv.gz is there"},
		{"empty training", "-m4 DIR", m4("", goodTest), "DIR/Hourly-train.csv:1: the file is empty; wanted a header line"},
		{"no header", "-m4 DIR", m4(hours("H1", 50), goodTest), "DIR/Hourly-train.csv:1: the first line is data; wanted a header line such as V1,V2,V3"},
		{"no rows", "-m4 DIR", m4(head, goodTest), "DIR/Hourly-train.csv:1: the file ends after its header; wanted a row for each series"},
		{"no name", "-m4 DIR", m4(good+hours("", 50), goodTest), "DIR/Hourly-train.csv:3: the series has no name; wanted one such as H1 in the first field"},
		{"twice", "-m4 DIR", m4(good+hours("H1", 50), goodTest), `DIR/Hourly-train.csv:3: series "H1" stands in line 2 already; wanted each once`},
		{"a short series", "-m4 DIR", m4(head+hours("H1", 24), goodTest), `DIR/Hourly-train.csv:2: series "H1" has 24 values; wanted more than a season, 24`},
		{"a flat series", "-m4 DIR", m4(head+"H1"+strings.Repeat(",7", 30)+"\n", goodTest), `DIR/Hourly-train.csv:2: series "H1" repeats its first 24 values; wanted one that changes`},
		{"text", "-m4 DIR", m4(head+"H1,1,many,3\n", goodTest), `DIR/Hourly-train.csv:2: field 3 is "many"; wanted a finite number of 0 or more`},
		{"a negative value", "-m4 DIR", m4(head+"H1,1,2,-3\n", goodTest), `DIR/Hourly-train.csv:2: field 4 is "-3"; wanted`},
		{"an infinite value", "-m4 DIR", m4(head+"H1,Inf,2\n", goodTest), `DIR/Hourly-train.csv:2: field 2 is "Inf"; wanted`},
		{"a hole", "-m4 DIR", m4(head+"H1,1,,3,,\n", goodTest), `DIR/Hourly-train.csv:2: field 3 is ""; wanted a finite number of 0 or more, and nothing only after the last value`},
		{"a quote", "-m4 DIR", m4(good+"H2,1\"2\n", goodTest), `DIR/Hourly-train.csv:3: bare " in non-quoted-field; wanted CSV`},
		{"few test values", "-m4 DIR", m4(good, head+hours("H1", 47)), `DIR/Hourly-test.csv:2: series "H1" has 47 values; wanted 48`},
		{"many test values", "-m4 DIR", m4(good, head+hours("H1", 49)), `DIR/Hourly-test.csv:2: series "H1" has 49 values; wanted 48`},
		{"an unknown series", "-m4 DIR", m4(good, goodTest+hours("H2", 48)), `DIR/Hourly-test.csv:3: series "H2": wanted one that DIR/Hourly-train.csv has too`},
		{"a series without test", "-m4 DIR", m4(good+hours("H2", 50), goodTest), `DIR/Hourly-test.csv:2: the file ends without series "H2"; wanted every one that DIR/Hourly-train.csv has`},
		{"a broken archive", "-m4 DIR", m4("\x1f\x8bnonsense!!", goodTest), "DIR/Hourly-train.csv:1: gzip: invalid header; wanted a file that gzip wrote, or plain CSV"},
		{"a cut archive", "-m4 DIR", m4(zipped(t, good)[:30], goodTest), "DIR/Hourly-train.csv:"},

		{"no folder of traces", "-traces DIR/none", nil, "DIR/none: no such file or directory; wanted a folder"},
		{"a file", "-traces DIR/t.csv", trace(days(9)), "DIR/t.csv: not a directory; wanted a folder"},
		{"no trace", "-traces DIR", nil, "-traces DIR: no trace is there; wanted CSV files with columns timestamp and value, plain or .gz"},
		{"an empty trace", "-traces DIR", trace(""), "DIR/t.csv:1: the file is empty; wanted a header line"},
		{"a trace without header", "-traces DIR", trace("60,1\n120,2\n"), "DIR/t.csv:1: the first line is data; wanted a header line"},
		{"a bad value", "-traces DIR", trace("timestamp,value\n60,1\n120,lots\n"), `DIR/t.csv:3: value "lots": wanted a finite number`},
		{"a time twice", "-traces DIR", trace("timestamp,value\n60,1\n60,2\n"), `DIR/t.csv:3: timestamp "60" is not after line 2's`},
		{"the second of two traces", "-traces DIR", map[string]string{"a.csv": days(9), "t.csv": "timestamp,value\n60,1\n"}, "DIR/t.csv:2: the trace ends after 1 rows; wanted at least 2"},
		{"two bad traces", "-traces DIR", map[string]string{"t.csv": "timestamp,value\n", "u.csv": "timestamp,value\n60,\"\n"}, "DIR/t.csv:1: the trace ends after 0 rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range c.files {
				write(t, dir, name, content)
			}
			args := strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))
			if c.name != "nothing" && c.name != "no value" {
				args = append([]string{"-quiet"}, args...)
			}
			code, stdout, stderr := call(args...)
			require.Equal(t, 2, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, strings.ReplaceAll(c.want, "DIR", dir))
			require.True(t, strings.HasPrefix(stderr, "accuracy: "))
			require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %q", stderr)
		})
	}
}
