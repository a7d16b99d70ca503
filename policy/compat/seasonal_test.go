package compat

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newSeasonalPeak(t require.TestingT, step time.Duration, lead int) *SeasonalPeak {
	s, err := NewSeasonalPeak(step, lead)
	require.NoError(t, err)
	return s
}

// Steps of six hours: a day has 4 of them, a week 28.
const quarter = 6 * time.Hour

func TestSeasonalPeakKnowsNothingOnTheFirstDay(t *testing.T) {
	// Two steps ahead: at step i, the steps i-4 .. i-2.
	s := newSeasonalPeak(t, quarter, 2)
	past := []float64{7, 1, 5, 2, 9, 9}
	for i, want := range []float64{
		0, 0, // a day ago lies before the trace, and so does all of the window
		7,             // of d[-2] .. d[0] only the last is there
		7,             // d[-1] .. d[1]
		7, 5, 9, 9, 9, // d[0] .. d[2], d[1] .. d[3], d[2] .. d[4], d[3] .. d[5], d[4] .. d[6]: there is no d[6] yet
	} {
		require.Equal(t, want, s.Peak(i, past[:min(i, len(past))]), "step %d", i)
	}
}

func TestSeasonalPeakBothEndsOfTheWindow(t *testing.T) {
	for at := range 12 { // one step of demand, seen from step 10 with one step ahead: yesterday is d[6] and d[7]
		past := make([]float64, 12)
		past[at] = 3
		want := 0.0
		if at == 6 || at == 7 {
			want = 3
		}
		require.Equal(t, want, newSeasonalPeak(t, quarter, 1).Peak(10, past[:10]), "demand at %d", at)
	}
	require.Equal(t, 3.0, newSeasonalPeak(t, quarter, 0).Peak(10, []float64{6: 3, 9: 0}), "no step ahead: d[6] alone")
	require.Zero(t, newSeasonalPeak(t, quarter, 0).Peak(10, []float64{7: 3, 9: 0}))
}

func TestSeasonalPeakEndsBeforeTheStepThatDecides(t *testing.T) {
	past := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 6, 7} // more than step 10 can have seen
	require.Equal(t, 5.0, newSeasonalPeak(t, quarter, 3).Peak(10, past), "d[6] .. d[9]")
	require.Equal(t, 5.0, newSeasonalPeak(t, quarter, 1e9).Peak(10, past), "a boot of years looks no further")
	require.Equal(t, 1.0, newSeasonalPeak(t, quarter, 1e9).Peak(10, past[:9]), "a measurement that comes late is not there")
}

func TestSeasonalPeakTakesAHoleForNoDemand(t *testing.T) {
	hole := math.NaN()
	s := newSeasonalPeak(t, quarter, 1)
	past := []float64{hole, 2, hole, hole, 3, -4, hole, 1}
	for i, want := range []float64{4: 2, 5: 2, 6: 0, 7: 3, 8: 3, 9: 0, 10: 1} {
		require.Equal(t, want, s.Peak(i, past[:min(i, len(past))]), "step %d", i)
	}
}

func TestSeasonalPeakOfAWeek(t *testing.T) {
	// The largest of both: d[i-4] .. d[i-3] and d[i-28] .. d[i-27].
	past := make([]float64, 40)
	past[2], past[3], past[27] = 8, 6, 7
	s := newSeasonalPeak(t, quarter, 1)
	for i, want := range []float64{28: 0, 29: 8, 30: 8, 31: 7, 32: 0, 33: 0} {
		if i >= 28 {
			require.Equal(t, want, s.Peak(i, past[:i]), "step %d", i)
		}
	}
}

func TestSeasonalPeakWithStepsThatAreNoPartOfADay(t *testing.T) {
	// 24 h are 3.43 steps of 7 h, and 168 h are 24 of them.
	require.Equal(t, 3.0, newSeasonalPeak(t, 7*time.Hour, 0).Peak(10, []float64{1, 1, 1, 1, 1, 1, 2, 3, 4, 5}), "d[10-3]")
	// A week is one step of 6 days; a day is none.
	require.Equal(t, 5.0, newSeasonalPeak(t, 6*24*time.Hour, 3).Peak(2, []float64{4, 5}))
	require.Zero(t, newSeasonalPeak(t, 1000*time.Hour, 3).Peak(2, []float64{4, 5, 6}), "neither, and never the step itself")
}

func TestSeasonalPeakResetForgets(t *testing.T) {
	s := newSeasonalPeak(t, quarter, 1)
	require.Equal(t, 9.0, s.Peak(4, []float64{9, 1, 1, 1}))
	s.Reset()
	require.Equal(t, 2.0, s.Peak(4, []float64{2, 1, 1, 1}))
}

func TestNewSeasonalPeakNamesTheFault(t *testing.T) {
	_, err := NewSeasonalPeak(0, 1)
	require.EqualError(t, err, "season step 0s: wanted more than 0")
	_, err = NewSeasonalPeak(time.Minute, -1)
	require.EqualError(t, err, "season lead -1 steps: wanted 0 or more")
}

func TestSeasonalRaise(t *testing.T) {
	// Half of a capacity of 10: a replica should carry 5.
	require.Equal(t, 3, SeasonalRaise(3, 15, .5, 10), "3 carry 15")
	require.Equal(t, 4, SeasonalRaise(3, 15.1, .5, 10))
	require.Equal(t, 100, SeasonalRaise(1, 500, .5, 10), "no limit to growth")
	require.Equal(t, 8, SeasonalRaise(8, 15, .5, 10), "it never lowers")
	require.Equal(t, 0, SeasonalRaise(0, 0, .5, 10))
	require.Equal(t, 2, SeasonalRaise(2, math.NaN(), .5, 10))
	require.Equal(t, 2, SeasonalRaise(2, 15, .5, 0))
	require.Equal(t, 2, SeasonalRaise(2, 15, .5, math.NaN()))
	require.Equal(t, math.MaxInt32, SeasonalRaise(2, math.Inf(1), .5, 10))
}

func TestSeasonalPeakAllocatesNothingPerDecision(t *testing.T) {
	past := make([]float64, 5000)
	for i := range past {
		past[i] = float64(i * 7919 % 997)
	}
	s, step := newSeasonalPeak(t, time.Minute, 30), 1
	require.Zero(t, testing.AllocsPerRun(4000, func() {
		step++
		SeasonalRaise(1, s.Peak(step, past[:step]), .7, 10)
	}))
}

func TestSeasonalPeakEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]time.Duration{time.Hour, quarter, 7 * time.Hour, 30 * time.Hour}).Draw(t, "step")
		lead, lag := rapid.IntRange(0, 40).Draw(t, "lead"), rapid.IntRange(0, 3).Draw(t, "lag")
		past := rapid.SliceOfN(rapid.Float64Range(-2, 9), 1, 400).Draw(t, "demand")
		for i, d := range past {
			if d < -1 {
				past[i] = math.NaN()
			}
			past[i] = math.Round(past[i]) // equal values
		}
		fast := newSeasonalPeak(t, step, lead)
		for i := 0; i < len(past); i += rapid.IntRange(1, 3).Draw(t, "steps") {
			seen := past[:max(0, i-lag)]
			want := 0.0
			for _, p := range []int{int(math.Round(24 / step.Hours())), int(math.Round(168 / step.Hours()))} {
				for j := i - p; j <= min(i-p+lead, i-1); j++ {
					if j >= 0 && j < len(seen) && seen[j] > want {
						want = seen[j]
					}
				}
			}
			require.Equal(t, want, fast.Peak(i, seen), "step %d", i)
		}
	})
}
