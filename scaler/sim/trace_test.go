package sim

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// readTrace reads a trace whose rows are separated by spaces.
func readTrace(t testing.TB, rows string) *Trace {
	t.Helper()
	tr, err := ReadTrace(strings.NewReader(strings.ReplaceAll(rows, " ", "\n")), "t.csv")
	require.NoError(t, err)
	require.NoError(t, tr.Validate())
	return tr
}

func zipped(t testing.TB, s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// requireDemand compares with NaN equal to NaN.
func requireDemand(t testing.TB, want, got []float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.IsNaN(want[i]) {
			require.True(t, math.IsNaN(got[i]), "step %d: %v", i, got[i])
		} else {
			require.Equal(t, want[i], got[i], "step %d", i)
		}
	}
}

var hole = math.NaN()

func TestReadTrace(t *testing.T) {
	for _, c := range []struct {
		name, file string
		step       time.Duration
		demand     []float64
		spelling   []string
	}{
		{"unix seconds", "timestamp,value\n60,1\n120,2.5\n180,0\n", time.Minute, []float64{1, 2.5, 0}, []string{"60", "120", "180"}},
		{"RFC 3339", "timestamp,value\n2020-01-01T00:00:00Z,1\n2020-01-01T01:30:00+01:00,2\n", 30 * time.Minute,
			[]float64{1, 2}, []string{"2020-01-01T00:00:00Z", "2020-01-01T01:30:00+01:00"}},
		{"parts of a second", "timestamp,value\n0.25,1\n0.5,2\n0.75,3\n", 250 * time.Millisecond, []float64{1, 2, 3}, []string{"0.25", "0.5", "0.75"}},
		{"before 1970", "timestamp,value\n-1.5,1\n-1,2\n-0.5,3\n", 500 * time.Millisecond, []float64{1, 2, 3}, []string{"-1.5", "-1", "-0.5"}},
		{"carriage returns", "timestamp,value\r\n60,1\r\n120,2\r\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"no last newline", "timestamp,value\n60,1\n120,2", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"byte order mark", "\xef\xbb\xbftimestamp,value\n60,1\n120,2\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"blank lines", "\ntimestamp,value\n\n60,1\n  \n120,2\n\n\r\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"quotes", "\"timestamp\",\"value\"\n\"60\",\"1\"\n\"120\",\"2\"\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"spaces", " timestamp , value \n 60 , 1 \n 120 , 2 \n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"more columns", "timestamp,value,host\n60,1,a\n120,2\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"columns by name", "host,Value,TIMESTAMP\na,1,60\nb,2,120\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"columns by place", "when,load,value2\n60,1,7\n120,2,7\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"only the time is named", "load,timestamp\n1,60\n2,120\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"only the value is named", "when,load,value\n60,7,1\n120,7,2\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"the value is named and comes first", "value,when\n1,60\n2,120\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"twice a name that nobody needs", "timestamp,value,x,x\n60,1,,\n120,2,,\n", time.Minute, []float64{1, 2}, []string{"60", "120"}},
		{"holes by value", "timestamp,value\n60,\n120,NaN\n180,nan\n240,4\n", time.Minute, []float64{hole, hole, hole, 4}, []string{"60", "120", "180", "240"}},
		{"no value at all", "timestamp,value\n60,\n120,\n", time.Minute, []float64{hole, hole}, []string{"60", "120"}},
		{"negative zero", "timestamp,value\n60,-0\n120,1e3\n", time.Minute, []float64{0, 1000}, []string{"60", "120"}},
		{"a missing row", "timestamp,value\n60,1\n120,2\n240,4\n", time.Minute, []float64{1, 2, hole, 4}, []string{"60", "120", "180", "240"}},
		{"two and a half steps: two holes", "timestamp,value\n60,1\n120,2\n270,4\n330,5\n", time.Minute,
			[]float64{1, 2, hole, hole, 4, 5}, []string{"60", "120", "180", "240", "270", "330"}},
		{"a step that is short is a step", "timestamp,value\n60,1\n120,2\n121,3\n181,4\n", time.Minute, []float64{1, 2, 3, 4}, []string{"60", "120", "121", "181"}},
		{"a hole among RFC 3339", "timestamp,value\n2020-01-01T00:00:00+01:00,1\n2020-01-01T00:01:00+01:00,2\n2020-01-01T00:03:00+01:00,3\n",
			time.Minute, []float64{1, 2, hole, 3},
			[]string{"2020-01-01T00:00:00+01:00", "2020-01-01T00:01:00+01:00", "2019-12-31T23:02:00Z", "2020-01-01T00:03:00+01:00"}},
		{"a hole among parts of seconds", "timestamp,value\n-0.5,1\n0,2\n1,3\n1.5,4\n", 500 * time.Millisecond,
			[]float64{1, 2, hole, 3, 4}, []string{"-0.5", "0", "0.5", "1", "1.5"}},
		{"a tie takes the smallest difference", "timestamp,value\n0,1\n20,2\n30,3\n", 10 * time.Second, []float64{1, hole, 2, 3}, []string{"0", "10", "20", "30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, file := range [][]byte{[]byte(c.file), zipped(t, c.file)} {
				tr, err := ReadTrace(bytes.NewReader(file), "t.csv")
				require.NoError(t, err)
				require.NoError(t, tr.Validate())
				require.Equal(t, c.step, tr.Step)
				require.Equal(t, c.spelling, tr.Spelling)
				requireDemand(t, c.demand, tr.Demand)
				for i, s := range tr.Spelling {
					at, _, err := parseTimestamp(s)
					require.NoError(t, err)
					require.Equal(t, at, tr.Times[i])
					require.Equal(t, time.UTC, at.Location())
				}
			}
		})
	}
}

