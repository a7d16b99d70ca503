package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestExcessKeepsProbabilityAndMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c cloud
		var mean float64
		n := rapid.IntRange(1, maxPoints*maxStarts).Draw(t, "points")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range n {
			x := math.Floor(1000 * math.Pow(rng.Float64(), 3)) // many ties, a long tail
			c.add(x, 1/float64(n))
			mean += x / float64(n)
		}
		var e excess
		c.merge(&e)
		require.LessOrEqual(t, e.n, maxPoints)
		var total float64
		for i := range e.n {
			total += e.p[i]
			if i > 0 {
				require.GreaterOrEqual(t, e.x[i], e.x[i-1])
			}
		}
		require.InDelta(t, 1, total, 1e-9)
		require.InDelta(t, mean, e.mean(), 1e-6*(1+mean))
	})
}

// The quantiles of base plus excess against those of a large sample of such sums.
func TestSumAgainstSampling(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var q [NumLevels]float64
	for i, l := range Levels {
		q[i] = 40 + 30*l // uniform between the outer levels
	}
	e := excess{x: [maxPoints]float64{0, 10, 80}, p: [maxPoints]float64{.5, .3, .2}, n: 3}
	var all []float64
	for range 400_000 {
		u := min(max(rng.Float64(), Levels[0]), Levels[NumLevels-1])
		x := 40 + 30*u
		switch r := rng.Float64(); {
		case r < .2:
			x += 80
		case r < .5:
			x += 10
		}
		all = append(all, x)
	}
	slices.Sort(all)
	got := q
	e.addTo(&got)
	for i, l := range Levels {
		want := all[int(l*float64(len(all)))]
		require.InDelta(t, want, got[i], 3.5, "level %v", l) // the grid is 64 places over 110
	}
}

func TestSumIsMonotoneAndNeverLower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q [NumLevels]float64
		for i := range q {
			if i > 0 {
				q[i] = q[i-1]
			}
			q[i] += rapid.SampledFrom([]float64{0, 0, 0.1, 3, 500}).Draw(t, "gap")
		}
		var c cloud
		n := rapid.IntRange(1, 40).Draw(t, "points")
		for range n {
			c.add(rapid.SampledFrom([]float64{0, 1e-12, 0.5, 7, 1e5}).Draw(t, "excess"), 1/float64(n))
		}
		var e excess
		c.merge(&e)
		got := q
		e.addTo(&got)
		for i := range got {
			require.False(t, math.IsNaN(got[i]) || math.IsInf(got[i], 0))
			require.GreaterOrEqual(t, got[i], q[i])
			if i > 0 {
				require.GreaterOrEqual(t, got[i], got[i-1])
			}
		}
	})
}

// minute is the distribution of what one announced event adds to one minute, where ordinary demand is 100 a minute.
func minute(t *testing.T, c *calendar, from time.Time) (e excess, felt bool) {
	t.Helper()
	nano := from.UnixNano()
	felt = c.excess(&e, 0, nano, nano+60e9, 100, 100, 60)
	var total float64
	for i := range e.n {
		total += e.p[i]
	}
	if felt {
		require.InDelta(t, 1, total, 1e-9)
	}
	return e, felt
}

// What is expected of an event does not depend on whether it is far away or already being watched.
func TestAnApproachingEventIsExpectedAlike(t *testing.T) {
	c := newCalendar(nil, 8)
	require.NoError(t, c.announce(&Event{ID: "a", Start: t0}, 0))
	far, ok := minute(t, &c, t0)
	require.True(t, ok)
	_, ok = minute(t, &c, t0.Add(-2*time.Minute))
	require.False(t, ok, "nothing before it begins")
	c.approach(t0.Add(time.Hour).UnixNano(), 100, 100, 60)
	require.True(t, c.air[0].used)
	near, _ := minute(t, &c, t0)
	require.Equal(t, far, near)
}

