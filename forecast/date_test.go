package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDates(t *testing.T) {
	var d Date
	require.NoError(t, d.UnmarshalText([]byte("2026-12-25")))
	require.Equal(t, Date{2026, time.December, 25}, d)
	b, err := d.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "2026-12-25", string(b))
	require.Equal(t, int64(20447), Date{2025, 12, 25}.day())
	require.Equal(t, int64(-1), Date{1969, 12, 31}.day())
	for _, bad := range []Date{{2026, 2, 30}, {2026, 13, 1}, {}, {1600, 1, 1}, {2300, 1, 1}} {
		require.ErrorContains(t, bad.Check(), "wanted a day of the calendar", "%v", bad)
		_, err := bad.MarshalText()
		require.Error(t, err)
	}
	for _, text := range []string{"", "25.12.2026", "2026-12-32", "2026-12-25T00:00:00Z"} {
		require.ErrorContains(t, d.UnmarshalText([]byte(text)), text)
	}
}
