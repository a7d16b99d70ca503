package ingest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler/sim"
)

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

func openText(text string, o Options) (*Source, error) {
	return open("x", o, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
}

// read returns the trace of a text as "unix seconds:value" with a minus for a hole, and the summary.
func read(t testing.TB, text string, o Options) (steps, summary string) {
	t.Helper()
	s, err := openText(text, o)
	require.NoError(t, err)
	tr, err := s.Trace("x")
	require.NoError(t, err)
	require.Equal(t, s.Steps, tr.Len())
	var b strings.Builder
	for i, d := range tr.Demand {
		if i > 0 {
			b.WriteByte(' ')
		}
		if math.IsNaN(d) {
			fmt.Fprintf(&b, "%d:-", tr.Times[i].Unix())
		} else {
			fmt.Fprintf(&b, "%d:%v", tr.Times[i].Unix(), d)
		}
	}
	return b.String(), s.Summary()
}

const (
	matrix = `{"status":"success","data":{"resultType":"matrix","result":[
{"metric":{"__name__":"up","job":"a"},"values":[[1500000000,"1"],[1500000060,"2.5"],[1500000180,"NaN"],[1500000240,"4"]]},
{"metric":{"__name__":"up","job":"b"},"values":[[1500000060,"10"],[1500000120,"20"]]}]}}`
	datadogV1 = `{"status":"ok","res_type":"time_series","resp_version":1,"query":"sum:web.hits{*}.as_count()","from_date":1500000000000,
"series":[{"unit":null,"pointlist":[[1500000000000.0,3.0],[1500000060000.0,null],[1500000120000.0,5.0]],"end":1500000179000,"interval":60,
"metric":"web.hits","scope":"*","expression":"sum:web.hits{*}.as_count()","query_index":0}],"values":[],"times":[],"group_by":[],"message":""}`
	datadogV2 = `{"data":{"id":"0","type":"timeseries_response","attributes":{"series":[{"group_tags":["host:a"],"query_index":0,"unit":[null,null]},
{"group_tags":["host:b"],"query_index":0}],"times":[1500000000000,1500000060000],"values":[[1,null],[2,3]]}}}`
	openMetrics = "# HELP hits of the site\n# TYPE hits counter\nhits_total{path=\"/a b\",code=\"200\"} 100 1500000000\n" +
		"hits_total{code=\"200\",path=\"/a b\"} 160 1500000060.000 # {trace_id=\"x\"} 1\nhits_total{path=\"/a b\",code=\"200\"} 30 1500000120\n# EOF\n"
	dump = "{__name__=\"hits\", instance=\"a\\\"\\n\"} 3 1500000000000\n{__name__=\"hits\", instance=\"a\\\"\\n\"} 4 1500000060000\n"
)

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          Options
		want, says string
	}{
		{"two columns", "time,visits\n2017-07-14T02:40:00Z,1\n2017-07-14T02:41:00Z,2\n", Options{}, "1500000000:1 1500000060:2", "CSV, visits: 2 points"},
		{"a zone", "time,visits\n2017-07-14T04:40:00+02:00,1\n2017-07-14 04:41:00+0200,2\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"no zone", "\"Time\",\"requests\"\n2017-07-14 02:40:00,1\n2017-07-14 02:41:00,2\n", Options{}, "1500000000:1 1500000060:2", "times without a zone read as UTC"},
		{"milliseconds", "timestamp,value\n1500000000000,1\n1500000060000,2\n", Options{}, "1500000000:1 1500000060:2", "CSV, value:"},
		{"microseconds", "timestamp,value\n1500000000000000,1\n1500000060000000,2\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"nanoseconds", "timestamp,value\n1500000000000000000,1\n1500000060000000000,2\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"numbers of a spreadsheet", "timestamp,value\n1.5E9,1\n1.50000006E9,2\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"semicolons for a spreadsheet", "sep=;\r\n\"Time\";\"requests\"\r\n1500000000000;1\r\n1500000060000;2\r\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"tabs", "time\tvisits\n1500000000\t1\n1500000060\t2\n", Options{}, "1500000000:1 1500000060:2", ""},
		{"series side by side", "Time,a,b\n1500000000,1,10\n1500000060,,20\n1500000120,3,30\n", Options{Series: "a"}, "1500000000:1 1500000060:- 1500000120:3", "CSV, a of 2 series: 3 points -> 3 steps of 1m0s from 2017-07-14T02:40:00Z; 1 nulls, 0 points merged, 1 steps without a value"},
		{"series side by side, added", "Time,a,b\n1500000000,1,10\n1500000060,,20\n", Options{Series: "sum"}, "1500000000:11 1500000060:20", "the sum of 2 series: 4 points"},
		{"a column of the side", "Time,a,b\n1500000000,1,x\n1500000060,2,x\n", Options{ValueColumn: "A"}, "1500000000:1 1500000060:2", ""},
		{"rows of several series", "when,host,cpu\n1500000000,a,1\n1500000000,b,10\n1500000060,a,2\n1500000060,b,20\n", Options{TimeColumn: "when", Series: `host="b"`}, "1500000000:10 1500000060:20", `{host="b"} of 2 series`},
		{"newest first", "time,visits\n1500000120,3\n1500000060,2\n1500000000,1\n", Options{}, "1500000000:1 1500000060:2 1500000120:3", ""},
		{"objects in lines", "{\"ts\":\"2017-07-14T02:40:00Z\",\"rps\":1.5,\"meta\":{\"a\":[1]}}\n\n{\"rps\":null,\"ts\":\"2017-07-14T02:41:00Z\"}\n{\"ts\":1500000120,\"rps\":3}\n", Options{}, "1500000000:1.5 1500000060:- 1500000120:3", "JSON objects, rps"},
		{"objects in an array", " [{\"ts\":1500000000,\"rps\":1,\"status\":\"ok\"},\n{\"ts\":1500000060,\"rps\":2,\"status\":\"ok\"}]", Options{}, "1500000000:1 1500000060:2", ""},
		{"matrix", matrix, Options{Series: `job="a"`}, "1500000000:1 1500000060:2.5 1500000120:- 1500000180:- 1500000240:4", `Prometheus range query, up{job="a"} of 2 series: 4 points -> 5 steps`},
		{"matrix, added", matrix, Options{Series: "sum"}, "1500000000:1 1500000060:12.5 1500000120:20 1500000180:- 1500000240:4", ""},
		{"the result alone", `[{"metric":{},"values":[[1500000000,"1"],[1500000060.5,"2"],[1500000120,"3"]]}]`, Options{}, "1500000000:1 1500000060:2 1500000120:3", ""},
		{"datadog v1", datadogV1, Options{}, "1500000000:3 1500000060:- 1500000120:5", "Datadog v1 query, sum:web.hits{*}.as_count(): 3 points"},
		{"datadog v1, per second", datadogV1, Options{Kind: Count}, "1500000000:0.05 1500000060:- 1500000120:0.08333333333333333", "counts, made a rate per second"},
		{"datadog v2", datadogV2, Options{Series: "host:b"}, "1500000000:2 1500000060:3", "Datadog v2 timeseries, query 0 {host:b} of 2 series"},
		{"openmetrics", openMetrics, Options{}, "1500000000:1 1500000060:0.5", "a counter, made a rate per second"},
		{"openmetrics as it stands", openMetrics, Options{Kind: Gauge}, "1500000000:100 1500000060:160 1500000120:30", `OpenMetrics text, hits_total{code="200",path="/a b"}: 3 points`},
		{"dump", dump, Options{}, "1500000000:3 1500000060:4", `hits{instance="a\"\n"}: 2 points`},
		{"a name in quotes", "{\"web.hits\", a=\"}\"} 3 1500000000000\n{\"web.hits\",a=\"}\"} 4 1500000060000\n", Options{}, "1500000000:3 1500000060:4", `web.hits{a="}"}`},
		{"no labels", "up 1 1500000000\nup 0 1500000015\n", Options{}, "1500000000:1 1500000015:0", "OpenMetrics text, up:"},
		{"the same twice", "time,visits\n1500000000,1\n1500000060,2\n1500000060,2\n", Options{}, "1500000000:1 1500000060:2", "0 nulls, 1 points merged"},
		{"a part of a second", "time,visits\n0,1\n0.25,2\n0.5,3\n", Options{Step: time.Second / 2}, "0:1.5 0:3", "1 points merged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range []string{c.text, zipped(t, c.text)} {
				steps, summary := read(t, text, c.o)
				require.Equal(t, c.want, steps)
				require.True(t, strings.HasPrefix(summary, "x: "))
				require.Contains(t, summary, c.says)
				require.NotContains(t, summary, "\n")
			}
		})
	}
}

