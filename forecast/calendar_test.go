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

func TestWeightsAreComparedWithTheUsual(t *testing.T) {
	c := newCalendar([]Kind{{Name: "spot"}}, 8)
	for i, id := range []string{"a", "b", "c"} {
		require.NoError(t, c.announce(&Event{ID: id, Kind: "spot", Start: at(float64(i)), Weight: 100}, 0))
	}
	require.NoError(t, c.announce(&Event{ID: "big", Kind: "spot", Start: at(9), Weight: 400}, 0))
	require.NoError(t, c.announce(&Event{ID: "unknown", Kind: "spot", Start: at(10)}, 0))
	require.InDelta(t, 0, c.events[0].x.fixed[covWeight], 1e-9)
	// The fourth weight has moved the usual one a quarter of the way in logarithms.
	require.InDelta(t, 0.75*math.Log(4), c.events[3].x.fixed[covWeight], 1e-9)
	require.Zero(t, c.events[4].x.fixed[covWeight], "an unknown weight is a usual one")
	require.Zero(t, c.prior("other"), "a kind that is not configured has the defaults")
	require.Nil(t, c.models[0], "and no memory until its first event")
}

func TestLabelsShareSlots(t *testing.T) {
	c := newCalendar([]Kind{{Name: "spot"}}, 8)
	label := func(network, feed string) []Label { return []Label{{"network", network}, {"feed", feed}} }
	for id, l := range map[string][]Label{"a": label("X", "1"), "b": label("X", "2"), "c": label("1", "X")} {
		require.NoError(t, c.announce(&Event{ID: id, Kind: "spot", Start: t0, Labels: l}, 0))
	}
	slots := func(id string) [maxLabels + 1]int8 { return c.events[c.find(id)].x.slot }
	a, b, other := slots("a"), slots("b"), slots("c")
	require.Equal(t, a[0], b[0], "the same network")
	require.NotEqual(t, a[1], b[1], "another feed")
	require.NotEqual(t, a[maxLabels], b[maxLabels], "another pair")
	require.NotContains(t, a, other[0], "a value under another key is another value")
	require.Equal(t, int8(-1), a[2])
	// When all slots are taken, further values are told apart no more; nothing else happens.
	for i := range 2 * numSlots {
		require.NoError(t, c.announce(&Event{ID: "a", Kind: "spot", Start: t0, Labels: label(string(rune('A'+i)), "1")}, 0))
	}
	require.Equal(t, int8(-1), slots("a")[0])
}

func TestDayWave(t *testing.T) {
	for hour, want := range map[int64]float64{0: 0, 6: 1, 12: 0, 18: -1, 3: .75, 21: -.75, 24: 0, -6: -1} {
		require.InDelta(t, want, dayWave(hour*3600), 1e-12, "hour %d", hour)
	}
}

// The calendar against a map: announced, replaced, withdrawn and expired in any order.
func TestCalendarAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 5
		c := newCalendar(nil, most)
		twin := map[string]Event{}
		shape := newResponse(&c.kinds[0])
		begin := func(ev Event) time.Time { return ev.Start.Add(-ev.Window - time.Duration(1e9*shape.ahead())) }
		end := func(ev Event) time.Time {
			return ev.Start.Add(ev.Window + ev.Duration + time.Duration(1e9*shape.after()))
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
				err := c.announce(&ev, 0)
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
				c.approach(now.Add(15*time.Minute).UnixNano(), 5, 5, 60)
				c.witness(now.UnixNano(), now.Add(time.Minute).UnixNano(), float64(rapid.IntRange(0, 40).Draw(t, "demand")), 5, 1)
				c.expire(now.UnixNano())
				for id, ev := range twin {
					if end(ev).Before(now) {
						delete(twin, id)
					}
				}
			}
			require.Equal(t, len(twin), c.n)
			airings := 0
			for i := range c.n {
				require.Equal(t, twin[c.events[i].id].Start.UnixNano(), c.events[i].start)
				if i > 0 {
					require.LessOrEqual(t, c.events[i-1].start, c.events[i].start)
				}
				if g := c.events[i].airing; g >= 0 {
					require.True(t, c.air[g].used)
					airings++
				}
			}
			used := 0
			for g := range c.air {
				if c.air[g].used {
					used++
				}
			}
			require.Equal(t, airings, used, "an airing belongs to one event, and goes with it")
			// Every event that has an effect in a minute lies in the range that is looked at.
			from := now.Add(time.Duration(rapid.IntRange(-300, 900).Draw(t, "look")) * time.Second)
			lo, hi := c.between(from.UnixNano(), from.Add(time.Minute).UnixNano())
			near := false
			for i := range c.n {
				ev := twin[c.events[i].id]
				if begin(ev).Before(from.Add(time.Minute)) && end(ev).After(from) {
					require.True(t, lo <= i && i < hi, "event %d of %d, range %d to %d", i, c.n, lo, hi)
				}
				near = near || begin(ev).Before(from.Add(time.Minute)) && !end(ev).Before(from)
			}
			require.Equal(t, near, c.near(from.UnixNano(), from.Add(time.Minute).UnixNano()))
		}
	})
}
