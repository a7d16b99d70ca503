package compat

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests, wherever they run

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newSchedule(t require.TestingT, zone, spec string) *Schedule {
	place, err := time.LoadLocation(zone)
	require.NoError(t, err)
	var cfg ScheduleConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	s, err := NewSchedule(cfg, place)
	require.NoError(t, err)
	return s
}

func utc(t require.TestingT, text string) time.Time {
	now, err := time.Parse("2006-01-02 15:04:05", text)
	require.NoError(t, err)
	return now
}

// leastAt checks the smallest fleet at times in UTC.
func leastAt(t *testing.T, s *Schedule, want map[string]int) {
	t.Helper()
	for now, n := range want {
		least, _ := s.Bounds(utc(t, now))
		require.Equal(t, n, least, now)
	}
}

func TestScheduleFollowsTheClockOfThePlace(t *testing.T) {
	s := newSchedule(t, "Europe/Berlin", `{"time_zone":"Europe/Berlin","windows":[{"start":"08:00","end":"18:30","min":20}]}`)
	leastAt(t, s, map[string]int{
		"2026-01-15 06:59:59": 0, "2026-01-15 07:00:00": 20, // CET
		"2026-01-15 17:29:59": 20, "2026-01-15 17:30:00": 0,
		"2026-07-15 05:59:59": 0, "2026-07-15 06:00:00": 20, // CEST
		"2026-07-15 16:29:59": 20, "2026-07-15 16:30:00": 0,
		"1969-07-15 06:59:59": 0, "1969-07-15 07:00:00": 20, // no summer time then
	})
}

func TestScheduleWhereClocksSkipOrRepeat(t *testing.T) {
	// New York skips 2:00 to 3:00 on 2026-03-08, and shows 1:00 to 2:00 twice on 2026-11-01.
	s := newSchedule(t, "America/New_York", `{"windows":[{"start":"02:30","end":"04:00","min":5}]}`)
	leastAt(t, s, map[string]int{
		"2026-03-08 07:29:59": 0, "2026-03-08 07:30:00": 5, // 2:30 is taken as 3:30 summer time
		"2026-03-08 07:59:59": 5, "2026-03-08 08:00:00": 0,
	})
	s = newSchedule(t, "America/New_York", `{"windows":[{"start":"01:15","end":"01:45","min":5}]}`)
	leastAt(t, s, map[string]int{
		"2026-11-01 05:14:59": 0, "2026-11-01 05:15:00": 5, "2026-11-01 05:44:59": 5, "2026-11-01 05:45:00": 0, // the first time
		"2026-11-01 06:30:00": 0, // the second
	})
	s = newSchedule(t, "America/New_York", `{"windows":[{"start":"23:00","end":"06:00","min":5}]}`)
	leastAt(t, s, map[string]int{"2026-11-01 02:59:59": 0, "2026-11-01 03:00:00": 5, "2026-11-01 10:59:59": 5, "2026-11-01 11:00:00": 0}) // 8 h long
}

func TestScheduleDaysAndDates(t *testing.T) {
	s := newSchedule(t, "UTC", `{"windows":[{"days":["fri","sat"],"from":"2026-11-27","until":"2026-11-28","start":"22:00","end":"02:00","min":9}]}`)
	leastAt(t, s, map[string]int{
		"2026-11-20 23:00:00": 0, // a Friday before
		"2026-11-26 23:00:00": 0, // a Thursday
		"2026-11-27 21:59:59": 0, "2026-11-27 22:00:00": 9, "2026-11-28 01:59:59": 9, "2026-11-28 02:00:00": 0,
		"2026-11-28 23:00:00": 9, "2026-11-29 01:00:00": 9, // it began on Saturday
		"2026-11-29 23:00:00": 0, "2026-12-04 23:00:00": 0,
	})
	s = newSchedule(t, "UTC", `{"windows":[{"start":"00:00","end":"24:00","min":3},{"start":"12:00","end":"12:00","days":["mon"],"min":4}]}`)
	leastAt(t, s, map[string]int{
		"2026-03-02 00:00:00": 3, "2026-03-02 23:59:59": 3 + 1, // from Monday noon to Tuesday noon
		"2026-03-02 11:59:59": 3, "2026-03-03 11:59:59": 4, "2026-03-03 12:00:00": 3,
	})
}

func TestScheduleRamps(t *testing.T) {
	s := newSchedule(t, "UTC", `{"windows":[{"start":"08:00","end":"09:00","min":25,"ramp_up":"10m","ramp_down":"20m"}]}`)
	leastAt(t, s, map[string]int{
		"2026-03-02 07:49:59": 0, "2026-03-02 07:50:00": 0, "2026-03-02 07:50:59": 0, // ten steps of a minute; the first is none
		"2026-03-02 07:51:00": 3, // 2.5
		"2026-03-02 07:55:30": 13,
		"2026-03-02 07:59:59": 23, "2026-03-02 08:00:00": 25, "2026-03-02 08:59:59": 25,
		"2026-03-02 09:00:00": 25, "2026-03-02 09:00:01": 23, "2026-03-02 09:10:00": 13, "2026-03-02 09:18:01": 0, "2026-03-02 09:18:00": 3,
	})
	// A ramp over midnight, before and after.
	s = newSchedule(t, "UTC", `{"ramp_steps":4,"windows":[{"days":["tue"],"start":"00:00","end":"24:00","min":8,"ramp_up":"4h","ramp_down":"12h"}]}`)
	leastAt(t, s, map[string]int{"2026-03-02 19:59:59": 0, "2026-03-02 22:00:00": 4, "2026-03-04 06:00:00": 4, "2026-03-04 12:00:00": 0})
	// And one that ends two days after the window began.
	s = newSchedule(t, "UTC", `{"windows":[{"days":["tue"],"start":"23:00","end":"22:00","min":10,"ramp_down":"10h"}]}`)
	leastAt(t, s, map[string]int{"2026-03-03 22:59:59": 0, "2026-03-04 21:59:59": 10, "2026-03-05 03:00:00": 5, "2026-03-05 08:00:00": 0})
}

