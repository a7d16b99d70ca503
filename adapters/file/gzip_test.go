package file

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What was read before a compressed file breaks off counts, once it has been said where it does.
func TestHalfOfACompressedFile(t *testing.T) {
	for name, text := range map[string]string{"csv": header + rows(0, 100), "json": objects(0, 100)} {
		t.Run(name, func(t *testing.T) {
			b := compressed(t, text)
			first := strings.Count(text, "\n") - 100 // lines before that of minute 0
			most := 0
			for n := 3; n < len(b); n++ {
				d := newDemand(t, string(b[:n]))
				s := d.source(nil)
				dst, err := s.Read(t.Context(), nil, minute(0), minute(200))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
				require.ErrorContains(t, err, d.path+":")
				require.Empty(t, dst)
				dst, again := s.Read(t.Context(), nil, minute(0), minute(200))
				if again != nil { // not even a header
					require.ErrorIs(t, again, io.ErrUnexpectedEOF)
					require.Zero(t, s.Counts().Rows)
				} else {
					require.ErrorContains(t, err, d.path+":"+itoa(len(dst)+first+1)+": ", "the line that breaks off")
					require.Equal(t, len(dst), s.Counts().Rows, "and it is not read again")
					for i, x := range dst {
						require.Equal(t, minute(i), x.Time)
						require.Equal(t, float64(i), x.Value, "no half of a number")
					}
					most = max(most, len(dst))
				}
				d.write(string(b))
				require.Len(t, read(t, s, 0, 200), 100)
			}
			require.Greater(t, most, 50)
		})
	}
}

func TestCompressedFileOfSeveralMembers(t *testing.T) {
	d := newDemand(t, string(compressed(t, header+rows(0, 3))))
	s := d.source(nil)
	require.Len(t, read(t, s, 0, 20), 3)
	text := rows(3, 6)
	d.append(string(compressed(t, text[:10]))) // one that ends in the middle of a line
	_, err := s.Read(t.Context(), nil, minute(0), minute(20))
	require.ErrorContains(t, err, d.path+`:5: line "2024-03-04"; wanted a value in column 2`, "nothing more will come, as far as one can see")
	require.Len(t, read(t, s, 0, 20), 3)
	d.append(string(compressed(t, text[10:])))
	require.Len(t, read(t, s, 0, 20), 6)
}

func TestCompressedFileThatGrowsByMembers(t *testing.T) {
	d := newDemand(t, string(compressed(t, header)))
	s := d.source(nil)
	for i := range 10 {
		text := row(i, float64(i))
		half := len(text) / 2
		d.append(string(compressed(t, text[:half])) + string(compressed(t, text[half:])))
		got := read(t, s, 0, 20)
		require.Len(t, got, i+1)
		require.Equal(t, float64(i), got[i])
	}
	// A member that is being written.
	b := string(compressed(t, rows(10, 15)))
	d.append(b[:15])
	_, err := s.Read(t.Context(), nil, minute(0), minute(20))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Len(t, read(t, s, 0, 20), 10)
	d.append(b[15:])
	require.Len(t, read(t, s, 0, 20), 15)
	require.Zero(t, s.Counts().Rotations)
}

// A file whose content is not what was written is believed in nothing, however often one asks.
func TestDamagedCompressedFile(t *testing.T) {
	b := compressed(t, header+rows(0, 5))
	b[len(b)-6] ^= 1 // its checksum
	d := newDemand(t, string(b))
	s := d.source(nil)
	for range 3 {
		_, err := s.Read(t.Context(), nil, minute(0), minute(20))
		require.ErrorContains(t, err, d.path+":7: gzip: invalid checksum")
	}
	require.NoError(t, os.WriteFile(d.path, compressed(t, header+rows(5, 7)), 0o644))
	require.Len(t, read(t, s, 5, 20), 2)
}
