package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/state"
)

var lead3 = []time.Duration{2 * time.Minute} // two steps of boot after the current one: three after the newest closed

func newTest(kinds ...Kind) *Forecaster {
	return New(Config{Step: Duration(time.Minute), Unit: 10, Leads: []Duration{Duration(3 * time.Minute)}, Kinds: kinds, MaxEvents: 8})
}

// daily is noisy demand with a daily season, always the same for the same seed.
func daily(seed uint64) func(i int) float64 {
	rng := rand.New(rand.NewPCG(seed, 7))
	return func(i int) float64 {
		v := 200 + 120*math.Sin(2*math.Pi*float64(i)/1440)
		return math.Max(0, v+0.05*v*rng.NormFloat64())
	}
}

// run feeds n minutes of demand and calls each with the quantiles for the step three ahead of the newest.
func run(f *Forecaster, n int, demand func(i int) float64, each func(i int, q []float64)) {
	var q []float64
	for i := range n {
		f.Observe(at(float64(60*i)), demand(i))
		now := at(float64(60 * (i + 1)))
		f.Advance(now)
		q = f.Quantiles(q, now, lead3)
		if each != nil {
			each(i, q)
		}
	}
}

func TestNothingIsKnownBeforeTheFirstSample(t *testing.T) {
	f := newTest()
	require.False(t, f.Ready())
	for _, v := range f.Quantiles(nil, t0, lead3) {
		require.True(t, math.IsNaN(v))
	}
	f.Observe(t0, math.NaN())
	f.Advance(at(60))
	require.False(t, f.Ready(), "a gap says nothing")
}

func TestQuantilesAreMonotoneFiniteAndNotNegative(t *testing.T) {
	f := newTest()
	rng := rand.New(rand.NewPCG(9, 9))
	run(f, 3000, func(i int) float64 {
		switch v := rng.Float64(); {
		case v < 0.02:
			return math.NaN()
		case v < 0.05:
			return 1e6 * rng.Float64()
		case v < 0.5:
			return 0
		}
		return 100 * rng.Float64()
	}, func(i int, q []float64) {
		if !f.Ready() {
			return
		}
		for j, v := range q {
			require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "step %d: %v", i, q)
			require.GreaterOrEqual(t, v, 0.)
			if j > 0 {
				require.GreaterOrEqual(t, v, q[j-1])
			}
		}
	})
}

// Each quantile must be exceeded as often as it says, on a series whose noise grows with its level.
func TestQuantilesAreCalibrated(t *testing.T) {
	f := newTest()
	const n = 6 * 1440
	over := map[int]int{}
	demand := daily(1)
	made := make([][NumLevels]float64, n+4)
	scored := 0
	run(f, n, func(i int) float64 {
		v := demand(i)
		if i > 1440 {
			scored++
			for j := range Levels {
				if v > made[i][j] {
					over[j]++
				}
			}
		}
		return v
	}, func(i int, q []float64) { copy(made[i+3][:], q) })
	for j, l := range Levels {
		if l < .05 || l > .995 {
			continue
		}
		got := float64(over[j]) / float64(scored)
		require.InDelta(t, 1-l, got, 0.012+0.1*l*(1-l), "level %v is exceeded %.4f of the time", l, got)
	}
}

// After a day the season must be worth something: better than the newest value on the slopes.
func TestTheSeasonIsLearned(t *testing.T) {
	f := New(Config{Step: Duration(time.Minute), Unit: 10, Leads: []Duration{Duration(60 * time.Minute)}})
	demand := daily(2)
	var seasonal, naive float64
	made := make([]float64, 4*1440)
	seen := make([]float64, 4*1440)
	for i := range 4 * 1440 {
		seen[i] = demand(i)
		f.Observe(at(float64(60*i)), seen[i])
		now := at(float64(60 * (i + 1)))
		f.Advance(now)
		q := f.Quantiles(nil, now, []time.Duration{59 * time.Minute})
		if i+60 < len(made) {
			made[i+60] = q[6]
		}
		if i > 2*1440 {
			seasonal += math.Abs(seen[i] - made[i])
			naive += math.Abs(seen[i] - seen[i-60])
		}
	}
	require.Less(t, seasonal, 0.6*naive)
}

func TestAnAnnouncedEventRaisesItsStepsAndNoOther(t *testing.T) {
	plain, told := newTest(), newTest()
	start := at(60*2000 + 20)
	require.NoError(t, told.Announce(Event{ID: "spot", Start: start}))
	demand := daily(3)
	raised := 0
	var a, b []float64
	for i := range 2100 {
		v := demand(i)
		plain.Observe(at(float64(60*i)), v)
		told.Observe(at(float64(60*i)), v)
		now := at(float64(60 * (i + 1)))
		plain.Advance(now)
		told.Advance(now)
		a, b = plain.Quantiles(a, now, lead3), told.Quantiles(b, now, lead3)
		target := at(float64(60 * (i + 3)))
		near := target.Add(time.Minute).After(start) && target.Before(start.Add(6*time.Minute))
		if !near && i < 2000 {
			require.Equal(t, a, b, "step %d", i)
		}
		if b[20] > a[20]*1.05 {
			raised++
			require.True(t, near, "raised at %v for a spot at %v", target, start)
		}
		for j := range a {
			if i < 2000 { // afterwards the two have learned differently
				require.GreaterOrEqual(t, b[j], a[j])
			}
		}
	}
	require.GreaterOrEqual(t, raised, 3)
	require.Zero(t, told.Events(), "an event leaves the table when it is over")
}

