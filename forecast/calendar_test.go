package forecast

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEventCheckNamesTheField(t *testing.T) {
	good := Event{ID: "a", Start: t0}
	require.NoError(t, good.Check())
	for field, ev := range map[string]Event{
		"id":       {Start: t0},
		"kind":     {ID: "a", Start: t0, Kind: strings.Repeat("x", 300)},
		"start":    {ID: "a"},
		"window":   {ID: "a", Start: t0, Window: -time.Second},
		"duration": {ID: "a", Start: t0, Duration: 40 * 24 * time.Hour},
		"weight":   {ID: "a", Start: t0, Weight: math.NaN()},
	} {
		var e *EventError
		require.ErrorAs(t, ev.Check(), &e, field)
		require.Equal(t, field, e.Field)
		require.NotEmpty(t, e.Wanted)
	}
}

func TestWeightMovesTheMedianByItsPower(t *testing.T) {
	c := newCalendar([]Kind{{Name: "spot", Lift: 2, WeightPower: 0.5}}, 8)
	for i, id := range []string{"a", "b", "c"} {
		require.NoError(t, c.announce(&Event{ID: id, Kind: "spot", Start: at(float64(i)), Weight: 100}))
	}
	require.NoError(t, c.announce(&Event{ID: "big", Kind: "spot", Start: at(9), Weight: 400}))
	require.NoError(t, c.announce(&Event{ID: "unknown", Kind: "spot", Start: at(10)}))
	require.InDelta(t, 2, c.events[0].size, 1e-9)
	// The fourth weight has moved the typical one a quarter of the way in logarithms.
	require.InDelta(t, 2*math.Pow(4, 0.5*0.75), c.events[3].size, 1e-9)
	require.InDelta(t, 2, c.events[4].size, 1e-9)
	require.Zero(t, c.prior("other"), "a kind that is not configured has the defaults")
}

// The calendar against a map: announced, replaced, withdrawn and expired in any order.
func TestCalendarAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 5
		c := newCalendar(nil, most)
		twin := map[string]Event{}
		kind := Kind{}.Defaults()
		end := func(ev Event) time.Time {
			return ev.Start.Add(ev.Window + ev.Duration + time.Duration(1e9*kind.after()))
		}
		now := t0
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}).Draw(t, "id")
			switch rapid.IntRange(0, 3).Draw(t, "move") {
			case 0, 1:
				ev := Event{
					ID: id, Start: now.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, "in")) * time.Second),
					Window: time.Duration(rapid.IntRange(0, 300).Draw(t, "window")) * time.Second, Duration: time.Duration(rapid.IntRange(0, 300).Draw(t, "length")) * time.Second,
				}
				_, known := twin[id]
				err := c.announce(&ev)
				if !known && len(twin) == most {
					require.ErrorIs(t, err, ErrEventTableFull)
					continue
				}
				require.NoError(t, err)
				twin[id] = ev
			case 2:
				_, known := twin[id]
				require.Equal(t, !known, errors.Is(c.withdraw(id), ErrUnknownEvent))
				delete(twin, id)
			case 3:
				now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
				c.expire(now.UnixNano())
				for id, ev := range twin {
					if end(ev).Before(now) {
						delete(twin, id)
					}
				}
			}
			require.Equal(t, len(twin), c.n)
			for i := range c.n {
				require.Equal(t, twin[c.events[i].id].Start.UnixNano(), c.events[i].start)
				if i > 0 {
					require.LessOrEqual(t, c.events[i-1].start, c.events[i].start)
				}
			}
			// Every event that has an effect in a minute lies in the range that is looked at.
			from := now.Add(time.Duration(rapid.IntRange(-300, 900).Draw(t, "look")) * time.Second)
			lo, hi := c.between(from.UnixNano(), from.Add(time.Minute).UnixNano())
			near := false
			for i := range c.n {
				ev := twin[c.events[i].id]
				if ev.Start.Add(-ev.Window).Before(from.Add(time.Minute)) && end(ev).After(from) {
					require.True(t, lo <= i && i < hi, "event %d of %d, range %d to %d", i, c.n, lo, hi)
				}
				near = near || ev.Start.Add(-ev.Window).Before(from.Add(time.Minute)) && !end(ev).Before(from)
			}
			require.Equal(t, near, c.near(from.UnixNano(), from.Add(time.Minute).UnixNano()))
		}
	})
}
