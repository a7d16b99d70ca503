package policy

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const everyDay = 1<<7 - 1

func daily(start, end int64) Window {
	return Window{Days: everyDay, From: math.MinInt64, Until: math.MaxInt64, Start: start * 3600, End: end * 3600}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04:05 -0700", text)
	require.NoError(t, err)
	return when
}

func TestWindowsFollowTheWall(t *testing.T) {
	night := daily(22, 26)
	friday := night
	friday.Days = 1 << 5
	dated := daily(8, 10)
	dated.From, dated.Until = 20784, 20785 // 2026-11-27 and 28
	for _, c := range []struct {
		w    Window
		when string
		want bool
	}{
		{daily(8, 10), "2026-03-02 07:59:59 +0000", false},
		{daily(8, 10), "2026-03-02 08:00:00 +0000", true},
		{daily(8, 10), "2026-03-02 09:59:59 +0000", true},
		{daily(8, 10), "2026-03-02 10:00:00 +0000", false},
		{daily(8, 10), "2026-03-02 08:00:00 +0530", true},
		{daily(8, 10), "2026-03-02 23:00:00 -0900", false},
		{daily(8, 10), "1969-03-02 08:00:00 +0000", true},
		{daily(8, 10), "1969-03-02 07:59:59 +0000", false},
		{daily(0, 2), "1969-12-31 00:00:00 +0000", true},
		{daily(0, 2), "1969-12-30 23:59:59 +0000", false},
		{night, "2026-03-02 01:59:59 +0000", true},
		{night, "2026-03-02 02:00:00 +0000", false},
		{night, "2026-03-02 22:00:00 +0000", true},
		{friday, "2026-11-27 23:00:00 +0000", true}, // a Friday
		{friday, "2026-11-28 01:00:00 +0000", true}, // it began on Friday
		{friday, "2026-11-28 23:00:00 +0000", false},
		{friday, "2026-11-27 01:00:00 +0000", false},
		{dated, "2026-11-26 09:00:00 +0000", false},
		{dated, "2026-11-27 09:00:00 +0000", true},
		{dated, "2026-11-28 09:00:00 +0000", true},
		{dated, "2026-11-29 09:00:00 +0000", false},
	} {
		require.Equal(t, c.want, c.w.Touches(at(t, c.when), 0), "%v at %s", c.w, c.when)
	}
	w := daily(8, 10)
	require.True(t, w.Touches(at(t, "2026-03-02 07:58:00 +0000"), 2*time.Minute))
	require.False(t, w.Touches(at(t, "2026-03-02 07:57:59 +0000"), 2*time.Minute))
}

// A window over some days against looking at every minute of the way.
func TestWindowsAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := daily(0, 0)
		w.Days = uint8(rapid.IntRange(0, everyDay).Draw(t, "days"))
		start, length := rapid.IntRange(0, 1439).Draw(t, "start"), rapid.IntRange(1, 1440).Draw(t, "length")
		w.Start, w.End = int64(start*60), int64((start+length)*60)
		zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		now := time.Date(2026, 2, 26, 0, rapid.IntRange(0, 6*1440).Draw(t, "minute"), 0, 0, zone)
		ahead := rapid.IntRange(0, 3000).Draw(t, "ahead")
		want := false
		for m := 0; m <= ahead && !want; m++ {
			local := now.Add(time.Duration(m) * time.Minute)
			since := local.Hour()*60 + local.Minute()
			today, yesterday := local.Weekday(), (local.Weekday()+6)%7
			want = w.Days>>today&1 == 1 && since >= start && since < start+length ||
				w.Days>>yesterday&1 == 1 && since+1440 < start+length
		}
		require.Equal(t, want, w.Touches(now, time.Duration(ahead)*time.Minute))
	})
}