// A spike inside an announced event teaches the base nothing: the next day is forecast as if it had not been.
func TestAnEventLeavesNoResidue(t *testing.T) {
	quiet, spot := newTest(), newTest()
	const air = 2*1440 + 700
	require.NoError(t, spot.Announce(Event{ID: "spot", Start: at(60*air + 2)}))
	require.NoError(t, quiet.Announce(Event{ID: "spot", Start: at(60*air + 2)}))
	demand, same := daily(4), daily(4)
	var a, b []float64
	var worst, sum, n float64
	for i := range 4 * 1440 {
		v := demand(i)
		quiet.Observe(at(float64(60*i)), v)
		w := same(i)
		if i == air || i == air+1 {
			w += 4000
		}
		spot.Observe(at(float64(60*i)), w)
		now := at(float64(60 * (i + 1)))
		if i > air+15 {
			quiet.Advance(now)
			spot.Advance(now)
			a, b = quiet.Quantiles(a, now, lead3), spot.Quantiles(b, now, lead3)
			off := math.Abs(b[20]/a[20] - 1)
			worst, sum, n = max(worst, off), sum+off, n+1
		}
	}
	// The two differ by one visit to a bin of the profile, which the run with the spot has not learned from: that is the noise
	// of a few minutes, and nothing of the spot, which was twenty times the demand.
	require.Less(t, worst, 0.08)
	require.Less(t, sum/n, 0.01)
}

// On the day that the clocks change, the profile follows the clock face.
func TestSeasonsFollowTheLocalClock(t *testing.T) {
	summer, winter := time.FixedZone("summer", 2*3600), time.FixedZone("winter", 3600)
	f := newTest()
	day := time.Date(2026, 10, 20, 0, 0, 0, 0, summer)
	change := time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)
	ring := func(t time.Time) float64 { // ten times the demand from 9:00 to 10:00 on the local clock
		if t.Hour() == 9 {
			return 1000
		}
		return 100
	}
	local := func(t time.Time) time.Time {
		if t.Before(change) {
			return t.In(summer)
		}
		return t.In(winter)
	}
	for i := range 6*1440 + 540 - 1 { // until 8:59 winter time on the day after the change
		now := local(day.Add(time.Duration(i) * time.Minute))
		f.Observe(now, ring(now))
	}
	end := local(day.Add((6*1440 + 540 - 1) * time.Minute))
	require.Equal(t, 7, end.Hour(), "the test's own arithmetic: an hour more has passed than the clock shows")
	nine := time.Date(2026, 10, 26, 9, 5, 0, 0, winter)
	eight := nine.Add(-time.Hour)
	v9, ok9 := f.base.day.value(f.base.local(f.series.Index(nine)))
	v8, ok8 := f.base.day.value(f.base.local(f.series.Index(eight)))
	require.True(t, ok9 && ok8)
	require.InDelta(t, 100, v9, 0.1)
	require.InDelta(t, 10, v8, 0.1)
}

// A snapshot at any step continues with the same bytes.
func TestSnapshotContinues(t *testing.T) {
	one := newTest(Kind{Name: "spot"})
	require.NoError(t, one.Announce(Event{ID: "x", Kind: "spot", Start: at(60*400 + 7), Window: time.Minute, Weight: 9}))
	demand := daily(6)
	var q, p []float64
	two := newTest(Kind{Name: "spot"})
	for i := range 500 {
		if i%50 == 0 {
			w := state.NewWriter(nil)
			one.State(&w)
			two = newTest(Kind{Name: "spot"})
			r := state.NewReader(w.Bytes())
			two.State(&r)
			require.NoError(t, r.Err())
			require.Empty(t, r.Bytes())
		}
		v := demand(i)
		one.Observe(at(float64(60*i)), v)
		two.Observe(at(float64(60*i)), v)
		now := at(float64(60 * (i + 1)))
		one.Advance(now)
		two.Advance(now)
		q, p = one.Quantiles(q, now, lead3), two.Quantiles(p, now, lead3)
		for j := range q {
			require.Equal(t, math.Float64bits(q[j]), math.Float64bits(p[j]), "step %d", i)
		}
	}
	require.Equal(t, one.Counts(), two.Counts())
}