func TestScheduleBoundsAndRecommends(t *testing.T) {
	s := newSchedule(t, "UTC", `{"min":2,"max":50,"windows":[
		{"start":"08:00","end":"18:00","min":20,"max":30},
		{"start":"12:00","end":"13:00","max":25},
		{"start":"17:00","end":"20:00","min":40},
		{"start":"19:00","end":"20:00","min":90}]}`)
	for now, want := range map[string][2]int{
		"07:00": {2, 50}, "09:00": {20, 30}, "12:30": {20, 25}, "17:30": {40, 40}, "18:30": {40, 50}, "19:30": {50, 50},
	} {
		least, most := s.Bounds(utc(t, "2026-03-02 "+now+":00"))
		require.Equal(t, want, [2]int{least, most}, now)
	}
	recommend := func(now string, n int) Decision {
		s.Reset()
		return s.Recommend(utc(t, "2026-03-02 "+now+":00"), nil, Fleet{Ready: n})
	}
	require.Equal(t, Decision{2, ReasonMin}, recommend("07:00", 1))
	require.Equal(t, Decision{50, ReasonMax}, recommend("07:00", 70))
	require.Equal(t, Decision{7, ReasonSchedule}, recommend("07:00", 7))
	require.Equal(t, Decision{20, ReasonSchedule}, recommend("09:00", 7))
	require.Equal(t, Decision{30, ReasonSchedule}, recommend("09:00", 70))
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Bounds(start) }))
}

// wall is the first moment at which the clock of a place shows a time, found by looking at every minute; where it never
// does, the moment at which it shows it an hour later.
func wall(place *time.Location, day time.Time, minutes int) time.Time {
	want := day.Add(time.Duration(minutes) * time.Minute)
	for range 2 {
		for t, i := want.Add(-30*time.Hour), 0; i < 60*60; t, i = t.Add(time.Minute), i+1 {
			if t.In(place).Format("2006-01-02 15:04") == want.Format("2006-01-02 15:04") {
				return t
			}
		}
		want = want.Add(time.Hour)
	}
	panic("no such time")
}

func TestScheduleEqualsItsTwin(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"}
	// Days around which clocks change, and ordinary ones.
	days := []string{"2026-03-08", "2026-03-29", "2026-04-05", "2026-06-10", "2026-09-27", "2026-10-25", "2026-11-01"}
	rapid.Check(t, func(t *rapid.T) {
		place, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		minuteOfDay := rapid.IntRange(0, 24*60-1)
		from, to := minuteOfDay.Draw(t, "start"), minuteOfDay.Draw(t, "end")
		clock := func(m int) string { return time.Unix(int64(60*m), 0).UTC().Format("15:04") }
		s, err := NewSchedule(ScheduleConfig{Windows: []ScheduleWindow{{Start: clock(from), End: clock(to), Min: 1}}}, place)
		require.NoError(t, err)
		if to <= from {
			to += 24 * 60
		}
		day := utc(t, rapid.SampledFrom(days).Draw(t, "day")+" 00:00:00")
		now := day.Add(time.Duration(rapid.IntRange(-26*3600, 26*3600).Draw(t, "now")) * time.Second)
		want := 0
		for d := -3; d <= 3; d++ {
			day := day.AddDate(0, 0, d)
			if !now.Before(wall(place, day, from)) && now.Before(wall(place, day, to)) {
				want = 1
			}
		}
		least, _ := s.Bounds(now)
		require.Equal(t, want, least, "%s to %s at %s", clock(from), clock(to%(24*60)), now.In(place))
	})
}

func TestScheduleConfigNamesEveryFault(t *testing.T) {
	var cfg ScheduleConfig
	require.NoError(t, json.Unmarshal([]byte(`{"min":3,"max":2,"ramp_steps":-1,"windows":[
		{"days":["monday"],"from":"27.11.","until":"2026-13-01","start":"8:00","end":"25:00","min":-1,"ramp_up":"13h"},
		{"from":"2026-02-02","until":"2026-02-01","start":"24:00","end":"01:00","min":3,"max":2,"ramp_down":"-1s"}]}`), &cfg))
	_, err := NewSchedule(cfg, nil)
	for _, want := range []string{"max is 2", "ramp_steps is -1", "windows[0].days is \"monday\"", "windows[0].from is \"27.11.\"",
		"windows[0].until is \"2026-13-01\"", "windows[0].start is \"8:00\"", "windows[0].end is \"25:00\"", "windows[0].max is 0 with a min of -1",
		"windows[0].ramp_up is 13h", "windows[1].until is 2026-02-01", "windows[1].start is \"24:00\"", "windows[1].max is 2 with a min of 3",
		"windows[1].ramp_up is 0s and ramp_down -1s", "location is nil"} {
		require.ErrorContains(t, err, want)
	}
}
