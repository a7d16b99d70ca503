package sizing

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A service that takes a base of .3 cores and 1 GiB, and 10 millicores and 20 MiB for each request a second.
func learned(t *testing.T) *Model {
	t.Helper()
	m := &Model{Target: [NumResources]float64{0.7, 0.9, 0.8}, Errors: 2}
	large := &Size{Name: "m.large", Family: "m", CPU: 2, Memory: 8}
	require.True(t, math.IsNaN(m.Capacity(large).Bound), "nothing is known yet")
	rng := rand.New(rand.NewPCG(3, 3))
	for range 3000 {
		d := 100 * rng.Float64()
		m.Observe(large, true, d, Resources{
			CPU: .3 + .01*d + .005*rng.NormFloat64(), Memory: 1 + .02*d + .01*rng.NormFloat64(), Network: 1e-3 * d,
		})
	}
	return m
}

// The bottleneck says which family a service belongs on.
func TestCapacityNamesTheBottleneck(t *testing.T) {
	m := learned(t)
	for _, c := range []struct {
		size Size
		want float64
		full string
	}{
		{Size{Family: "m", CPU: 2, Memory: 8, Network: 10}, (1.4 - .3) / .01, "cpu"},
		{Size{Family: "m", CPU: 2, Memory: 2}, (1.8 - 1) / .02, "memory"},
		{Size{Family: "m", CPU: 2, Memory: 8, Network: 0.05}, 0.8 * 0.05 / 1e-3, "network"},
		{Size{Family: "m", CPU: 2, Memory: 8, Overhead: Resources{CPU: .1}}, (0.7*1.9 - .3) / .01, "cpu"},
		{Size{Family: "c", CPU: 2, Memory: 8, Speed: 1.25}, (1.4*1.25 - .3) / .01, "cpu"},
	} {
		got := m.Capacity(&c.size)
		require.InEpsilon(t, c.want, got.Mean, 0.01, "%+v", c)
		require.Equal(t, c.full, ResourceNames[got.Bottleneck], "%+v", c)
		require.LessOrEqual(t, got.Bound, got.Mean)
		require.Equal(t, 3000, got.Seen)
	}
}

// Cores of another family turn out to be a fifth slower than the catalogue says.
func TestSpeedIsLearned(t *testing.T) {
	m := learned(t)
	c := &Size{Family: "c", CPU: 2, Memory: 8, Speed: 1.25}
	for i := range 2000 {
		d := float64(i % 100)
		m.Observe(c, false, d, Resources{CPU: .3 + .01*d})
	}
	require.InDelta(t, 1, m.Speed(c), 0.01)
	require.Equal(t, 1.5, m.Speed(&Size{Family: "x", Speed: 1.5}), "what was never seen is as the catalogue has it")
	for i := range 2 * maxFamilies { // as many as there is room for
		m.Observe(&Size{Family: string(rune('A' + i))}, false, 1, Resources{CPU: 1})
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m.Observe(c, false, 5, Resources{CPU: .35})
		m.Capacity(c)
	}))
}

func TestPodCapacity(t *testing.T) {
	s := &Size{CPU: 4, Memory: 16, Overhead: KubeReserved(4, 58)}
	got := PodCapacity(s, Capacity{Mean: 50, Bound: 45, Seen: 9}, Resources{CPU: .5, Memory: 1}, 58)
	require.Equal(t, Capacity{350, 315, 0, 9}, got)
}
