package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// median is the index of .5 in Levels.
const median = 6

// fresh returns an airing of a kind with defaults, at a scale of 1.
func fresh(starts int) (*airing, *amplitude, [sizePoints]float64) {
	k := Kind{}.Defaults()
	a := newAmplitude(&k)
	g := &airing{used: true, scale: 1}
	g.x.fixed[covIntercept] = 1
	for i := range g.x.slot {
		g.x.slot[i] = -1
	}
	grid := sizes
	g.prior(a, starts, &grid)
	return g, a, grid
}

func TestThePriorOfAnAiringIsTheRegression(t *testing.T) {
	g, a, _ := fresh(1)
	mean, variance := g.moments()
	m, v := a.predict(&g.x)
	for i, s := range noises {
		v += a.noise[i] * s * s
	}
	require.InDelta(t, m, mean, 0.05)
	require.InDelta(t, v, variance, 0.3)
	require.InDelta(t, 0.005, g.none, 1e-9)
}

// Seeing demand step by step against Bayes' rule over every size, every start and nothing at all, without shortcuts.
func TestObserveIsBayesRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		starts := rapid.SampledFrom([]int{1, maxStarts}).Draw(t, "starts")
		g, _, grid := fresh(starts)
		type hypothesis struct{ size, start int }
		weight := map[hypothesis]float64{{-1, 0}: g.none}
		for i := range grid {
			for s := range starts {
				weight[hypothesis{i, s}] = (1 - g.none) * g.size[i] / float64(starts)
			}
		}
		// One step only: between steps the airing keeps sizes and starts apart, which is exact for a certain start.
		steps := 1
		if starts == 1 {
			steps = 4
		}
		for range steps {
			var part [maxStarts]float64
			for s := range starts {
				part[s] = rapid.Float64Range(0.01, 0.6).Draw(t, "part")
			}
			v := rapid.Float64Range(6, 11).Draw(t, "demand") // where no probability comes near the bounds it is kept within
			const rest, noise, grain = 8., 4., 0.5
			g.observe(&grid, &part, v, rest, noise, grain)
			for h := range weight {
				extra := 0.
				if h.size >= 0 {
					extra = part[h.start] * grid[h.size]
				}
				wobble, e := kernelNoise*extra, v-rest-extra
				variance := noise + grain*extra + wobble*wobble
				weight[h] *= math.Exp(math.Max(-30, -e*e/variance/2)) / math.Sqrt(variance)
			}
		}
		var total float64
		for _, w := range weight {
			total += w
		}
		require.InDelta(t, weight[hypothesis{-1, 0}]/total, g.none, 1e-4)
		for i := range grid {
			var want float64
			for s := range starts {
				want += weight[hypothesis{i, s}]
			}
			require.InDelta(t, want/total, (1-g.none)*g.size[i], 1e-4, "size %d", i)
		}
	})
}

func TestCondenseKeepsProbabilityAndMean(t *testing.T) {
	g, _, grid := fresh(1)
	var want float64
	for i, p := range g.size {
		want += (1 - g.none) * p * grid[i]
	}
	// The blur is symmetric in the logarithm: it raises the mean by exp(s^2/2).
	mean, variance := g.expected()
	require.InEpsilon(t, want*math.Exp(kernelNoise*kernelNoise/2), mean, 0.06) // less what the ends of the grid cut off
	require.Positive(t, variance)
	var sum float64
	for i := range g.few.n {
		sum += g.few.p[i]
		require.True(t, i == 0 || g.few.x[i] > g.few.x[i-1])
	}
	require.InDelta(t, 1, sum, 1e-9)
}

// spotDay feeds days of steady demand with a spot every two hours that brings size minutes of it, shaped as the kind says.
func spotDay(f *Forecaster, days int, size func(i int) float64, labels func(i int) []Label, announced bool) (last time.Time) {
	k := Kind{}.Defaults()
	const base = 50.
	var starts []time.Time
	for m := range days * 1440 {
		now := at(float64(60 * m))
		if m%120 == 60 {
			start := now.Add(time.Duration(30*60+m%59) * time.Second)
			starts = append(starts, start)
			if announced {
				ev := Event{ID: start.String(), Kind: "spot", Start: start, Labels: labels(len(starts) - 1)}
				if err := f.Announce(ev); err != nil {
					panic(err)
				}
			}
		}
		v := base + float64(m%7) - 3
		for i, s := range starts {
			from := now.Sub(s).Seconds()
			v += base * size(i) * k.share(from, from+60)
		}
		f.Observe(now, v)
		last = now
	}
	return last
}

