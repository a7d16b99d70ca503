package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowShare integrates the delayed gamma curve numerically, averaged over the length of the event.
func slowShare(k *Kind, from, to, length float64) float64 {
	delay, rise := k.Delay.Std().Seconds(), k.Rise.Std().Seconds()
	density := func(t float64) float64 {
		if t < 0 {
			return 0
		}
		return t / (rise * rise) * math.Exp(-t/rise)
	}
	const parts = 400
	starts := 1
	if length >= 1 {
		starts = 200
	}
	var sum float64
	for s := range starts {
		begin := delay
		if starts > 1 {
			begin += length * (float64(s) + 0.5) / float64(starts)
		}
		for i := range parts {
			t := from + (to-from)*(float64(i)+0.5)/parts
			sum += density(t - begin)
		}
	}
	return sum * (to - from) / parts / float64(starts)
}

func TestKernelAgainstNumericalIntegration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Kind{Rise: Duration(rapid.IntRange(5, 300).Draw(t, "rise") * int(time.Second))}.Defaults()
		length := float64(rapid.SampledFrom([]int{0, 1, 14, 600}).Draw(t, "length"))
		from := rapid.Float64Range(-200, 900).Draw(t, "from")
		to := from + rapid.Float64Range(1, 120).Draw(t, "width")
		require.InDelta(t, slowShare(&k, from, to, length), k.share(from, to, length), 2e-3)
	})
}

func TestKernelSumsToOneAndEnds(t *testing.T) {
	for _, length := range []float64{0, 14, 3600} {
		k := Kind{}.Defaults()
		var sum float64
		for s := -120.; s < 5000; s += 60 {
			part := k.share(s, s+60, length)
			require.GreaterOrEqual(t, part, 0.)
			if s+60 <= 14 {
				require.Zero(t, part, "nothing comes before the delay is over")
			}
			sum += part
		}
		require.InDelta(t, 1, sum, 1e-9)
		require.InDelta(t, 1, k.share(-1, length+k.after(), length), 2e-3, "after() ends where 99.9 % have come")
	}
}

// The second of the start matters: a spot late in a minute responds in the next one.
func TestKernelKnowsTheSecond(t *testing.T) {
	k := Kind{}.Defaults()
	early, late := k.share(-5, 55, 0), k.share(-50, 10, 0)
	require.Greater(t, early, 0.2)
	require.Zero(t, late)
}
