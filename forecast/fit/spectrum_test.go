package fit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPeriodogramFindsALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(200, 2000).Draw(t, "n")
		period := rapid.Float64Range(4, float64(n)/8).Draw(t, "period")
		at := rapid.Float64Range(0, 7).Draw(t, "phase")
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Sin(2*math.Pi*float64(i)/period + at)
		}
		p := newPeriodogram(x)
		peaks := p.peaks(3, float64(n)/3, 5)
		require.NotEmpty(t, peaks)
		require.InDelta(t, period, p.period(peaks[0]), period*period/float64(2*n))
	})
}

func TestFastLength(t *testing.T) {
	smooth := func(n int) bool {
		for _, p := range []int{2, 3, 5} {
			for n%p == 0 {
				n /= p
			}
		}
		return n == 1
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200000).Draw(t, "n")
		want := n
		for !smooth(want) {
			want++
		}
		require.Equal(t, want, fastLength(n))
	})
}

func TestNothingStandsOutOfNothing(t *testing.T) {
	p := newPeriodogram(make([]float64, 100))
	require.Empty(t, p.peaks(3, 33, 10))
}
