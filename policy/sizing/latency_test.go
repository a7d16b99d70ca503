package sizing

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The score interval of 1 in 10 at 95 %: .0179 to .4042 (Wilson's formula by hand).
func TestWilson(t *testing.T) {
	require.InDelta(t, 0.404150, wilson(1, 10, 1.959964), 1e-6)
	require.InDelta(t, 0.277533, wilson(0, 10, 1.959964), 1e-6)
	require.InDelta(t, 1, wilson(10, 10, 1.959964), 1e-12)
}

func TestLatencyFindsTheKnee(t *testing.T) {
	l := NewLatency(320, 1e6)
	require.True(t, math.IsNaN(l.Capacity(0.01, 2)))
	for i := range 3000 {
		d := float64(i%200) + 0.5
		slow := 0.
		if d > 150 {
			slow = 100 // a tenth
		}
		l.Observe(d, 1000, slow)
	}
	require.InDelta(t, 150, l.Capacity(0.01, 2), 0.01)
	require.InDelta(t, 200*1.1, l.Capacity(0.5, 2), 0.6, "all that was tried is good: a little more may be tried")
	require.Zero(t, l.Capacity(0, 2), "nothing can be known to be that good")
}

func TestLatencyExploresALittle(t *testing.T) {
	l := NewLatency(320, 1e6)
	for range 100 {
		l.Observe(42, 1000, 0)
	}
	require.InDelta(t, 42*1.1, l.Capacity(0.01, 2), 0.1)
	few := NewLatency(320, 1e6)
	few.Observe(42, 10, 0)
	require.Zero(t, few.Capacity(0.01, 2), "ten requests do not show that one in a hundred is slow")
}

// What was slow once is forgotten.
func TestLatencyForgets(t *testing.T) {
	l := NewLatency(320, 50)
	for range 100 {
		l.Observe(42, 1000, 500)
	}
	require.Zero(t, l.Capacity(0.01, 2))
	for range 1000 {
		l.Observe(42, 1000, 0)
	}
	require.Greater(t, l.Capacity(0.01, 2), 40.)
}

// Pooling gives the isotonic regression: the twin minimises squared distance over all monotone steps by max-min of means.
func TestLatencyPoolsAsMaxMin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLatency(latencyBins, 1e12)
		var seen, slow []float64
		for b := range latencyBins {
			n := float64(rapid.IntRange(0, 3).Draw(t, "n")) * 100
			k := math.Round(n * rapid.Float64Range(0, 1).Draw(t, "share"))
			if n > 0 {
				l.Observe(float64(b)+0.5, n, k)
			}
			seen, slow = append(seen, n), append(slow, k)
		}
		late := rapid.Float64Range(0.01, 1).Draw(t, "late")
		got := l.Capacity(late, 0)
		best, last, tried := 0, 0, false
		for b := range latencyBins {
			if seen[b] == 0 {
				continue
			}
			tried, last = true, b+1
			// Isotonic value: max over left ends of min over right ends of the mean between.
			value := math.Inf(-1)
			for i := 0; i <= b; i++ {
				least := math.Inf(1)
				for j := b; j < latencyBins; j++ {
					var n, k float64
					for m := i; m <= j; m++ {
						n, k = n+seen[m], k+slow[m]
					}
					if n > 0 {
						least = min(least, k/n)
					}
				}
				value = max(value, least)
			}
			if math.Abs(value-late) < 1e-6 {
				t.Skip("on the edge")
			}
			if value <= late {
				best = b + 1
			}
		}
		switch {
		case !tried:
			require.True(t, math.IsNaN(got))
		case best == last:
			require.Greater(t, got, float64(best)-1)
		default:
			require.InDelta(t, float64(best), got, 1e-9)
		}
	})
}