func TestReadTraceNamesTheLineAndWhatWasWanted(t *testing.T) {
	const head = "timestamp,value\n60,1\n"
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", `t.csv:1: the file is empty; wanted a header line`},
		{"blank", "\n\n", `t.csv:1: the file is empty; wanted a header line`},
		{"no header", "60,1\n120,2\n", `t.csv:1: the first line is data; wanted a header line such as "timestamp,value"`},
		{"one column", "timestamp\n60\n", `t.csv:1: one column, "timestamp"; wanted timestamp and value`},
		{"no value column", "a,b,timestamp\n1,2,60\n", `t.csv:1: no column is named "value"; wanted columns timestamp and value`},
		{"two time columns", "timestamp,value,Timestamp\n", `t.csv:1: columns 1 and 3 are both named "timestamp"; wanted one`},
		{"two value columns", "timestamp,value,value\n", `t.csv:1: columns 2 and 3 are both named "value"; wanted one`},
		{"no rows", "timestamp,value\n", `t.csv:1: the trace ends after 0 rows; wanted at least 2`},
		{"one row", head, `t.csv:2: the trace ends after 1 rows; wanted at least 2`},
		{"bad time", head + "noon,2\n", `t.csv:3: timestamp "noon": wanted RFC 3339 ("2017-10-16T07:00:00Z") or unix seconds (1508137200)`},
		{"empty time", head + ",2\n", `t.csv:3: timestamp "": wanted RFC 3339`},
		{"milliseconds", head + "1508137200000,2\n", `t.csv:3: timestamp "1508137200000": wanted RFC 3339`},
		{"a time without zone", head + "2020-01-01 00:00:00,2\n", `t.csv:3: timestamp "2020-01-01 00:00:00": wanted RFC 3339`},
		{"exponent", head + "1.5e9,2\n", `t.csv:3: timestamp "1.5e9": wanted RFC 3339`},
		{"equal times", head + "60,2\n", `t.csv:3: timestamp "60" is not after line 2's; wanted strictly increasing times`},
		{"times that fall", "timestamp,value\n60,1\n\n\n120,2\n90,2\n", `t.csv:6: timestamp "90" is not after line 5's; wanted strictly increasing times`},
		{"centuries", "timestamp,value\n0,1\n10000000000,2\n", `t.csv:3: timestamp "10000000000" is more than 292 years after the first`},
		{"negative", head + "120,-1\n", `t.csv:3: value "-1": wanted a finite number of 0 or more, or nothing for a hole`},
		{"infinite", head + "120,inf\n", `t.csv:3: value "inf": wanted a finite number`},
		{"minus infinite", head + "120,-Inf\n", `t.csv:3: value "-Inf": wanted a finite number`},
		{"too large", head + "120,1e999\n", `t.csv:3: value "1e999": wanted a finite number`},
		{"no number", head + "120,n/a\n", `t.csv:3: value "n/a": wanted a finite number`},
		{"a short row", head + "120\n", `t.csv:3: 1 fields; wanted at least 2 (column "value")`},
		{"a stray quote", head + "120,1\"2\n", `t.csv:3: bare " in non-quoted-field; wanted CSV`},
		{"an open quote", head + "\"120,1\n180,2\n", `wanted CSV`},
		{"a hole without end", "timestamp,value\n0,1\n1,2\n2,2\n1508137200,3\n", `t.csv:5: timestamp "1508137200": the hole before it makes more than 10000000 steps of 1s`},
		{"a broken archive", "\x1f\x8bnonsense!!", `t.csv:1: gzip: invalid header; wanted a file that gzip wrote, or plain CSV`},
		{"a cut archive", string(zipped(t, strings.Repeat("timestamp,value\n60,1\n", 9))[:30]), `t.csv:`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadTrace(strings.NewReader(c.file), "t.csv")
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n", "one line")
		})
	}
}

