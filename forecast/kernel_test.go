package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowShare integrates the delayed gamma curve numerically.
func slowShare(k *Kind, from, to float64) float64 {
	delay, rise := k.Delay.Std().Seconds(), k.Rise.Std().Seconds()
	const parts = 2000
	var sum float64
	for i := range parts {
		if t := from + (to-from)*(float64(i)+0.5)/parts - delay; t > 0 {
			sum += t / (rise * rise) * math.Exp(-t/rise)
		}
	}
	return sum * (to - from) / parts
}

func TestKernelAgainstNumericalIntegration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Kind{Rise: Duration(rapid.IntRange(5, 300).Draw(t, "rise") * int(time.Second))}.Defaults()
		from := rapid.Float64Range(-200, 900).Draw(t, "from")
		to := from + rapid.Float64Range(1, 120).Draw(t, "width")
		require.InDelta(t, slowShare(&k, from, to), k.share(from, to), 1e-4)
	})
}

func TestKernelSumsToOneAndEnds(t *testing.T) {
	k := Kind{}.Defaults()
	var sum float64
	for s := -120.; s < 5000; s += 60 {
		part := k.share(s, s+60)
		require.GreaterOrEqual(t, part, 0.)
		if s+60 <= 14 {
			require.Zero(t, part, "nothing comes before the delay is over")
		}
		sum += part
	}
	require.InDelta(t, 1, sum, 1e-9)
	require.InDelta(t, 1, k.share(-1, k.after()), 2e-3, "after() ends where 99.9 % have come")
}

// The second of the start matters: a spot late in a minute responds in the next one.
func TestKernelKnowsTheSecond(t *testing.T) {
	k := Kind{}.Defaults()
	early, late := k.share(-5, 55), k.share(-50, 10)
	require.Greater(t, early, 0.2)
	require.Zero(t, late)
}
