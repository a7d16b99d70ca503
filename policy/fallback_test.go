package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWhatAFleetThatIsNotMeasuredMayDo(t *testing.T) {
	const ordered = 10
	plain := Fallback{After: 5 * time.Minute, Up: true, Down: true}
	onlyUp := Fallback{After: 5 * time.Minute, Up: true}
	onlyDown := Fallback{After: 5 * time.Minute, Down: true}
	still := Fallback{HoldUp: true, After: 5 * time.Minute, Up: true, Down: true}
	for name, c := range map[string]struct {
		f           Fallback
		need        int
		s           Failing
		early, late int // before and after After
	}{
		"all is well":                           {plain, 4, Failing{Count: 6}, 4, 4},
		"held, no fallback":                     {plain, 4, Failing{Some: true, All: true}, 10, 10},
		"may be raised":                         {plain, 14, Failing{Some: true, All: true}, 14, 14},
		"held both ways":                        {still, 14, Failing{Some: true, All: true}, 10, 10},
		"lowered to the fallback":               {plain, 4, Failing{Some: true, All: true, Count: 6}, 10, 6},
		"raised to it":                          {plain, 4, Failing{Some: true, All: true, Count: 16}, 10, 16},
		"lowered from what the forecast wants":  {plain, 14, Failing{Some: true, All: true, Count: 6}, 14, 6},
		"held both ways, then the fallback":     {still, 14, Failing{Some: true, All: true, Count: 6}, 10, 6},
		"may not be lowered":                    {onlyUp, 4, Failing{Some: true, All: true, Count: 6}, 10, 10},
		"may be raised only":                    {onlyUp, 4, Failing{Some: true, All: true, Count: 16}, 10, 16},
		"may not be raised":                     {onlyDown, 4, Failing{Some: true, All: true, Count: 16}, 10, 10},
		"may be lowered only":                   {onlyDown, 4, Failing{Some: true, All: true, Count: 6}, 10, 6},
		"what still lives needs more":           {plain, 8, Failing{Some: true, Count: 6}, 10, 8},
		"what still lives needs less":           {plain, 4, Failing{Some: true, Count: 6}, 10, 6},
		"an event is near":                      {plain, 14, Failing{Some: true, All: true, Event: true, Count: 6}, 14, 14},
		"an event is near, raised all the same": {plain, 12, Failing{Some: true, All: true, Event: true, Count: 16}, 12, 16},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.f
			for m := range 5 {
				require.Equal(t, c.early, f.Guard(new(Trail), minutes(100+m), c.need, ordered, c.s), "minute %d", m)
			}
			var tr Trail
			require.Equal(t, c.late, f.Guard(&tr, minutes(105), c.need, ordered, c.s))
			if n := len(tr.Steps()); n > 0 {
				require.Equal(t, c.late, tr.Steps()[n-1].After)
			}
			require.Equal(t, c.need, f.Guard(new(Trail), minutes(106), c.need, ordered, Failing{Count: 6}), "seen again")
			require.Equal(t, c.early, f.Guard(new(Trail), minutes(107), c.need, ordered, c.s), "and the wait begins anew")
		})
	}
}

func TestNothingIsReleasedUnseenButToTheFallback(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fallback{HoldUp: rapid.Bool().Draw(t, "hold"), After: time.Duration(minutes(rapid.IntRange(0, 9).Draw(t, "after"))), Up: rapid.Bool().Draw(t, "up"), Down: rapid.Bool().Draw(t, "down")}
		since := -1
		for m := range 60 {
			s := Failing{Some: rapid.IntRange(0, 5).Draw(t, "some") > 0, Event: rapid.Bool().Draw(t, "event"), Count: rapid.IntRange(0, 9).Draw(t, "count")}
			s.All = s.Some && rapid.Bool().Draw(t, "all")
			n, ordered := rapid.IntRange(0, 20).Draw(t, "n"), rapid.IntRange(0, 20).Draw(t, "ordered")
			got := f.Guard(new(Trail), minutes(m), n, ordered, s)
			if !s.Some {
				since = -1
				require.Equal(t, n, got)
				continue
			}
			if since < 0 {
				since = m
			}
			due := s.Count > 0 && minutes(m-since) >= int64(f.After)
			if got < ordered {
				require.True(t, due && f.Down && !s.Event && got >= s.Count)
			}
			if got > max(n, ordered) || f.HoldUp && got > ordered {
				require.True(t, due && f.Up)
			}
		}
	})
}
