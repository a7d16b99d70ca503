package scalertest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy"
)

// While the boot time stays the same the fleet of a script is the plant of the engine.
func TestTheFleetIsAPlant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		boot, start := rapid.IntRange(0, 5).Draw(rt, "boot"), rapid.IntRange(1, 9).Draw(rt, "start")
		plant, f := policy.NewPlant(boot, start, 1), fleet{boot: boot, ready: start, floor: 1}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 30), 1, 40).Draw(rt, "orders") {
			plant.Arrive()
			f.arrive()
			require.Equal(rt, []int{plant.Ready(), plant.Starting()}, []int{f.ready, f.starting()})
			plant.Order(n)
			f.set(n)
			require.Equal(rt, []int{plant.Ready(), plant.Starting()}, []int{f.ready, f.starting()})
		}
	})
}

func TestOrdersThatNeverCome(t *testing.T) {
	f := fleet{boot: -1, ready: 3}
	f.set(8)
	for range 100 {
		f.arrive()
	}
	require.Equal(t, []int{3, 5}, []int{f.ready, f.starting()})
	f.boot = 2
	f.set(9)
	f.arrive()
	f.arrive()
	require.Equal(t, []int{4, 5}, []int{f.ready, f.starting()}, "later orders do come")
	f.lose()
	require.Equal(t, []int{4, 0}, []int{f.ready, f.starting()})
}
