package file

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/internal/moment"
)

// objectLine is what object makes.
var objectLine = regexp.MustCompile(`^{"host":"web","timestamp":"(.*)","value":(.*)}`)

// twin is the slow and obvious Source: it reads the whole text anew for each window.
func twin(text string, from, to int) map[int]float64 {
	out := map[int]float64{}
	lines := strings.SplitAfter(text, "\n")
	for _, line := range lines {
		if !strings.HasSuffix(line, "\n") {
			continue
		}
		at, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ",")
		if m := objectLine.FindStringSubmatch(line); m != nil {
			at, value = m[1], m[2]
		}
		t, err := moment.Parse(at)
		if err != nil {
			continue
		}
		v, err := parseValue(value)
		if err != nil {
			continue
		}
		if i := int(t.Sub(minute(0)) / time.Minute); i >= from && i < to {
			out[i] = v
		}
	}
	return out
}

func TestSourceIsItsTwin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demand.csv")
	rapid.Check(t, func(t *rapid.T) {
		text, line := header, row
		if rapid.Bool().Draw(t, "json") {
			line = func(i int, v float64) string {
				return object(minute(i).Format(time.RFC3339), strconv.FormatFloat(v, 'g', -1, 64))
			}
			text = line(25, 0) // the first line tells what the others are
		}
		put := func() { require.NoError(t, os.WriteFile(path, []byte(text), 0o644)) }
		put()
		s, err := NewSource(SourceConfig{Path: path, Step: time.Minute})
		require.NoError(t, err)
		for range rapid.IntRange(1, 30).Draw(t, "calls") {
			if rapid.Bool().Draw(t, "append") {
				for range rapid.IntRange(1, 4).Draw(t, "rows") {
					text += line(rapid.IntRange(0, 20).Draw(t, "minute"), float64(rapid.IntRange(0, 9).Draw(t, "value")))
				}
				if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
					text += "nonsense\n"
				}
				cut := rapid.IntRange(0, 5).Draw(t, "unfinished")
				rest := text[len(text)-cut:]
				text = text[:len(text)-cut]
				put()
				if rapid.Bool().Draw(t, "read half") {
					_, _ = s.Read(t.Context(), nil, minute(0), minute(30)) // bad lines are told of here or below
				}
				text += rest
				put()
				continue
			}
			from, to := rapid.IntRange(-2, 22).Draw(t, "from"), rapid.IntRange(-2, 22).Draw(t, "to")
			bad := s.Counts().Bad
			got, err := s.Read(t.Context(), nil, minute(from), minute(to))
			if err != nil {
				require.Empty(t, got)
				require.Greater(t, s.Counts().Bad, bad, "an error without a bad line: %v", err)
				got, err = s.Read(t.Context(), nil, minute(from), minute(to))
				require.NoError(t, err, "a line is told of once")
			}
			if want := twin(text, from, to); !maps.Equal(want, index(got)) {
				t.Fatalf("window %d..%d is %v, wanted %v", from, to, index(got), want)
			}
		}
	})
}

// FuzzSource demands that no content makes a Source panic, claim a sample outside the window, or claim one twice.
func FuzzSource(f *testing.F) {
	f.Add([]byte(header+"1709510400,1\n1709510460,\n"), int64(1709510400))
	f.Add([]byte("a,\"b,c\",value,timestamp\n\"\",\"\",\"1\",2024-03-04T00:00:00Z\r\n"), int64(0))
	f.Add([]byte("{\"timestamp\":1709510400,\"value\":1}\n{\"value\":null,\"timestamp\":\"2024-03-04T00:00:00Z\"}\n{}\n"), int64(1709510400))
	f.Add([]byte{0x1f, 0x8b, 8, 0}, int64(-1))
	path := filepath.Join(f.TempDir(), "demand.csv")
	f.Fuzz(func(t *testing.T, text []byte, start int64) {
		require.NoError(t, os.WriteFile(path, text, 0o644))
		s, err := NewSource(SourceConfig{Path: path, Step: time.Minute})
		require.NoError(t, err)
		from := time.Unix(start%253402300799, 0)
		to := from.Add(24 * time.Hour)
		for range 2 {
			got, _ := s.Read(t.Context(), nil, from, to)
			for i, x := range got {
				if x.Time.Before(from) || x.Time.Add(time.Minute).After(to) || i > 0 && !x.Time.After(got[i-1].Time) || x.Value < 0 {
					t.Fatalf("sample %d of %v is %v", i, got, x)
				}
			}
		}
	})
}
