package parquet

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/ingest"
)

func write[T any](t testing.TB, rows []T, options ...pq.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "visits.parquet")
	require.NoError(t, pq.WriteFile(path, rows, options...))
	return path
}

func trace(t *testing.T, path string, o ingest.Options) (*sim.Trace, string) {
	t.Helper()
	s, err := Open(path, o)
	require.NoError(t, err)
	tr, err := s.Trace("x")
	require.NoError(t, err)
	return tr, s.Summary()
}

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func minute(i int) time.Time { return start.Add(time.Duration(i) * time.Minute) }

func TestSpellingsOfTimesAndNumbers(t *testing.T) {
	type byTime struct {
		Time  time.Time `parquet:"time,timestamp(microsecond)"`
		Value float64   `parquet:"value"`
	}
	type byMillis struct {
		TS    int64   `parquet:"ts,timestamp(millisecond)"`
		Value float32 `parquet:"rps"`
	}
	type byNanos struct {
		TS    int64  `parquet:"ts,timestamp(nanosecond)"`
		Value uint32 `parquet:"rps"`
	}
	type byNumber struct {
		TS    int64 `parquet:"ts"`
		Value int32 `parquet:"hits,decimal(1:9)"`
	}
	var times []byTime
	var millis []byMillis
	var nanos []byNanos
	var numbers []byNumber
	for i := range 1000 { // more than a buffer of rows
		times = append(times, byTime{minute(i), float64(i) / 2})
		millis = append(millis, byMillis{minute(i).UnixMilli(), float32(i) / 2})
		nanos = append(nanos, byNanos{minute(i).UnixNano(), uint32(i)})
		numbers = append(numbers, byNumber{minute(i).Unix(), int32(5 * i)})
	}
	for name, c := range map[string]struct {
		path string
		half bool
	}{
		"time":   {write(t, times), true},
		"zstd":   {write(t, times, pq.Compression(&pq.Zstd)), true},
		"groups": {write(t, times, pq.MaxRowsPerRowGroup(300), pq.Compression(&pq.Snappy)), true},
		"millis": {write(t, millis), true}, "nanos": {write(t, nanos), false}, "numbers": {write(t, numbers), true},
	} {
		tr, summary := trace(t, c.path, ingest.Options{})
		require.Contains(t, summary, "visits.parquet: Parquet, ", name)
		require.Contains(t, summary, "1000 points -> 1000 steps of 1m0s from 2026-01-05T00:00:00Z; 0 nulls", name)
		require.Equal(t, minute(999), tr.Times[999], name)
		for i, d := range tr.Demand {
			want := float64(i)
			if c.half {
				want /= 2
			}
			require.Equal(t, want, d, name)
		}
	}
}

type row struct {
	Host  string    `parquet:"host,dict"`
	Time  time.Time `parquet:"time,timestamp(millisecond)"`
	Value *float64  `parquet:"value,optional"`
	Tags  []string  `parquet:"tags,list"`
}

func hosts() []row {
	var rows []row
	for i := range 10 {
		for h, host := range []string{"a", "b"} {
			v := float64(10*h + i)
			r := row{Host: host, Time: minute(i), Value: &v, Tags: []string{"x", "y"}}
			if i == 4 && h == 0 {
				r.Value = nil
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func TestSeriesAndNulls(t *testing.T) {
	path := write(t, hosts())
	tr, summary := trace(t, path, ingest.Options{Series: `host="a"`})
	require.Contains(t, summary, `{host="a"} of 2 series: 10 points -> 10 steps of 1m0s`)
	require.Contains(t, summary, "1 nulls")
	require.True(t, math.IsNaN(tr.Demand[4]))
	require.Equal(t, 5.0, tr.Demand[5])
	tr, _ = trace(t, path, ingest.Options{Series: ingest.SumOf})
	require.Equal(t, []float64{10, 12, 14, 16, 14, 20}, tr.Demand[:6])
	_, err := Open(path, ingest.Options{})
	require.EqualError(t, err, path+`: 2 series; wanted -series with one of them, or with sum: "{host=\"a\"}", "{host=\"b\"}"`)
}

func TestTheCSVIsTheSameTrace(t *testing.T) {
	s, err := Open(write(t, hosts()), ingest.Options{Series: "b"})
	require.NoError(t, err)
	want, err := s.Trace("x")
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, s.WriteCSV(&b))
	got, err := sim.ReadTrace(&b, "x")
	require.NoError(t, err)
	require.Equal(t, want.Times, got.Times)
	require.Equal(t, want.Demand, got.Demand)
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir, ingest.Options{})
	require.ErrorContains(t, err, "is a directory; wanted a Parquet file")
	_, err = Open(filepath.Join(dir, "none"), ingest.Options{})
	require.ErrorContains(t, err, "no such file or directory; wanted a Parquet file")
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte("timestamp,value\n60,1\n"), 0o600))
	_, err = Open(text, ingest.Options{})
	require.ErrorContains(t, err, "wanted a Parquet file")
	_, err = Open(write(t, []struct{ A int64 }{{1}}), ingest.Options{})
	require.ErrorContains(t, err, "1 plain columns; wanted one of times and one of values")
	_, err = Open(write(t, []struct{ Time, Value int64 }{{60, 1}, {120, -1}}), ingest.Options{})
	require.ErrorContains(t, err, `visits.parquet:2: value "-1": wanted a finite number`)
	_, err = ingest.Open(write(t, hosts()), ingest.Options{})
	require.ErrorContains(t, err, "a Parquet file; wanted text: the command in adapters/parquet makes CSV of it")
}

// FuzzOpen damages a good file: no panic, and what is accepted round trips.
func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile(write(f, hosts()))
	require.NoError(f, err)
	f.Add(uint32(10), byte(1), uint32(0))
	f.Add(uint32(len(whole)-9), byte(7), uint32(3))
	f.Fuzz(func(t *testing.T, place uint32, change byte, cut uint32) {
		b := bytes.Clone(whole)
		b[int(place)%len(b)] ^= change
		b = b[:len(b)-int(cut)%len(b)]
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		s, err := Open(path, ingest.Options{Series: ingest.SumOf})
		if err != nil {
			require.True(t, strings.Contains(err.Error(), "wanted"), "%v", err)
			return
		}
		if s.Steps < 1<<16 {
			_, err = s.Trace("x")
			require.NoError(t, err)
		}
	})
}

// A file is read as far as it is asked for, row group by row group.
func TestRowsAreNotKept(t *testing.T) {
	broken := errors.New("enough")
	s, err := Open(write(t, hosts(), pq.MaxRowsPerRowGroup(2)), ingest.Options{Series: "a"})
	require.NoError(t, err)
	seen := 0
	err = s.Each(func(time.Time, float64) error {
		if seen++; seen == 3 {
			return broken
		}
		return nil
	})
	require.ErrorIs(t, err, broken)
	require.Equal(t, 3, seen, "stops where it is told to")
}
