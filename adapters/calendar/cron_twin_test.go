package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/calendar"
)

// The twin looks at each minute: a schedule that floats is due where the clock shows it.
func TestAFloatingScheduleIsWhatTheClockShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"}).Draw(t, "zone"))
		require.NoError(t, err)
		minute, step := rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(1, 12).Draw(t, "step")
		weekday := rapid.IntRange(0, 6).Draw(t, "weekday")
		s, err := calendar.ParseSchedule(fmt.Sprintf("%d */%d * * %d", minute, step, weekday), loc)
		require.NoError(t, err)
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 500_000).Draw(t, "from")) * time.Minute)
		to := from.Add(10 * 24 * time.Hour)
		got, complete := s.Between(nil, from, to, 10_000)
		require.True(t, complete)
		var want []time.Time
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if c := at.In(loc); c.Minute() == minute && c.Hour()%step == 0 && int(c.Weekday()) == weekday {
				want = append(want, c)
			}
		}
		require.Equal(t, want, got)
	})
}

// Any other is due once on each day of the clock, at its time wherever the clock shows it.
func TestAFixedScheduleIsDueOnceADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}).Draw(t, "zone"))
		require.NoError(t, err)
		hour, minute := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		s, err := calendar.ParseSchedule(fmt.Sprintf("%d %d * * *", minute, hour), loc)
		require.NoError(t, err)
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, loc)
		got, complete := s.Between(nil, from, from.AddDate(1, 0, 0), 10_000)
		require.True(t, complete)
		require.Len(t, got, 365)
		odd := 0
		for i, at := range got {
			require.Equal(t, i+1, at.YearDay())
			if at.Hour() != hour || at.Minute() != minute {
				odd++
			}
		}
		require.LessOrEqual(t, odd, 1, "only where the clock skips it")
	})
}