func TestJitterIsPutOnAGrid(t *testing.T) {
	var b strings.Builder
	b.WriteString("time,visits\n")
	for i := range 400 {
		if i == 200 {
			continue
		}
		fmt.Fprintf(&b, "%d,%d\n", 1500000000000+int64(i)*15000+int64(i*7919%2000-1000)*min(int64(i), 1), i)
	}
	s, err := openText(b.String(), Options{})
	require.NoError(t, err)
	require.Equal(t, 15*time.Second, s.Step)
	tr, err := s.Trace("x")
	require.NoError(t, err)
	require.Equal(t, 400, tr.Len())
	for i, d := range tr.Demand {
		if i == 200 {
			require.True(t, math.IsNaN(d))
		} else {
			require.Equal(t, float64(i), d, "each point in a step of its own")
		}
	}
	require.Contains(t, s.Summary(), "0 nulls, 0 points merged, 1 steps without a value")

	s, err = openText(b.String(), Options{Step: time.Minute})
	require.NoError(t, err)
	tr, err = s.Trace("x")
	require.NoError(t, err)
	require.Equal(t, int64(0), s.Start.Unix()%60, "longer steps begin at whole minutes")
	require.Equal(t, time.Minute, tr.Step)
	require.InDelta(t, 101, tr.Len(), 1)
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          Options
		want       string
	}{
		{"empty", " \n", Options{}, "x:1: the file is empty; wanted measurements"},
		{"header alone", "time,visits\n", Options{}, "x:1: no rows; wanted at least two"},
		{"one point", "time,visits\n60,1\n", Options{}, "x:2: 1 points at one time; wanted at least two times"},
		{"bad time", "time,visits\n60,1\nnoon,2\n", Options{}, `x:3: time "noon": wanted RFC 3339`},
		{"bad value", "time,visits\n60,1\n120,12 req/s\n", Options{}, `x:3: value "12 req/s": wanted a finite number of 0 or more, or nothing for a hole`},
		{"negative", "time,visits\n60,1\n120,-1\n", Options{}, `x:3: value "-1": wanted`},
		{"infinite", "up 1 60\nup +Inf 120\n", Options{}, `x:2: value "+Inf": wanted`},
		{"a long row", "time,visits\n60,1\n120,1,2\n", Options{}, "x:3: 3 fields; wanted at most 2, as the header has"},
		{"which column", "time,host,a,b\n60,x,1,2\n120,x,3,4\n", Options{}, `x:1: no column is known to be the value; wanted -value-column with one of "time", "host", "a", "b"`},
		{"no such column", "time,visits\n60,1\n", Options{ValueColumn: "hits"}, `x:1: no column is named "hits"; wanted -value-column with one of "time", "visits"`},
		{"one column for both", "time,visits\n60,1\n", Options{ValueColumn: "time"}, `x:1: column "time": wanted one for the time and another for the value`},
		{"several series", matrix, Options{}, `x: 2 series; wanted -series with one of them, or with sum: "up{job=\"a\"}", "up{job=\"b\"}"`},
		{"no such series", matrix, Options{Series: "down"}, `x: series "down": 0 have that name; wanted one of "up`},
		{"a part of two names", matrix, Options{Series: "up"}, `x: series "up": 2 have that name; wanted one of "up`},
		{"two values for a time", "time,visits\n60,1\n120,2\n120,3\n", Options{}, "x:4: time 1970-01-01T00:02:00Z is line 3's already, with another value; wanted one value for each time and series"},
		{"an error of Prometheus", `{"status":"error","errorType":"bad_data","error":"parse error"}`, Options{}, `x:1: the answer is an error, "\"parse error\""; wanted series`},
		{"an error of Datadog", `{"errors":["Forbidden"]}`, Options{}, `x:1: the answer is an error`},
		{"one moment of Prometheus", `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`, Options{}, `x:1: resultType "vector"; wanted matrix`},
		{"no series", `{"status":"success","data":{"resultType":"matrix","result":[]}}`, Options{}, "x:1: no series; wanted"},
		{"a cut answer", matrix[:200], Options{}, "wanted the rest of the JSON"},
		{"a cut file of gzip", zipped(t, openMetrics)[:60], Options{}, "unexpected EOF"},
		{"one moment of metrics", "up 1\n", Options{}, `x:1: "up 1" has no time; wanted one on every line`},
		{"behind the end", openMetrics + "up 1 2\n", Options{}, `x:7: "up 1 2" after # EOF; wanted nothing`},
		{"labels without an end", "up{a=\"b 1 2\n", Options{}, `x:1: "up{a=\"b 1 2": wanted name{labels} value time`},
		{"a label twice", "up{a=\"b\",a=\"c\"} 1 2\n", Options{}, `label "a" comes twice`},
		{"uneven v2", strings.Replace(datadogV2, "[1,null]", "[1]", 1), Options{}, "x:2: series 0 has 1 values for 2 times; wanted as many"},
		{"objects that break off", "{\"ts\":60,\"v\":1}\n{\"ts\":120,\n", Options{}, "x:2: unexpected EOF; wanted the rest of the JSON"},
		{"Parquet", "PAR1", Options{}, "x:1: a Parquet file; wanted text"},
		{"a step too short", "time,visits\n0,1\n60,1\n", Options{Step: time.Second}, "x: step 1s is shorter than the distance of the times, 1m0s; wanted at least that"},
		{"a slip in a time", "time,visits\n0,1\n1,1\n2,1\n3000000000,1\n", Options{}, "x:5: the trace has more than 10000000 steps of 1s; wanted fewer"},
		{"a kind that is none", "", Options{Kind: "rate"}, `kind "rate": wanted one of "auto", "gauge", "counter", "count"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openText(c.text, c.o)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestOnlyTheWantedSeriesHasToBeGood(t *testing.T) {
	steps, _ := read(t, "cold -3 60\nhits 1 60\ncold -4 120\nhits 2 120\n", Options{Series: "hits"})
	require.Equal(t, "60:1 120:2", steps)
}

func TestCountersOfASumBeginAnewOneByOne(t *testing.T) {
	text := "a_total 100 0\na_total 160 60\na_total 220 120\nb_total 500 0\nb_total 6 60\nb_total 12 120\n"
	steps, summary := read(t, text, Options{Series: "sum"})
	require.Equal(t, "0:1.1 60:1.1", steps)
	require.Contains(t, summary, "a counter, made a rate per second")
}

func TestContract(t *testing.T) {
	for text, want := range map[string]bool{
		"timestamp,value\n60,1\n120,2\n":             true,
		"a,value,timestamp\nx,1,60\nx,2,120\n":       true,
		"when,visits\n2020-01-01T00:00:00+02:00,1\n": true,
		"":                                   true,
		"timestamp,value\n":                  true,
		"timestamp,value\nnoon,1\n":          true,
		"60,1\n120,2\n":                      true,
		"timestamp,value\n1500000000000,1\n": false,
		"Time,a,b\n1500000000,1,2\n":         false,
		"timestamp,value\n2020-01-01 00:00:00,1\n": false,
		"timestamp;value\n60;1\n":                  false,
		"sep=,\ntimestamp,value\n60,1\n":           false,
		matrix:                                     false,
		datadogV1:                                  false,
		openMetrics:                                false,
		dump:                                       false,
		"{\"timestamp\":60,\"value\":1}\n":         false,
		"PAR1":                                     false,
		zipped(t, "timestamp,value\n2020-01-01T00:00:00Z,1\n"): true,
	} {
		require.Equal(t, want, isContract(strings.NewReader(text)), "%q", text)
	}
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.whatever")
	require.NoError(t, os.WriteFile(path, []byte(zipped(t, matrix)), 0o600))
	s, err := Open(path, Options{Series: "sum"})
	require.NoError(t, err)
	tr, err := s.Trace("export")
	require.NoError(t, err)
	require.Equal(t, "export", tr.Name)
	require.False(t, IsContract(path))
	_, err = Open(path+"x", Options{})
	require.ErrorContains(t, err, "no such file")
	require.True(t, IsContract(path+"x"))
}

// roundTrip reads what the parser accepts again from the CSV that it writes: the same steps.
func roundTrip(t *testing.T, text string, o Options) {
	t.Helper()
	s, err := openText(text, o)
	if err != nil {
		require.Nil(t, s)
		require.True(t, strings.HasPrefix(err.Error(), "x:"), "%v", err)
		return
	}
	if s.Steps > 1<<16 {
		return
	}
	tr, err := s.Trace("x")
	require.NoError(t, err)
	require.NoError(t, tr.Validate())
	var b bytes.Buffer
	require.NoError(t, s.WriteCSV(&b))
	if !tr.Times[0].After(time.Unix(-62135596800, 0)) {
		return
	}
	again, err := sim.ReadTrace(&b, "again")
	require.NoError(t, err)
	require.Equal(t, tr.Step, again.Step)
	require.Equal(t, tr.Times, again.Times)
	for i, d := range tr.Demand {
		require.Equal(t, math.Float64bits(d), math.Float64bits(again.Demand[i]), "step %d", i)
	}
}