// After a silence longer than the levels remember, the first value is the new level.
func TestALongGapReanchors(t *testing.T) {
	f := newTest()
	run(f, 600, func(int) float64 { return 500 }, nil)
	back := at(60 * (600 + 10*60))
	f.Observe(back, 20)
	f.Advance(back.Add(time.Minute))
	require.InDelta(t, 2, f.base.level.fast, 1e-9)
	require.InDelta(t, 2, f.base.level.slow, 1e-9)
	require.Equal(t, uint64(600), f.Counts().Gaps)
	// A gap longer than the ring is passed over at once.
	later := back.Add(300 * 24 * time.Hour)
	f.Observe(later, 30)
	f.Advance(later.Add(time.Minute))
	require.InDelta(t, 3, f.base.level.fast, 1e-9)
}

func TestLongLeadsScoreOnlyPartOfTheirForecasts(t *testing.T) {
	l := newLead(601, 1, &Config{}, nil)
	require.LessOrEqual(t, len(l.pending), maxPending+1)
	f := New(Config{Step: Duration(time.Second), Leads: []Duration{Duration(601 * time.Second)}})
	for i := range 4000 {
		f.Observe(t0.Add(time.Duration(i)*time.Second), 5)
	}
	require.Positive(t, f.leads[0].absSeen, "some were scored")
	q := f.Quantiles(nil, t0.Add(4000*time.Second), []time.Duration{600 * time.Second})
	require.InDelta(t, 5, q[6], 0.1)
}

// A controller that offers its whole plan at every tick is in the right: what is over and what is known already must not
// count again for what weight is usual.
func TestAnnouncingAgainTeachesNoWeight(t *testing.T) {
	f := New(Config{})
	f.Observe(t0, 10)
	later := Event{ID: "later", Kind: "tv", Start: t0.Add(10 * time.Hour), Weight: 900}
	past := Event{ID: "past", Kind: "tv", Start: t0.Add(time.Minute), Weight: 1}
	require.NoError(t, f.Announce(later))
	require.NoError(t, f.Announce(past))
	usual := f.calendar.models[0].typical
	f.Observe(t0.Add(time.Hour), 10)
	require.Equal(t, 1, f.Events())
	for range 50 {
		require.NoError(t, f.Announce(later))
		require.NoError(t, f.Announce(past))
	}
	require.Equal(t, usual, f.calendar.models[0].typical)
	require.Equal(t, 1, f.Events())
	later.Start = t0
	require.NoError(t, f.Announce(later))
	require.Zero(t, f.Events(), "moved into the past")
}

// A workload that idles has error contexts of its own: what follows a visitor is not what follows silence.
func TestIdleWorkloadsKnowSilenceFromVisitors(t *testing.T) {
	f := New(Config{Step: Duration(time.Minute), Unit: 1, Leads: []Duration{Duration(time.Minute)}})
	seen := map[int]bool{}
	var quiet, busy float64
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range 20000 { // visitors stay for ten minutes and are rare
		v := 0.
		if i%400 < 10 {
			v = 2 + rng.Float64()
		}
		f.Observe(at(float64(60*i)), v)
		now := at(float64(60 * (i + 1)))
		f.Advance(now)
		if f.base.level.mid < 0.5 {
			seen[f.base.context()] = true
		}
		if i > 10000 {
			q := f.Quantiles(nil, now, []time.Duration{0})
			switch i % 400 {
			case 200:
				quiet = q[16] // .95
			case 2:
				busy = q[16]
			}
		}
	}
	require.True(t, seen[9] && seen[11], "%v", seen)
	require.Less(t, quiet, 0.3)
	require.Greater(t, busy, 1.)
}

// A sample by a clock that is years ahead is dropped whole: it does not even end the step that is open.
func TestAFarSampleChangesNothing(t *testing.T) {
	f := newTest()
	f.Observe(at(0), 5)
	require.Equal(t, Far, f.Observe(at(500*86400), 5))
	require.Equal(t, Accepted, f.Observe(at(20), 7))
	f.Advance(at(60))
	v, _ := f.series.At(0)
	require.Equal(t, 6., v)
	require.Equal(t, uint64(1), f.Counts().Far)
}

// After three weeks of quiet weekends, Friday's forecast for Saturday is Saturday's demand, not Friday's.
func TestTheWeekIsLearned(t *testing.T) {
	f := New(Config{Step: Duration(time.Hour), Unit: 10, Leads: []Duration{Duration(24 * time.Hour)}})
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(6, 6))
	demand := func(at time.Time) float64 {
		v := 200 + 5*rng.NormFloat64()
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			v /= 4
		}
		return v
	}
	var off []float64
	for i := range 24 * 40 {
		now := monday.Add(time.Duration(i) * time.Hour)
		f.Observe(now, demand(now))
		next := now.Add(time.Hour)
		f.Advance(next)
		if i > 24*21 && now.Weekday() == time.Friday {
			q := f.Quantiles(nil, next, []time.Duration{23 * time.Hour})
			off = append(off, math.Abs(q[median]-50))
		}
	}
	require.NotEmpty(t, off)
	slices.Sort(off)
	require.Less(t, off[len(off)/2], 25.)
}