// After a few spots of one kind the forecaster knows how large they are, and which labels make the difference.
func TestSizesAreLearnedFromSpots(t *testing.T) {
	f := New(Config{Step: Duration(time.Minute), Unit: 5, Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
	feed := func(i int) []Label { return []Label{{"feed", string(rune('1' + i%2))}} }
	size := func(i int) float64 {
		if i%2 == 1 {
			return 0.02 // the second feed brings nothing
		}
		return 6
	}
	last := spotDay(f, 4, size, feed, true)
	ask := func(feed string) float64 {
		start := last.Add(4 * time.Minute)
		require.NoError(t, f.Announce(Event{ID: "asked", Kind: "spot", Start: start, Labels: []Label{{"feed", feed}}}))
		q := f.Quantiles(nil, last.Add(time.Minute), []time.Duration{3*time.Minute + 30*time.Second})
		return q[median]
	}
	share := func() float64 {
		target := f.series.Start(f.series.Index(last.Add(4*time.Minute + 30*time.Second)))
		from := float64(target-last.Add(4*time.Minute).UnixNano()) / 1e9
		k := Kind{}.Defaults()
		return k.share(from, from+60)
	}()
	require.InEpsilon(t, 50+50*6*share, ask("1"), 0.25)
	require.InDelta(t, 50, ask("2"), 12)
}

// Announcements that show nothing lose trust: the plan is phantom.
func TestPhantomSpotsLoseTrust(t *testing.T) {
	f := New(Config{Step: Duration(time.Minute), Unit: 5, Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
	none := func(int) []Label { return nil }
	high := func() float64 {
		last, _ := f.series.Newest()
		require.NoError(t, f.Announce(Event{ID: "asked", Kind: "spot", Start: last.Add(3 * time.Minute)}))
		q := f.Quantiles(nil, last.Add(time.Minute), []time.Duration{2*time.Minute + 30*time.Second})
		require.NoError(t, f.Withdraw("asked"))
		return q[20] // .99
	}
	spotDay(f, 1, func(int) float64 { return 0 }, none, false)
	before := high()
	g := New(Config{Step: Duration(time.Minute), Unit: 5, Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
	f = g
	spotDay(f, 5, func(int) float64 { return 0 }, none, true)
	after := high()
	require.Greater(t, before, 120.)
	require.Less(t, after-50, 0.5*(before-50))
}

// While a spot is under way the rest of it is forecast from what has come: early collapse, and growth, without a rule.
func TestASpotUnderWayIsForecastFromWhatCame(t *testing.T) {
	k := Kind{}.Defaults()
	rest := func(size float64) float64 {
		f := New(Config{Step: Duration(time.Minute), Unit: 5, Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
		start := at(60*1000 + 1)
		require.NoError(t, f.Announce(Event{ID: "x", Start: start}))
		var now time.Time
		for m := range 1001 { // the newest minute is the first of the spot
			now = at(float64(60 * m))
			from := now.Sub(start).Seconds()
			f.Observe(now, 50+50*size*k.share(from, from+60))
		}
		f.Advance(now.Add(time.Minute))
		q := f.Quantiles(nil, now.Add(time.Minute), []time.Duration{0})
		return q[median] // the minute that begins now
	}
	from := 59.
	share := k.share(from, from+60)
	require.Less(t, rest(0)-50, 0.3*50*share)
	require.InEpsilon(t, 50*8*share, rest(8)-50, 0.35)
	require.Greater(t, rest(30), rest(8))
}

// Who offers the plan again while a spot is under way does not make the forecaster forget what has come of it.
func TestAnnouncingAgainKeepsWhatWasSeen(t *testing.T) {
	f := New(Config{Step: Duration(time.Minute), Unit: 5, Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
	ev := Event{ID: "x", Start: at(60*100 + 1), Labels: []Label{{"network", "X"}}}
	require.NoError(t, f.Announce(ev))
	for m := range 102 {
		v := 50.
		if m >= 100 {
			v = 300
		}
		f.Observe(at(float64(60*m)), v)
	}
	require.True(t, f.calendar.air[0].begun)
	before := f.calendar.air[0]
	require.NoError(t, f.Announce(ev))
	require.Equal(t, before, f.calendar.air[0])
	ev.Start = ev.Start.Add(time.Second)
	require.NoError(t, f.Announce(ev))
	require.False(t, f.calendar.air[0].begun, "an event that was moved is another one")
}

// A sale of ten days that raises every hour by the same factor: the day goes on inside it, and the forecast must follow,
// neither too low nor so wide that it says nothing.
func TestALongEventDoesNotBlind(t *testing.T) {
	f := New(Config{Step: Duration(5 * time.Minute), Unit: 10, Leads: []Duration{Duration(15 * time.Minute)}, Kinds: []Kind{{Name: "sale", Lift: 0.5}}, MaxEvents: 8})
	noise := daily(5)
	demand := func(i int) float64 { // daily knows minutes
		for range 4 {
			noise(5 * i)
		}
		return noise(5 * i)
	}
	begin := 6 * 288
	require.NoError(t, f.Announce(Event{ID: "s", Kind: "sale", Start: at(float64(300 * begin)), Duration: 10 * 24 * time.Hour}))
	var half, high [16*288 + 4]float64
	over, scored := 0, 0
	var off, room, level float64
	for i := range 14 * 288 {
		v := demand(i)
		if i >= begin {
			v *= 2.5
		}
		if i > begin+288 {
			scored++
			if v > high[i] {
				over++
			}
			off += math.Abs(v - half[i])
			room += high[i] - half[i]
			level += v
		}
		f.Observe(at(float64(300*i)), v)
		now := at(float64(300 * (i + 1)))
		f.Advance(now)
		q := f.Quantiles(nil, now, []time.Duration{10 * time.Minute})
		half[i+3], high[i+3] = q[median], q[16] // .5 and .95
	}
	require.Less(t, float64(over)/float64(scored), 0.08, "%d of %d", over, scored)
	require.Less(t, off/level, 0.07)
	require.Less(t, room/level, 0.2)
}
