package policy

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// minutes is n minutes after 1970 in nanoseconds.
func minutes(n int) int64 { return int64(n) * int64(time.Minute) }

func TestAFallIsDoubtedWhereNobodyConfirmsIt(t *testing.T) {
	const usual, low = 10., 8.
	up, down, unknown := Reading{usual, low, true}, Reading{0, 0, true}, Reading{math.NaN(), math.NaN(), true}
	small := Reading{0.1, 0.05, true}
	stale := Reading{usual, low, false}
	for name, c := range map[string]struct {
		before, after []Reading
		want          bool
	}{
		"one signal, denied by its forecast":          {[]Reading{up}, []Reading{down}, true},
		"nothing has fallen":                          {[]Reading{up}, []Reading{up}, false},
		"fallen to a tenth":                           {[]Reading{up}, []Reading{{0.8, 0, true}}, true},
		"fallen to more than a tenth":                 {[]Reading{up}, []Reading{{0.81, 0, true}}, false},
		"denied by another":                           {[]Reading{up, up}, []Reading{up, down}, true},
		"both have fallen":                            {[]Reading{up, up}, []Reading{down, down}, false},
		"the other has halved":                        {[]Reading{up, up}, []Reading{{3.9, 3, true}, down}, false},
		"the other is stale, the forecast denies":     {[]Reading{up, up}, []Reading{{0, low, false}, down}, true},
		"the other has always been small":             {[]Reading{small, up}, []Reading{small, down}, true},
		"one of three, two stand":                     {[]Reading{up, up, up}, []Reading{up, up, down}, true},
		"less than a replica is no peak":              {[]Reading{{1, 0.9, true}}, []Reading{down}, false},
		"the forecast saw it coming":                  {[]Reading{{usual, 0.5, true}}, []Reading{down}, false},
		"nothing is known":                            {[]Reading{up}, []Reading{unknown}, false},
		"a stale signal says nothing of a fall":       {[]Reading{up}, []Reading{{0, 0, false}}, false},
		"what was stale from the beginning falls too": {[]Reading{stale}, []Reading{down}, true},
		"what was not known has no level to fall":     {[]Reading{unknown}, []Reading{down}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDoubt(10*time.Minute, len(c.before))
			require.False(t, d.Denied(minutes(0), c.before))
			require.Equal(t, c.want, d.Denied(minutes(1), c.after))
			require.Equal(t, c.want, d.Denied(minutes(1), c.after), "asked again")
		})
	}
}

func TestADoubtEndsAndBeginsAnew(t *testing.T) {
	up, down := []Reading{{10, 8, true}}, []Reading{{0, 0, true}}
	d := NewDoubt(5*time.Minute, 1)
	require.False(t, d.Denied(minutes(0), up))
	for m := 1; m < 6; m++ {
		require.True(t, d.Denied(minutes(m), down), "minute %d", m)
	}
	for m := 6; m < 30; m++ {
		require.False(t, d.Denied(minutes(m), down), "believed for as long as it lasts: minute %d", m)
	}
	back := []Reading{{10, 0.2, true}} // the forecast has learned from the fall
	require.False(t, d.Denied(minutes(30), back))
	require.True(t, d.Denied(minutes(31), down), "what it held before the fall counts for a while")
	require.False(t, d.Denied(minutes(32), back))
	require.False(t, d.Denied(minutes(37), back), "and then no more")
	require.False(t, d.Denied(minutes(38), down))

	off := NewDoubt(0, 1)
	off.Denied(minutes(0), up)
	require.False(t, off.Denied(minutes(1), down))
	d.Forget()
	require.False(t, d.Denied(minutes(39), down))
}

