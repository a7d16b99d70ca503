package file

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/forecast"
)

// demand is a CSV file that a test writes to.
type demand struct {
	t    *testing.T
	path string
}

func newDemand(t *testing.T, text string) *demand {
	d := &demand{t, filepath.Join(t.TempDir(), "demand.csv")}
	d.write(text)
	return d
}

func (d *demand) write(text string) { require.NoError(d.t, os.WriteFile(d.path, []byte(text), 0o644)) }

func (d *demand) append(text string) {
	f, err := os.OpenFile(d.path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(d.t, err)
	_, err = io.WriteString(f, text)
	require.NoError(d.t, err)
	require.NoError(d.t, f.Close())
}

func (d *demand) source(logger *slog.Logger) *Source {
	s, err := NewSource(SourceConfig{Path: d.path, Step: time.Minute, Logger: logger})
	require.NoError(d.t, err)
	return s
}

// minute is the i-th minute after the origin, and row a line for it.
func minute(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }

func row(i int, v float64) string {
	return minute(i).Format(time.RFC3339) + "," + strconv.FormatFloat(v, 'g', -1, 64) + "\n"
}

func rows(i, j int) string {
	var b strings.Builder
	for ; i < j; i++ {
		b.WriteString(row(i, float64(i)))
	}
	return b.String()
}

// read returns the values of minutes i to j-1, as far as they are there.
func read(t *testing.T, s *Source, i, j int) map[int]float64 {
	t.Helper()
	got, err := s.Read(t.Context(), nil, minute(i), minute(j))
	require.NoError(t, err)
	return index(got)
}

func index(samples []forecast.Sample) map[int]float64 {
	out := map[int]float64{}
	for _, s := range samples {
		out[int(s.Time.Sub(minute(0))/time.Minute)] = s.Value
	}
	return out
}

const header = "timestamp,value\n"

func TestSourceConforms(t *testing.T) {
	adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
		d := newDemand(t, header)
		return adaptertest.SourceHarness{
			Source: d.source(nil), Step: time.Minute,
			Append: func(samples ...forecast.Sample) {
				var b strings.Builder
				for _, s := range samples {
					b.WriteString(s.Time.Format(time.RFC3339Nano) + "," + strconv.FormatFloat(s.Value, 'g', -1, 64) + "\n")
				}
				d.append(b.String())
			},
			Gap:   func(at time.Time) { d.append(at.Format(time.RFC3339) + ",\n") },
			Break: func() { require.NoError(t, os.Remove(d.path)) },
		}
	})
}

func TestSourceOfObjectsConforms(t *testing.T) {
	adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
		d := newDemand(t, "")
		return adaptertest.SourceHarness{
			Source: d.source(nil), Step: time.Minute,
			Append: func(samples ...forecast.Sample) {
				var b strings.Builder
				for _, s := range samples {
					b.WriteString(object(s.Time.Format(time.RFC3339Nano), strconv.FormatFloat(s.Value, 'g', -1, 64)))
				}
				d.append(b.String())
			},
			Gap:   func(at time.Time) { d.append(object(at.Format(time.RFC3339), "null")) },
			Break: func() { require.NoError(t, os.Remove(d.path)) },
		}
	})
}

// object is a line of JSON.
func object(at, value string) string {
	return `{"host":"web","timestamp":"` + at + `","value":` + value + "}\n"
}

func objects(i, j int) string {
	var b strings.Builder
	for ; i < j; i++ {
		b.WriteString(object(minute(i).Format(time.RFC3339), itoa(i)))
	}
	return b.String()
}

func itoa(i int) string { return strconv.Itoa(i) }

func TestCompressedSourceConforms(t *testing.T) {
	adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
		text := header
		d := newDemand(t, "")
		put := func() { d.write(string(compressed(t, text))) }
		put()
		return adaptertest.SourceHarness{
			Source: d.source(nil), Step: time.Minute,
			Append: func(samples ...forecast.Sample) {
				for _, s := range samples {
					text += strconv.FormatInt(s.Time.Unix(), 10) + "," + strconv.FormatFloat(s.Value, 'g', -1, 64) + "\n"
				}
				put()
			},
			Gap:   func(at time.Time) { text += at.Format(time.RFC3339) + ",NaN\n" },
			Break: func() { d.write(string(compressed(t, text)[:40])) },
		}
	})
}

