package moment

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseCountsDecimalsAwayFromZero(t *testing.T) {
	got, err := Parse("-1.5")
	require.NoError(t, err)
	require.Equal(t, time.Unix(-2, 5e8).UTC(), got)
	got, err = Parse("-0.5")
	require.NoError(t, err)
	require.Equal(t, time.Unix(-1, 5e8).UTC(), got)
}

// FuzzParse demands that a time that is read is written as the same one.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024-03-04T20:15:00Z", "1709583300", "-1.5", "253402300799.999999999", "0001-01-01T00:00:00+14:00", "1e9", "12:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := Parse(s)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		if text := at.Format(time.RFC3339Nano); at.Year() >= 1 && at.Year() <= 9999 {
			again, err := Parse(text)
			require.NoError(t, err, "%s", text)
			require.True(t, again.Equal(at), "%q is %v, and %q is %v", s, at, text, again)
		}
	})
}
