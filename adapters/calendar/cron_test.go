package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/calendar"
)

func TestCronWhenTheClockChanges(t *testing.T) {
	for name, x := range map[string]struct {
		zone, cron string
		from       time.Time
		hours      int
		want       []string
	}{
		"berlin, gap":            {"Europe/Berlin", "30 2 * * *", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), 24, []string{"29 03:30 +0200"}},
		"berlin, twice":          {"Europe/Berlin", "30 2 * * *", time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), 24, []string{"25 02:30 +0200"}},
		"new york, gap":          {"America/New_York", "30 2 * * *", time.Date(2026, 3, 8, 5, 0, 0, 0, time.UTC), 23, []string{"8 03:30 -0400"}},
		"new york, twice":        {"America/New_York", "30 1 * * *", time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC), 25, []string{"1 01:30 -0400"}},
		"every half hour, gap":   {"Europe/Berlin", "*/30 * * * *", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), 2, []string{"29 01:00 +0100", "29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"}},
		"every half hour, twice": {"Europe/Berlin", "30 * * * *", time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), 2, []string{"25 02:30 +0200", "25 02:30 +0100"}},
		"gap, several":           {"Europe/Berlin", "15,45 2-3 * * *", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), 20, []string{"29 03:15 +0200", "29 03:45 +0200"}},
		"leap day":               {"UTC", "0 9 29 2 *", time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC), 8760, []string{"29 09:00 +0000"}},
		"end of the year":        {"Europe/Berlin", "@yearly", time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), 48, []string{"1 00:00 +0100"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := calendar.ParseSchedule(x.cron, place(t, x.zone))
			require.NoError(t, err)
			times, complete := s.Between(nil, x.from, x.from.Add(time.Duration(x.hours)*time.Hour), 100)
			require.True(t, complete)
			var got []string
			for _, at := range times {
				got = append(got, at.Format("2 15:04 -0700"))
			}
			require.Equal(t, x.want, got)
		})
	}
}

func TestCronIsBounded(t *testing.T) {
	s, err := calendar.ParseSchedule("* * * * *", time.UTC)
	require.NoError(t, err)
	times, complete := s.Between(nil, noon, noon.AddDate(10, 0, 0), 50)
	require.Len(t, times, 50)
	require.False(t, complete)
	for _, bad := range []string{"", "* * * *", "61 * * * *", "* * * * * *", "@reboot", "1-x * * * *", "1,,2 * * * *", "*/0 * * * *", "0 25 * * *"} {
		_, err := calendar.ParseSchedule(bad, time.UTC)
		require.Error(t, err, bad)
	}
}