func TestWindowsTogether(t *testing.T) {
	a, b, c := daily(8, 12), daily(10, 14), daily(11, 20)
	a.Min, a.Max, a.Fallback, a.FreezeUp = 5, 30, 3, true
	b.Min, b.Max, b.Fallback, b.FreezeDown = 9, 20, 4, true
	c.Max = 7
	none := daily(8, 20) // says nothing
	windows := []Window{a, b, c, none}
	held := func(clock string) Held { return HeldAt(windows, at(t, "2026-03-02 "+clock+" +0000"), 10*time.Minute) }
	require.Equal(t, Held{}, held("07:00:00"))
	require.Equal(t, Held{Min: 5}, held("07:50:00"), "ordered before it begins")
	require.Equal(t, Held{FreezeUp: true, Min: 5, Max: 30, Fallback: 3}, held("09:00:00"))
	require.Equal(t, Held{FreezeUp: true, FreezeDown: true, Min: 9, Max: 20, Fallback: 4}, held("10:30:00"))
	require.Equal(t, Held{FreezeDown: true, Min: 9, Max: 9, Fallback: 4}, held("13:00:00"), "the minimum wins")
	require.Equal(t, Held{Max: 7}, held("15:00:00"))
	require.Zero(t, testing.AllocsPerRun(100, func() { HeldAt(windows, time.Time{}, time.Minute) }))

	h := Held{Min: 5, Max: 8}
	require.Equal(t, 5, h.Bound(new(Trail), 3, 9, false))
	require.Equal(t, 8, h.Bound(new(Trail), 12, 9, false))
	require.Equal(t, 12, Held{Min: 5}.Bound(new(Trail), 12, 9, false), "no maximum is none")
	require.Equal(t, 9, h.Bound(new(Trail), 12, 9, true), "nothing is taken from a fleet that is not measured")
	require.Equal(t, 4, Held{FreezeDown: true}.Freeze(new(Trail), 2, 4))
	require.Equal(t, 6, Held{FreezeDown: true}.Freeze(new(Trail), 6, 4))
	require.Equal(t, 4, Held{FreezeUp: true}.Freeze(new(Trail), 6, 4))
	require.Equal(t, 2, Held{FreezeUp: true}.Freeze(new(Trail), 2, 4))
}

func TestUntilWhenAWindowSpeaks(t *testing.T) {
	a, b, c := daily(8, 12), daily(10, 14), daily(22, 26)
	a.Min, a.FreezeUp, a.Max = 5, true, 20
	b.Min, b.FreezeUp, b.Max = 5, true, 30
	c.FreezeDown = true
	windows := []Window{a, b, c}
	until := func(clock string, what Saying) string {
		u := Until(windows, at(t, "2026-03-02 "+clock+" +0530"), 10*time.Minute, what)
		if u.IsZero() {
			return ""
		}
		return u.Format("02 15:04 -0700")
	}
	require.Equal(t, "02 12:00 +0530", until("09:00:00", SaysFreezeUp))
	require.Equal(t, "02 14:00 +0530", until("11:00:00", SaysFreezeUp), "the last of them")
	require.Equal(t, "02 14:00 +0530", until("11:00:00", SaysMin), "both ask for as many")
	require.Equal(t, "02 12:00 +0530", until("11:00:00", SaysMax), "the other allows more")
	require.Equal(t, "02 12:00 +0530", until("07:50:00", SaysMin), "before it begins, because of the boot time")
	require.Empty(t, until("07:50:00", SaysFreezeUp))
	require.Equal(t, "03 02:00 +0530", until("23:00:00", SaysFreezeDown), "tomorrow")
	require.Equal(t, "02 02:00 +0530", until("01:00:00", SaysFreezeDown), "it began yesterday")
	require.Empty(t, until("11:00:00", SaysFreezeDown))
}

// The end of a window is the first minute in which it no longer holds.
func TestEndsAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := daily(0, 0)
		w.FreezeUp = true
		start, length := rapid.IntRange(0, 1439).Draw(t, "start"), rapid.IntRange(1, 1439).Draw(t, "length")
		w.Start, w.End = int64(start*60), int64((start+length)*60)
		now := time.Date(2026, 2, 26, 0, rapid.IntRange(0, 2*1440).Draw(t, "minute"), 0, 0, time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600))
		want := time.Time{}
		for end := now; w.Touches(end, 0); {
			end = end.Add(time.Minute)
			want = end
		}
		require.True(t, want.Equal(Until([]Window{w}, now, 0, SaysFreezeUp)), "%v", want)
	})
}
