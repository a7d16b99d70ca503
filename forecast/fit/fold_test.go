package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFoldIsAShareOfVariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.IntRange(3, 200).Draw(t, "period")
		cycles := rapid.IntRange(3, 20).Draw(t, "cycles")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shape := make([]float64, period)
		for i := range shape {
			ph, _ := phase(i, float64(period), min(period, mostPhases))
			shape[i] = float64(ph) // one value a phase
		}
		x, noise := make([]float64, cycles*period), make([]float64, cycles*period)
		for i := range x {
			x[i], noise[i] = shape[i%period], rng.NormFloat64()
		}
		require.InDelta(t, 1, fold(x, float64(period)), 1e-9, "what recurs exactly")
		if period <= 20 && cycles <= 6 {
			require.Less(t, fold(noise, float64(period)), 0.4, "noise is not foretold by other cycles")
		}
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