func compressed(t *testing.T, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestSourceReadsRows(t *testing.T) {
	cases := []struct {
		name, text string
		want       map[int]float64
	}{
		{"plain", "timestamp,value\n2024-03-04T00:00:00Z,12.5\n2024-03-04T00:01:00Z,0\n", map[int]float64{0: 12.5, 1: 0}},
		{"another zone", "timestamp,value\n2024-03-04T05:30:00+05:30,1\n", map[int]float64{0: 1}},
		{"unix seconds", "timestamp,value\n1709510400,1\n1709510460.000,2\n", map[int]float64{0: 1, 1: 2}},
		{"other columns", "host,value,unit,timestamp\nweb,7,\"visits, a minute\",1709510400\n", map[int]float64{0: 7}},
		{"a quoted comma before them", "note,timestamp,value\n\"a, b\" ,1709510400 , 3\n", map[int]float64{0: 3}},
		{"quotes, blanks and ends of another kind", "\ufeff \"Timestamp\" , \"Value\"\r\n\"1709510400\", \"8\" \r\n\r\n", map[int]float64{0: 8}},
		{"any order", "timestamp,value\n1709510520,3\n1709510400,1\n1709510460,2\n", map[int]float64{0: 1, 1: 2, 2: 3}},
		{"a correction", "timestamp,value\n1709510400,1\n1709510460,2\n1709510400,9\n", map[int]float64{0: 9, 1: 2}},
		{"an unfinished line", "timestamp,value\n1709510400,1\n1709510460,2", map[int]float64{0: 1}},
		{"an unfinished header", "timestamp,value", map[int]float64{}},
		{"nothing", "", map[int]float64{}},
		{"objects", `{"timestamp":"2024-03-04T00:00:00Z","value":12.5}` + "\n" + `{"value":"7","timestamp":1709510460}` + "\n", map[int]float64{0: 12.5, 1: 7}},
		{"objects of other things too", `{"timestamp":1709510400,"value":0,"tags":{"value":9}}` + "\n", map[int]float64{0: 0}},
		{"objects, blanks and ends of another kind", "\ufeff {\"timestamp\" : 1709510400.000, \"value\" : 1e1 } \r\n\r\n", map[int]float64{0: 10}},
		{"an unfinished object", `{"timestamp":1709510400,"value":1}` + "\n" + `{"timestamp":1709510460,"value":2}`, map[int]float64{0: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDemand(t, c.text)
			require.Equal(t, c.want, read(t, d.source(nil), 0, 60))
		})
	}
	t.Run("the last line of a compressed file is finished", func(t *testing.T) {
		d := newDemand(t, string(compressed(t, "timestamp,value\n1709510400,1\n1709510460,2")))
		require.Equal(t, map[int]float64{0: 1, 1: 2}, read(t, d.source(nil), 0, 60))
	})
	t.Run("known gaps", func(t *testing.T) {
		d := newDemand(t, "timestamp,value\n1709510400,\n1709510460,NaN\n1709510520,3\n")
		got := read(t, d.source(nil), 0, 60)
		require.Len(t, got, 3)
		require.True(t, math.IsNaN(got[0]) && math.IsNaN(got[1]))
	})
	t.Run("known gaps in objects", func(t *testing.T) {
		d := newDemand(t, object("2024-03-04T00:00:00Z", "null")+object("2024-03-04T00:01:00Z", `"NaN"`)+object("2024-03-04T00:02:00Z", "3"))
		got := read(t, d.source(nil), 0, 60)
		require.Len(t, got, 3)
		require.True(t, math.IsNaN(got[0]) && math.IsNaN(got[1]))
	})
	t.Run("times are in UTC, to the nanosecond", func(t *testing.T) {
		d := newDemand(t, "timestamp,value\n1709510400.25,1\n2024-03-04T05:30:30.000000001+05:30,2\n")
		got, err := d.source(nil).Read(t.Context(), nil, minute(0), minute(9))
		require.NoError(t, err)
		require.Equal(t, []forecast.Sample{
			{Time: minute(0).Add(time.Second / 4), Value: 1}, {Time: minute(0).Add(30*time.Second + 1), Value: 2},
		}, got)
	})
}

func TestSourceErrors(t *testing.T) {
	const wantTime = `RFC 3339 ("2024-03-04T20:15:00Z") or unix seconds (1709583300), of the years 1 to 9999`
	const wantValue = "a finite number of 0 or more, or nothing for a gap"
	cases := []struct{ name, text, want string }{
		{"no header", "1709510400,1\n", `:1: header "1709510400,1"; wanted columns timestamp and value, or JSON objects with them`},
		{"an empty header", "\n1709510400,1\n", `:1: header ""; wanted columns timestamp and value, or JSON objects with them`},
		{"too few columns", header + "1709510400\n", `:2: line "1709510400"; wanted a value in column 2`},
		{"too few columns for a time", "a,value,timestamp\n1,2\n", `:2: line "1,2"; wanted a timestamp in column 3`},
		{"a bad value", header + "1709510400,1\n\n1709510460,many\n", `:4: value is "many"; wanted ` + wantValue},
		{"a negative value", header + "1709510400,-1\n", `:2: value is "-1"; wanted ` + wantValue},
		{"an infinite value", header + "1709510400,+Inf\n", `:2: value is "+Inf"; wanted ` + wantValue},
		{"a value too large", header + "1709510400,1e999\n", `:2: value is "1e999"; wanted ` + wantValue},
		{"no time", header + ",1\n", `:2: timestamp is ""; wanted ` + wantTime},
		{"milliseconds", header + "1709510400000,1\n", `:2: timestamp is "1709510400000"; wanted ` + wantTime},
		{"long before the year 1", header + "-99999999999,1\n", `:2: timestamp is "-99999999999"; wanted ` + wantTime},
		{"a day", header + "2024-03-04,1\n", `:2: timestamp is "2024-03-04"; wanted ` + wantTime},
		{"bad decimals", header + "1709510400.x,1\n", `:2: timestamp is "1709510400.x"; wanted ` + wantTime},
		{"no decimals", header + "1709510400.,1\n", `:2: timestamp is "1709510400."; wanted ` + wantTime},
		{"many bad lines", header + "x,1\n1709510400,1\ny,1\n1709510400,z\n", `:2: timestamp is "x"; wanted ` + wantTime + " (and 2 more such lines)"},
		{"much of it", header + strings.Repeat("x", 61) + ",1\n", `:2: timestamp is "` + strings.Repeat("x", 60) + `"...; wanted ` + wantTime},
		{"an endless line", header + strings.Repeat("x", 200_000) + "\n", ":2: a line of 200001 bytes; wanted at most 65536"},
	}
	for _, c := range cases {
		for _, form := range []string{"plain", "compressed"} {
			t.Run(c.name+", "+form, func(t *testing.T) {
				text := c.text
				if form == "compressed" {
					text = string(compressed(t, c.text))
				}
				d := newDemand(t, text)
				_, err := d.source(nil).Read(t.Context(), nil, minute(0), minute(9))
				require.EqualError(t, err, "file source: "+d.path+c.want)
				var line *LineError
				require.ErrorAs(t, err, &line)
			})
		}
	}
	t.Run("no file", func(t *testing.T) {
		d := newDemand(t, "")
		require.NoError(t, os.Remove(d.path))
		_, err := d.source(nil).Read(t.Context(), nil, minute(0), minute(9))
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, d.path)
	})
}