func TestOpenTrace(t *testing.T) {
	dir := t.TempDir()
	const rows = "timestamp,value\n60,1\n120,2\n"
	for name, content := range map[string][]byte{
		"load_1m.csv": []byte(rows), "load_1m.csv.gz": zipped(t, rows),
		"load_1m":    zipped(t, rows), // compressed in spite of its name
		"load_1m.gz": []byte(rows),    // and the reverse
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		tr, err := OpenTrace(path)
		require.NoError(t, err)
		require.Equal(t, "load_1m", tr.Name)
		require.Equal(t, 2, tr.Len())
	}

	path := filepath.Join(dir, "bad.csv")
	require.NoError(t, os.WriteFile(path, []byte("timestamp,value\nx,1\n"), 0o600))
	_, err := OpenTrace(path)
	require.ErrorContains(t, err, path+":2: ")
	_, err = OpenTrace(filepath.Join(dir, "none.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "none.csv")
	_, err = OpenTrace(dir)
	require.ErrorContains(t, err, dir)
}

func TestNewTraceValidates(t *testing.T) {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	tr, err := NewTrace("x", start, time.Minute, []float64{1, hole})
	require.NoError(t, err)
	require.Equal(t, []string{"2020-01-01T00:00:00Z", "2020-01-01T00:01:00Z"}, tr.Spelling)
	require.Equal(t, start.Add(time.Minute), tr.Times[1])

	_, err = NewTrace("x", start, 0, []float64{-1})
	for _, want := range []string{"step 0s: wanted more than 0", "demand: 1 steps; wanted 2 to 10000000", "demand[0] -1: wanted"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewTrace("x", start, -time.Minute, []float64{1, math.Inf(1)})
	require.ErrorContains(t, err, "times[1]")
	require.ErrorContains(t, err, "demand[1] +Inf")
	tr.Spelling = nil
	require.ErrorContains(t, tr.Validate(), "times and spelling: 2 and 0; wanted 2")
}

func FuzzReadTrace(f *testing.F) {
	f.Add([]byte("timestamp,value\n60,1\n120,\n300,3\n"))
	f.Add([]byte("\xef\xbb\xbfa,b\r\n2020-01-01T00:00:00Z,1\r\n2020-01-01T00:00:00.5Z,NaN\r\n"))
	f.Add([]byte("value,timestamp\n\"1\",-0.5\n2,0.25\n"))
	f.Add(zipped(f, "timestamp,value\n60,1\n120,2\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tr, err := ReadTrace(bytes.NewReader(file), "fuzz")
		if err != nil {
			require.Nil(t, tr)
			require.True(t, strings.HasPrefix(err.Error(), "fuzz:"))
			require.Contains(t, err.Error(), ": ")
			return
		}
		require.NoError(t, tr.Validate())
		for i, s := range tr.Spelling {
			at, _, err := parseTimestamp(s)
			require.NoError(t, err)
			require.True(t, at.Equal(tr.Times[i]))
		}
	})
}
