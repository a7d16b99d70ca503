package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/fp"
	"github.com/headroom-go/headroom/internal/state"
)

const (
	aDay  = int64(24 * time.Hour)
	aWeek = 7 * aDay
)

func TestBinsAreWholeStepsThatDivideTheSeason(t *testing.T) {
	for step, want := range map[time.Duration]struct{ per, main int64 }{
		7 * time.Second:  {144, 86}, // nothing divides the day; 144 steps are off by least
		30 * time.Second: {30, 96},
		time.Minute:      {15, 96},
		5 * time.Minute:  {3, 96},
		7 * time.Minute:  {4, 51},
		10 * time.Minute: {2, 72},
		30 * time.Minute: {1, 48},
		time.Hour:        {1, 24},
		6 * time.Hour:    {1, 4},
	} {
		b := newBins(int64(step), int64(15*time.Minute), aDay, aWeek)
		require.NotNil(t, b, "%v", step)
		got := math.Abs(float64(b.main)*float64(b.width())-float64(aDay)) / float64(aDay)
		require.Less(t, got, 0.02, "%v: %d bins of %v are a day", step, b.main, time.Duration(b.width()))
		require.GreaterOrEqual(t, b.width(), int64(15*time.Minute), "%v", step)
		require.Equal(t, 7*b.main, b.long, "%v", step)
		if aDay%int64(step) == 0 {
			require.Equal(t, want.per, b.per, "%v", step)
			require.Equal(t, want.main, b.main, "%v", step)
		}
	}
	require.Nil(t, newBins(int64(12*time.Hour), int64(15*time.Minute), aDay, aWeek), "two bins are no season")
	require.Nil(t, newBins(int64(time.Minute), int64(15*time.Minute), -1, aWeek), "no season was wanted")
	require.Zero(t, newBins(int64(time.Hour), int64(time.Hour), aDay, 0).long)
}

// The twin keeps every step. Bins are means; a bin without a value repeats the long season, the main one, or the newest.
func TestBinsAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const per, main, long = 3, 4, 12
		b := newBins(int64(time.Hour), 3*int64(time.Hour), 12*int64(time.Hour), 36*int64(time.Hour))
		require.Equal(t, [3]int64{per, main, long}, [3]int64{b.per, b.main, b.long})
		s := &slow{bins: *b, class: newClasses(b), dirty: true}
		for i := range s.smooth {
			s.smooth[i] = newSmoother[float32](Smoothing{}.WithDefaults(), b)
			s.near[i] = newAutoregression([]int64{1}, 1, b, i == 1)
			s.days[i] = newAutoregression([]int64{main}, 1, b, i == 1)
		}
		var twin []float64
		var sum, n float64
		steps := rapid.SliceOfN(rapid.Float64Range(-30, 100), 1, 300).Draw(t, "values, negative for none")
		for k, v := range steps {
			s.add(int64(k), v, v >= 0)
			if v >= 0 {
				sum += v
				n++
			}
			if (k+1)%per != 0 {
				continue
			}
			value := 0.0
			i := len(twin)
			switch {
			case n > 0:
				value = sum / n
			case i >= long:
				value = twin[i-long]
			case i >= main:
				value = twin[i-main]
			case i > 0:
				value = twin[i-1]
			}
			twin = append(twin, value)
			sum, n = 0, 0
		}
		require.Equal(t, int64(len(twin)), s.next)
		low, high := math.Inf(1), math.Inf(-1)
		for i := max(0, len(twin)-len(s.ring)); i < len(twin); i++ {
			require.True(t, s.has(int64(i)))
			require.InDelta(t, twin[i], s.at(int64(i), false), 1e-4)
			require.InDelta(t, fp.Log1p(twin[i]), s.at(int64(i), true), 1e-5)
			low, high = min(low, twin[i]), max(high, twin[i])
		}
		require.False(t, s.has(int64(len(twin))))
		require.False(t, s.has(int64(len(twin)-len(s.ring)-1)))
		if len(twin) > 0 {
			l, h := s.extent()
			require.InDelta(t, low, l, 1e-4)
			require.InDelta(t, high, h, 1e-4)
		}
	})
}

// Silence of any length costs at most two long seasons of bins, and afterwards every slot is where it was.
func TestBinsJumpOverSilenceInWholeSeasons(t *testing.T) {
	for _, silence := range []int64{1, 5, 12, 23, 24, 25, 100, 1000, 1_000_003} {
		b := newBins(int64(time.Hour), int64(time.Hour), 4*int64(time.Hour), 12*int64(time.Hour))
		for i := range int64(40) {
			b.sum, b.count = float64(i%12), 1
			b.close()
		}
		k := 40 + silence
		b.jump(k)
		filled := 0
		for b.next < b.of(k) {
			b.close()
			filled++
		}
		require.Less(t, filled, 25, "%d", silence)
		require.Equal(t, silence, b.holes, "%d", silence)
		require.Equal(t, k, b.next+b.skip)
		for i := b.next - 12; i < b.next; i++ {
			require.Equal(t, float64((i+b.skip)%12), b.at(i, false), "after %d bins of silence", silence)
		}
	}
}

func TestSlotsOfAnyTime(t *testing.T) {
	require.Equal(t, int64(0), slot(0, 0, 96))
	require.Equal(t, int64(5), slot(100, 1, 96))
	require.Equal(t, int64(95), slot(0, -1, 96))
	require.Equal(t, int64(1), slot(2, -97, 96))
}

func TestBinsSnapshot(t *testing.T) {
	b := newBins(int64(time.Hour), int64(time.Hour), 4*int64(time.Hour), 12*int64(time.Hour))
	for i := range 50 {
		b.sum, b.count = float64(i), 1
		b.close()
	}
	b.sum, b.count, b.holes = 7, 2, 3
	w := state.NewWriter(nil)
	b.fields(&w)
	read := newBins(int64(time.Hour), int64(time.Hour), 4*int64(time.Hour), 12*int64(time.Hour))
	r := state.NewReader(w.Bytes())
	read.fields(&r)
	require.NoError(t, r.Err())
	require.Equal(t, b, read)

	b.next = -1
	w = state.NewWriter(nil)
	b.fields(&w)
	r = state.NewReader(w.Bytes())
	read.fields(&r)
	require.ErrorIs(t, r.Err(), errBins)
}
