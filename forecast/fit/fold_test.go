package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowFold is the definition: each value against the mean of its phase in all other cycles.
func slowFold(x []float64, period float64) float64 {
	phases := max(2, min(mostPhases, int(math.Round(period))))
	left, total, m := 0.0, 0.0, mean(x)
	for i, v := range x {
		sum, n := 0.0, 0.0
		ph, cycle := phase(i, period, phases)
		for j, w := range x {
			if p, c := phase(j, period, phases); p == ph && c != cycle && !math.IsNaN(w) {
				sum, n = sum+w, n+1
			}
		}
		if !math.IsNaN(v) && n > 0 {
			left += (v - sum/n) * (v - sum/n)
			total += (v - m) * (v - m)
		}
	}
	if total == 0 {
		return 0
	}
	return 1 - left/total
}

func TestFoldByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Float64Range(-10, 10), rapid.Just(math.NaN()))
		x := append(rapid.SliceOfN(value, 0, 120).Draw(t, "x"), 1, -1)
		period := rapid.Float64Range(2, 40).Draw(t, "period")
		want := slowFold(x, period)
		require.InDelta(t, want, fold(x, period), 1e-9*(1+math.Abs(want)))
	})
}

func TestFoldIsAShareOfVariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.IntRange(3, 200).Draw(t, "period")
		cycles := rapid.IntRange(3, 20).Draw(t, "cycles")
		x := make([]float64, cycles*period)
		for i := range x {
			ph, _ := phase(i, float64(period), min(period, mostPhases))
			x[i] = float64(ph) // one value a phase
		}
		require.InDelta(t, 1, fold(x, float64(period)), 1e-9, "what recurs exactly")
	})
	// Over many draws the strength of noise is below zero, which a share of its own variance would not be.
	rng := rand.New(rand.NewPCG(1, 1))
	sum := 0.0
	for range 200 {
		noise := make([]float64, 80)
		for i := range noise {
			noise[i] = rng.NormFloat64()
		}
		sum += fold(noise, 20)
	}
	require.Less(t, sum/200, -0.2)
}

func TestAroundTakesTheLevelOut(t *testing.T) {
	x := make([]float64, 96)
	for i := range x {
		x[i] = 1000 + 3*float64(i) + math.Sin(2*math.Pi*float64(i)/12)
	}
	x[40] = math.NaN()
	out := around(x, 12)
	require.True(t, math.IsNaN(out[40]))
	for i := 12; i < 34; i++ { // away from the gap and the ends; an even window leans half a step to the left
		require.InDelta(t, 1.5+math.Sin(2*math.Pi*float64(i)/12), out[i], 1e-9)
	}
}

func TestRemoveSeasonLeavesShortOnes(t *testing.T) {
	const day, hour = 240, 10
	x, want := make([]float64, 8*day), make([]float64, 8*day)
	for i := range x {
		want[i] = math.Sin(2 * math.Pi * float64(i) / hour) // the 24th harmonic of the day
		x[i] = want[i] + 5*math.Cos(2*math.Pi*float64(i)/day) + math.Sin(4*math.Pi*float64(i)/day)
	}
	removeSeason(x, day, seasonHarmonics)
	sameTo(t, 1e-9, want, x, "the hour stays")
	removeSeason(x, hour, seasonHarmonics)
	for i := range x {
		require.InDelta(t, 0, x[i], 1e-9)
	}
}