// What is not known neither begins a doubt nor ends one.
func TestADoubtOutlastsWhatIsNotKnown(t *testing.T) {
	up, down := Reading{10, 8, true}, Reading{0, 0, true}
	for name, unknown := range map[string]Reading{"no value": {math.NaN(), 0, true}, "a stale zero": {0, 0, false}, "a stale peak": {10, 8, false}} {
		d := NewDoubt(5*time.Minute, 1)
		d.Denied(minutes(0), []Reading{up})
		for m := 1; m < 4; m++ {
			require.False(t, d.Denied(minutes(m), []Reading{{unknown.Value * 0, 0, unknown.Fresh}}), "%s", name)
		}
		require.True(t, d.Denied(minutes(4), []Reading{down}), "%s", name)
		d.Denied(minutes(6), []Reading{unknown})
		d.Denied(minutes(6), []Reading{unknown}) // asked again
		for m := 8; m < 11; m++ {
			require.True(t, d.Denied(minutes(m), []Reading{down}), "%s, minute %d", name, m)
		}
		require.False(t, d.Denied(minutes(11), []Reading{down}), "%s: five minutes after it began, less the two of silence", name)
		d.Denied(minutes(12), []Reading{up})
		for m := 13; m < 60; m++ {
			d.Denied(minutes(m), []Reading{unknown})
		}
		require.True(t, d.Denied(minutes(60), []Reading{down}), "%s: what it held before the fall counts through a silence", name)
	}
}

func TestTheEdgesOfADoubt(t *testing.T) {
	denied := func(before, after []Reading) bool {
		d := NewDoubt(5*time.Minute, len(before))
		d.Denied(minutes(0), before)
		return d.Denied(minutes(1), after)
	}
	up, down := Reading{10, 8, true}, Reading{0, 0, true}
	require.True(t, denied([]Reading{{2, 1, true}}, []Reading{down}), "a replica's worth is a level to fall from")
	require.True(t, denied([]Reading{up, {10, 8, true}}, []Reading{down, {4, 3, true}}), "exactly half stands")
	require.False(t, denied([]Reading{up, {2, 1, true}}, []Reading{down, {0.4, 0, true}}), "a replica's worth is enough to confirm")
	require.True(t, denied([]Reading{up, {1, 0.9, true}}, []Reading{down, {0, 0, true}}), "less is not")
}

// A forecast is told what not to believe exactly as long as a fall would be doubted, and people are told why.
func TestWhatIsNotBelieved(t *testing.T) {
	up, down := Reading{10, 8, true}, Reading{0.5, 0, true}
	limit := float64(Fallen * 8)
	d := NewDoubt(5*time.Minute, 2)
	below := func(m int, r ...Reading) [2]float64 {
		d.Denied(minutes(m), r)
		return [2]float64{d.Below(minutes(m), 0, r), d.Below(minutes(m), 1, r)}
	}
	require.Equal(t, [2]float64{-1, -1}, below(0, Reading{0.5, 0.4, true}, Reading{0, 0, true}), "no level to fall from")
	require.Equal(t, [2]float64{limit, limit}, below(1, up, up), "a fall would be doubted")
	_, ok := d.Denial(minutes(1), []Reading{up, up})
	require.False(t, ok)
	require.Equal(t, [2]float64{limit, limit}, below(2, up, down))
	denial, ok := d.Denial(minutes(2), []Reading{up, down})
	require.True(t, ok)
	require.Equal(t, Denial{Signal: 1, By: 0, Low: 8, Until: minutes(7)}, denial)
	require.Equal(t, [2]float64{-1, -1}, below(3, down, down), "each confirms the other")
	require.Equal(t, [2]float64{limit, limit}, below(4, up, down), "no more")
	require.Equal(t, [2]float64{limit, -1}, below(7, up, down), "and then it is over")
	_, ok = d.Denial(minutes(7), []Reading{up, down})
	require.False(t, ok)

	alone := NewDoubt(5*time.Minute, 1)
	alone.Denied(minutes(0), []Reading{up})
	alone.Denied(minutes(1), []Reading{down})
	denial, _ = alone.Denial(minutes(1), []Reading{down})
	require.Equal(t, -1, denial.By, "the forecast alone")
	off := NewDoubt(0, 1)
	off.Denied(minutes(0), []Reading{up})
	require.Equal(t, -1., off.Below(minutes(0), 0, []Reading{up}))
}