func TestNewSourceReportsEveryFault(t *testing.T) {
	_, err := NewSource(SourceConfig{})
	require.EqualError(t, err, `config: 2 faults: path is ""; wanted the name of a file | step is 0s; wanted more than 0s`)
}

func TestSourceGoesPastABadLine(t *testing.T) {
	d := newDemand(t, header+row(0, 1)+"nonsense\n"+row(2, 3))
	s := d.source(nil)
	dst, err := s.Read(t.Context(), nil, minute(0), minute(9))
	require.ErrorContains(t, err, ":3: ")
	require.Empty(t, dst)
	require.Equal(t, map[int]float64{0: 1, 2: 3}, read(t, s, 0, 9), "it was told once")
	d.append("nonsense\n" + row(3, 4))
	_, err = s.Read(t.Context(), nil, minute(0), minute(9))
	require.ErrorContains(t, err, ":5: ", "lines are counted from the start of the file")
	require.Equal(t, map[int]float64{0: 1, 2: 3, 3: 4}, read(t, s, 0, 9))
	require.Equal(t, 2, s.Counts().Bad)
}

func TestSourceTellsOfAWrongHeaderUntilItIsRight(t *testing.T) {
	d := newDemand(t, "a,b\n"+row(0, 1))
	s := d.source(nil)
	for range 3 {
		_, err := s.Read(t.Context(), nil, minute(0), minute(9))
		require.ErrorContains(t, err, ":1: header")
	}
	d.write(header + row(0, 1))
	require.Equal(t, map[int]float64{0: 1}, read(t, s, 0, 9))
}

func TestSourceReadsNothingTwice(t *testing.T) {
	d := newDemand(t, header)
	s := d.source(nil)
	size := int64(len(header))
	for i := range 100 {
		text := row(i, 1)
		d.append(text[:7]) // a writer that is interrupted
		read(t, s, max(0, i-10), i)
		require.Equal(t, size, s.Counts().Bytes)
		d.append(text[7:])
		size += int64(len(text))
		require.Contains(t, read(t, s, max(0, i-10), i+1), i)
		require.Equal(t, size, s.Counts().Bytes)
	}
	require.Equal(t, 11, s.line.Len(), "what lies before the window is forgotten")

	require.Len(t, read(t, s, 0, 100), 100, "an earlier window")
	require.Equal(t, 2*size, s.Counts().Bytes)
	require.Zero(t, s.Counts().Rotations)
}

func TestCompressedSourceReadsNothingTwice(t *testing.T) {
	text := header + rows(0, 50)
	d := newDemand(t, string(compressed(t, text)))
	s := d.source(nil)
	for i := range 10 {
		require.Len(t, read(t, s, i, 50), 50-i)
	}
	require.Equal(t, int64(len(text)), s.Counts().Bytes)
	require.Len(t, read(t, s, 0, 50), 50, "an earlier window")
	require.Equal(t, int64(2*len(text)), s.Counts().Bytes)
}

func BenchmarkSourceBackfill(b *testing.B) {
	const n = 8 * 24 * 60
	path := filepath.Join(b.TempDir(), "demand.csv")
	require.NoError(b, os.WriteFile(path, []byte(header+rows(0, n)), 0o644))
	for b.Loop() {
		s, err := NewSource(SourceConfig{Path: path, Step: time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		got, err := s.Read(b.Context(), nil, minute(0), minute(n))
		if err != nil || len(got) != n {
			b.Fatal(fmt.Errorf("%d samples, error %w", len(got), err))
		}
	}
}