// Two events that overlap, added one after the other, against a large sample of sums.
func TestOverlappingEventsAdd(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	var q [NumLevels]float64
	for i, l := range Levels {
		q[i] = 40 + 30*l
	}
	g, _, _ := fresh(1)
	one, two := g.few, g.few
	for i := range g.few.n {
		one.x[i] *= 8
		two.x[i] *= 3
	}
	draw := func(e *excess) float64 {
		r := rng.Float64()
		for i := range e.n {
			if r -= e.p[i]; r < 0 {
				return e.x[i]
			}
		}
		return e.x[e.n-1]
	}
	var all []float64
	for range 400_000 {
		u := min(max(rng.Float64(), Levels[0]), Levels[NumLevels-1])
		all = append(all, 40+30*u+draw(&one)+draw(&two))
	}
	slices.Sort(all)
	got := q
	one.addTo(&got)
	two.addTo(&got)
	for i, l := range Levels {
		require.InEpsilon(t, all[int(l*float64(len(all)))], got[i], 0.12, "level %v", l) // straight lines between 24 levels stand for a long tail
	}
}

func TestAnUncertainStartSpreadsTheResponse(t *testing.T) {
	c := newCalendar(nil, 8)
	require.NoError(t, c.announce(&Event{ID: "a", Start: t0, Window: 10 * time.Minute}, 0))
	e, ok := minute(t, &c, t0.Add(-9*time.Minute))
	require.True(t, ok, "it may begin ten minutes early")
	require.Positive(t, e.mean())
	require.Zero(t, e.x[0], "but most likely it does not")
	sure := newCalendar(nil, 8)
	require.NoError(t, sure.announce(&Event{ID: "a", Start: t0}, 0))
	var spread, certain float64
	for m := -12; m < 25; m++ {
		e, _ := minute(t, &c, t0.Add(time.Duration(m)*time.Minute))
		spread += e.mean()
		e, _ = minute(t, &sure, t0.Add(time.Duration(m)*time.Minute))
		certain += e.mean()
	}
	require.InEpsilon(t, certain, spread, 0.02, "in all the same is expected")
}

// However wide the window: the minutes within it are alike, and together they expect what an event with an exact start brings.
func TestAWideWindowHasNoHoles(t *testing.T) {
	for _, window := range []time.Duration{30 * time.Second, 4 * time.Minute, 40 * time.Minute, 6 * time.Hour} {
		total := func(w time.Duration) (sum, least, most float64) {
			c := newCalendar(nil, 1)
			require.NoError(t, c.announce(&Event{ID: "a", Start: t0, Window: w}, 0))
			least = math.Inf(1)
			for m := -400; m < 400; m++ {
				from := t0.Add(time.Duration(m) * time.Minute)
				e, _ := minute(t, &c, from)
				sum += e.mean()
				if from.After(t0.Add(10*time.Minute-w)) && from.Before(t0.Add(w-10*time.Minute)) {
					least, most = min(least, e.mean()), max(most, e.mean())
				}
			}
			return sum, least, most
		}
		exact, _, _ := total(0)
		sum, least, most := total(window)
		require.InEpsilon(t, exact, sum, 0.05, "%v", window)
		if window > 10*time.Minute {
			require.InEpsilon(t, most, least, 0.05, "%v", window)
		}
	}
}

// A sale is long, and each minute of it gets little of the response: what counts is how much that is beside ordinary demand.
func TestALongEventIsFelt(t *testing.T) {
	for _, length := range []time.Duration{time.Hour, 24 * time.Hour, maxSpan} {
		c := newCalendar([]Kind{{Name: "sale", Lift: 0.5}}, 1)
		require.NoError(t, c.announce(&Event{ID: "a", Kind: "sale", Start: t0, Duration: length}, 0))
		e, ok := minute(t, &c, t0.Add(length/2))
		require.True(t, ok)
		var below float64 // half of it lies below half of ordinary demand
		for i := range e.n {
			if e.x[i] <= 50 {
				below += e.p[i]
			}
		}
		require.InDelta(t, 0.5, below, 0.1, "%v", length)
	}
}
