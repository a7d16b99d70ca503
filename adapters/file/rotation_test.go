package file

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSourceSurvivesRotation(t *testing.T) {
	cases := []struct {
		name      string
		change    func(d *demand)
		want      map[int]float64 // of minutes 8 to 20; the file held 0 to 9
		rotations int
	}{
		{"appended", func(d *demand) { d.append(row(10, 10)) }, map[int]float64{8: 8, 9: 9, 10: 10}, 0},
		{"exported again with one more", func(d *demand) {
			require.NoError(d.t, os.Remove(d.path))
			d.write(header + rows(0, 11))
		}, map[int]float64{8: 8, 9: 9, 10: 10}, 0},
		{"renamed and begun anew", func(d *demand) {
			require.NoError(d.t, os.Rename(d.path, d.path+".1"))
			d.write(header + row(10, 10))
		}, map[int]float64{8: 8, 9: 9, 10: 10}, 1},
		{"cut off", func(d *demand) { d.write("") }, map[int]float64{8: 8, 9: 9}, 1},
		{"cut off and longer than before", func(d *demand) { d.write(header + rows(10, 30)) }, func() map[int]float64 {
			out := map[int]float64{8: 8, 9: 9}
			for i := 10; i < 20; i++ {
				out[i] = float64(i)
			}
			return out
		}(), 1},
		{"cut off, and rows end where they did", func(d *demand) {
			var b strings.Builder
			for i := 10; i < 30; i++ {
				b.WriteString(row(i, 7)) // one digit, as before
			}
			d.write(header + b.String())
		}, map[int]float64{8: 8, 9: 9, 10: 7, 11: 7, 12: 7, 13: 7, 14: 7, 15: 7, 16: 7, 17: 7, 18: 7, 19: 7}, 1},
		{"begun anew with other columns", func(d *demand) { d.write("value,timestamp\n10,1709511000\n") }, map[int]float64{8: 8, 9: 9, 10: 10}, 1},
		{"compressed", func(d *demand) { d.write(string(compressed(d.t, header+rows(0, 11)))) }, map[int]float64{8: 8, 9: 9, 10: 10}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			d := newDemand(t, header+rows(0, 10))
			s := d.source(slog.New(slog.NewTextHandler(&log, nil)))
			require.Len(t, read(t, s, 0, 20), 10)
			c.change(d)
			require.Equal(t, c.want, read(t, s, 8, 20))
			require.Equal(t, c.rotations, s.Counts().Rotations)
			require.Equal(t, c.rotations, strings.Count(log.String(), "file was replaced or cut off"), log.String())
			require.Equal(t, c.rotations, strings.Count(log.String(), d.path))
			require.Equal(t, c.want, read(t, s, 8, 20))
			require.Equal(t, c.rotations, s.Counts().Rotations, "it is said once")
		})
	}
}

func TestSourceFollowsAFileThatIsNoLongerCompressed(t *testing.T) {
	d := newDemand(t, string(compressed(t, header+rows(0, 10))))
	s := d.source(nil)
	require.Len(t, read(t, s, 0, 20), 10)
	d.write(header + rows(9, 12))
	require.Len(t, read(t, s, 0, 20), 12)
	d.append(row(12, 12))
	require.Len(t, read(t, s, 0, 20), 13)
	require.Zero(t, s.Counts().Rotations, "a compressed file has no place that could be lost")
}

func TestSourceKeepsNothingBeforeTheWindow(t *testing.T) {
	for _, text := range []string{header + rows(0, 50), string(compressed(t, header+rows(0, 50)))} {
		s := newDemand(t, text).source(nil)
		require.Len(t, read(t, s, 40, 50), 10)
		require.Equal(t, 10, s.line.Len())
		require.Equal(t, 50, s.Counts().Rows)
	}
}

func TestSourceWithoutItsFileForAWhile(t *testing.T) {
	d := newDemand(t, header+rows(0, 5))
	s := d.source(nil)
	require.Len(t, read(t, s, 0, 20), 5)
	require.NoError(t, os.Rename(d.path, d.path+".1"))
	_, err := s.Read(t.Context(), nil, minute(0), minute(20))
	require.ErrorIs(t, err, os.ErrNotExist)
	d.write(header + row(5, 5))
	require.Len(t, read(t, s, 0, 20), 6, "what was read before is still known")
}
