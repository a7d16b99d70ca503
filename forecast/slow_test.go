package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hours returns a slow clock of hours with days and weeks, for lead times of so many hours.
func hours(leads ...int64) *slow {
	cfg := Config{
		Step: Duration(time.Hour), Bin: Duration(time.Hour), Seasons: Seasons{}.WithDefaults(),
		Holidays: []Date{{2026, time.December, 25}, {2026, time.March, 4}, {1969, time.July, 21}},
	}
	return newSlow(&cfg, leads)
}

func TestBinsOfUnevenSteps(t *testing.T) {
	for _, c := range []struct {
		step, width time.Duration
		per, main   int64
	}{
		{time.Minute, 13 * time.Minute, 15, 96},
		{time.Minute, 18 * time.Minute, 18, 80},
		{7 * time.Minute, 15 * time.Minute, 5, 41},
		{5 * time.Hour, time.Hour, 1, 5},
		{6 * time.Hour, time.Hour, 1, 4},
	} {
		b := newBins(int64(c.step), int64(c.width), aDay, aWeek)
		require.NotNil(t, b)
		require.Equal(t, [2]int64{c.per, c.main}, [2]int64{b.per, b.main}, "%v in %v", c.step, c.width)
	}
	require.Nil(t, newBins(int64(8*time.Hour), int64(time.Hour), aDay, aWeek), "three bins are no season")
}

func TestSlowClockServesLeadsOfABinAndMore(t *testing.T) {
	cfg := Config{Step: Duration(time.Minute), Bin: Duration(15 * time.Minute), Seasons: Seasons{}.WithDefaults(), Smoothing: Smoothing{AR: 0.5}}
	require.Nil(t, newSlow(&cfg, []int64{1, 14}))
	s := newSlow(&cfg, []int64{14, 15})
	require.NotNil(t, s)
	require.Equal(t, []int64{1, 2}, s.wanted, "a lead of a bin ends in the next bin or in the one after")
	s = newSlow(&cfg, []int64{16, 2, 45, 30})
	require.Equal(t, []int64{2, 3, 4}, s.wanted)
	require.Equal(t, []float64{0.25, 0.125, 0.0625}, s.decay, "AR to the power of the bins ahead")
	require.Len(t, s.path, 4)
	for j := range s.near {
		require.Equal(t, []int64{1, 2, 96, 97, 672, 673}, s.near[j].lags[:s.near[j].n])
		require.Equal(t, []int64{96, 192, 288, 384, 480, 576, 672, 768}, s.days[j].lags[:s.days[j].n])
		require.Equal(t, j == 1, s.near[j].log)
		require.Equal(t, j == 1, s.days[j].log)
	}
	for steps, want := range map[int64]Expert{14: numFast, 15: NumExperts} {
		l := newLead(steps, 60, &cfg, s)
		require.Len(t, l.mix.rivals, int(want), "%d steps", steps)
	}
}

func TestFloorDivRoundsDown(t *testing.T) {
	for _, c := range [][3]int64{{7, 3, 2}, {6, 3, 2}, {0, 3, 0}, {-1, 3, -1}, {-3, 3, -1}, {-4, 3, -2}} {
		require.Equal(t, c[2], floorDiv(c[0], c[1]), "%d/%d", c[0], c[1])
	}
}

func TestClassesOfDaysAreThoseOfTheCalendar(t *testing.T) {
	for _, start := range []time.Time{
		time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 27, 13, 0, 0, 0, time.UTC), time.Date(1969, 7, 18, 5, 0, 0, 0, time.UTC),
	} {
		s := hours(24)
		s.zone(start.Unix())
		for _, skip := range []int64{0, 30} {
			s.skip = skip
			for i := range int64(400) {
				at := start.Add(time.Duration(i+skip) * time.Hour)
				want := int64(workday)
				switch y, m, d := at.Date(); {
				case y == 2026 && m == 3 && d == 4, y == 1969 && m == 7 && d == 21, at.Weekday() == time.Sunday:
					want = sunday
				case at.Weekday() == time.Saturday:
					want = saturday
				}
				require.Equal(t, want, s.classOf(i), "%v", at)
			}
		}
	}
	s := hours(24)
	s.zone(time.Date(2026, 3, 6, 23, 40, 0, 0, time.UTC).Unix())
	require.Equal(t, int64(saturday), s.classOf(0), "the middle of a bin says its day")
	s.civil = false
	require.Equal(t, int64(workday), s.classOf(0), "a main season that is no day has no classes")
}

// What the table says of the naive experts, against a walk back season by season.
func TestNaiveExpertsAgainstTwin(t *testing.T) {
	s := hours(1, 6, 24, 25, 168, 175)
	for k := range int64(400) {
		s.add(k, 100+float64(k), true)
	}
	s.refresh()
	require.Positive(t, s.days[0].seen, "eight days and this bin are remembered")
	require.Positive(t, s.near[1].seen)
	last := s.next - 1
	back := func(i, m int64) float64 {
		for i > last {
			i -= m
		}
		return 100 + float64(i)
	}
	mean := func(end int64) float64 { return 100 + float64(end) - 2.5 } // of six bins that grow by one
	for w, h := range s.wanted {
		day, week := back(last+h, 24), back(last+h, 168)
		require.InDelta(t, day, s.ahead[ByNaiveMain-numFast][w], 1e-3, "%d ahead", h)
		require.InDelta(t, week, s.ahead[ByNaiveLong-numFast][w], 1e-3, "%d ahead", h)
		require.InEpsilon(t, day*(mean(last)+minSize)/(mean(last-24)+minSize), s.ahead[ByRatioMain-numFast][w], 1e-5, "%d ahead", h)
		require.InEpsilon(t, week*(mean(last)+minSize)/(mean(last-168)+minSize), s.ahead[ByRatioLong-numFast][w], 1e-5, "%d ahead", h)
		require.Equal(t, w, s.index(last+h), "the bin of a step is found")
	}
	require.Equal(t, -1, s.index(last), "the past is not forecast")
	require.Equal(t, -1, s.index(last+4))
}

func TestRatioIsBounded(t *testing.T) {
	for _, c := range []struct{ now, want float64 }{{10, 1}, {20, 20.05 / 10.05}, {1000, 3}, {0, 1. / 3}} {
		s := hours(24)
		require.True(t, math.IsNaN(s.ratio(24)), "nothing to compare with")
		for k := range int64(48) {
			v := 10.0
			if k >= 42 {
				v = c.now
			}
			s.add(k, v, true)
		}
		require.InDelta(t, c.want, s.ratio(24), 1e-6)
		require.True(t, math.IsNaN(s.ratio(48)))
	}
}

func TestSlowClockKnowsItsSize(t *testing.T) {
	s := hours(24)
	require.Equal(t, 0.5, s.norm(), "an idle series is not divided by")
	var sum float64
	for k := range int64(48) {
		s.add(k, float64(k), true)
		sum += float64(k)
	}
	require.InDelta(t, sum/48, s.size, 1e-9, "the mean at first")
	before := s.size
	s.add(48, 500, true)
	require.InDelta(t, before+(500-before)/48, s.size, 1e-9, "two days count")
	s.add(49, 0, false)
	require.InDelta(t, before+(500-before)/48, s.size, 1e-9, "a bin without a value has no size")
}

func TestANewZoneMakesTheTableAnew(t *testing.T) {
	s := hours(24)
	for k := range int64(100) {
		s.add(k, 10, true)
	}
	s.refresh()
	require.False(t, s.dirty)
	s.zone(s.origin)
	require.False(t, s.dirty)
	s.zone(s.origin - 3600)
	require.True(t, s.dirty)
	require.Equal(t, int64(-1), s.shift)
}

func TestSmoothingHasDefaults(t *testing.T) {
	require.Equal(t, Smoothing{Level: 0.03, Main: 0.1, Long: 0.3, AR: 0.85}, Smoothing{}.WithDefaults())
	own := Smoothing{0.1, 0.2, 0.4, 0.5}
	require.Equal(t, own, own.WithDefaults())
}

func TestShapeLevelReturnsSlowly(t *testing.T) {
	l := shapeLevel{fast: 20, slow: 10}
	require.InDelta(t, 10+10/1.03, l.at(1, 24, 0), 1e-9)
	require.InDelta(t, 10+10/1.72, l.at(24, 24, 0), 1e-9)
	require.InDelta(t, 10+10/1.72, l.at(96, 96, 0), 1e-9, "a season is a season at any bin")
}

func TestShapeRemembersTwoDaysOrFourteenLeads(t *testing.T) {
	for _, c := range []struct {
		stride, overlap int64
		memory          float64
	}{{1, 1, 3333}, {2, 16, 1666.5}, {90, 16, 224}} {
		s := newShape(contexts, c.stride, c.overlap)
		require.InDelta(t, c.memory, 1/(1-s.decay), 1e-6*c.memory)
	}
}

func TestProfileWidthsCoverTheirPeriod(t *testing.T) {
	p := newProfile(100, 30, 1)
	require.Equal(t, int64(34), p.width)
	require.Equal(t, []int{0, 0, 1, 1, 2, 2, 2}, []int{p.at(0), p.at(33), p.at(34), p.at(67), p.at(68), p.at(99), p.at(-1)})
}

func TestContextsSayHowThePresentStands(t *testing.T) {
	for _, c := range []struct {
		now, mid, slow float64
		want           int
	}{
		{10, 10, 10, 4}, {7.9, 10, 10, 1}, {8.1, 10, 10, 4}, {12.4, 10, 10, 4}, {12.6, 10, 10, 7},
		{10, 10, 11.6, 4}, {10, 10, 11.9, 3}, {10, 10, 8.6, 4}, {10, 10, 8.4, 5}, {13, 10, 8.4, 8}, {1, 10, 20, 0},
		{0.2, 0.4, 9, 9}, {0.3, 0.4, 9, 10}, {0.9, 0.4, 9, 10}, {1.1, 0.4, 9, 11},
	} {
		b := base{level: level{now: c.now, mid: c.mid, slow: c.slow}}
		require.Equal(t, c.want, b.context(), "%+v", c)
	}
}

func TestSpikeBeginsAtItsThresholds(t *testing.T) {
	for z, want := range map[float64]spikePhase{5.7: spikeQuiet, 5.8: spikeRising, 1e6: spikeRising} { // 5.75 fill the sum at once
		s := newSpike(60, 4)
		s.observe(100+z, 100, 1)
		require.Equal(t, want, s.phase, "%v standard deviations", z)
	}
	steps := func(r float64) (n int) {
		for s := newSpike(60, 4); s.phase == spikeQuiet && n < 100; n++ {
			s.observe(100+r, 100, 1)
		}
		return n
	}
	require.Equal(t, 5, steps(2), "five times 1.25 are more than 5")
	require.Equal(t, 3, steps(3), "three times 2.25")
	require.Equal(t, 100, steps(0.7), "that is usual")
	s := newSpike(60, 40)
	require.Equal(t, [3]any{10.0, 30, int64(3)}, [3]any{s.decay, s.shift, s.stride})
	s = newSpike(900, 16)
	require.Equal(t, [3]any{1.0, 5, int64(1)}, [3]any{s.decay, s.shift, s.stride})
}
