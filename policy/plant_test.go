package policy

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// counts are what a fleet shows: ordered, ready, starting.
func counts(p *Plant) [3]int { return [3]int{p.Ordered(), p.Ready(), p.Starting()} }

func TestPlantServesAfterTheBootTime(t *testing.T) {
	p := NewPlant(2, 3, 1)
	require.Equal(t, [3]int{3, 3, 0}, counts(p))

	p.Arrive() // step 1: order 2 more
	require.Equal(t, 5, p.Order(5))
	require.Equal(t, [3]int{5, 3, 2}, counts(p), "billed from the order")

	require.Equal(t, 0, p.Arrive()) // step 2: one more
	require.Equal(t, 6, p.Order(6))
	require.Equal(t, [3]int{6, 3, 3}, counts(p))

	require.Equal(t, 2, p.Arrive(), "ordered at step 1, ready at step 1+2")
	require.Equal(t, [3]int{6, 5, 1}, counts(p))
	require.Equal(t, 1, p.Arrive())
	require.Equal(t, [3]int{6, 6, 0}, counts(p))
	require.Equal(t, 0, p.Arrive())
}

func TestPlantWithoutBootTimeServesAtOnce(t *testing.T) {
	p := NewPlant(0, 1, 1)
	require.Equal(t, 0, p.Arrive())
	require.Equal(t, 4, p.Order(4))
	require.Equal(t, [3]int{4, 4, 0}, counts(p))
	require.Equal(t, 2, p.Order(2))
	require.Equal(t, [3]int{2, 2, 0}, counts(p))
}

func TestPlantRemovesTheNewestThatIsNotReadyFirst(t *testing.T) {
	p := NewPlant(3, 2, 1)
	p.Arrive()
	p.Order(6) // 4 ordered at step 1
	p.Arrive()
	p.Order(9) // 3 ordered at step 2
	p.Order(7) // 2 of those 3 go
	p.Arrive() // step 3
	p.Order(5) // the last of the 3 and one of the 4 go
	p.Arrive() // step 4: what is left of the 4
	require.Equal(t, [3]int{5, 5, 0}, counts(p))

	p.Order(6)
	p.Order(3) // the one that boots, then two ready ones
	require.Equal(t, [3]int{3, 3, 0}, counts(p))
	for range 4 {
		require.Equal(t, 0, p.Arrive(), "what was removed does not arrive")
	}
}

func TestPlantKeepsToItsBounds(t *testing.T) {
	p := NewPlant(1, 0, 1)
	require.Equal(t, [3]int{1, 1, 0}, counts(p), "a start below the floor")
	require.Equal(t, 1, p.Order(-7))
	require.Equal(t, math.MaxInt32, p.Order(math.MaxInt), "no count overflows")
	require.Equal(t, math.MaxInt32-1, p.Arrive())
	require.Equal(t, 1, p.Order(0))
	require.Equal(t, 1, p.Ready())

	p = NewPlant(1, 1, 0)
	require.Equal(t, 0, p.Order(0), "scale to zero where it is allowed")
	require.Equal(t, [3]int{0, 0, 0}, counts(p))
	require.Equal(t, 0, NewPlant(1, 5, -1).Order(-1), "a negative floor is 0")
}

func TestPlantResetUsesTheCallersMemory(t *testing.T) {
	memory := []int32{7, 7, 7, 7}
	var a, b Plant
	a.Reset(memory[:2], 1, 1)
	b.Reset(memory[2:], 1, 1)
	require.Equal(t, []int32{0, 0, 0, 0}, memory)
	a.Order(3)
	b.Order(2)
	for range 2 {
		a.Arrive()
		b.Arrive()
	}
	require.Equal(t, [3]int{3, 3, 0}, counts(&a))
	require.Equal(t, [3]int{2, 2, 0}, counts(&b))
	require.Zero(t, testing.AllocsPerRun(10, func() { a.Reset(memory[:2], 1, 1) }))
}

func TestPlantAllocatesNothingPerStep(t *testing.T) {
	p := NewPlant(20, 1, 1)
	i := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		p.Arrive()
		p.Order(1 + i*7919%50)
		i++
	}))
}

// slowPlant keeps each replica: the step in which it serves, in the order of the orders.
type slowPlant struct {
	now, boot, floor int
	readyAt          []int
}

func (s *slowPlant) order(n int) {
	n = max(n, s.floor)
	for len(s.readyAt) < n {
		s.readyAt = append(s.readyAt, s.now+s.boot)
	}
	for len(s.readyAt) > n {
		newest := len(s.readyAt) - 1 // later orders are ready later, so the newest that is not ready is the last
		s.readyAt = slices.Delete(s.readyAt, newest, newest+1)
	}
}

func (s *slowPlant) counts() [3]int {
	ready := 0
	for _, at := range s.readyAt {
		if at <= s.now {
			ready++
		}
	}
	return [3]int{len(s.readyAt), ready, len(s.readyAt) - ready}
}

// followTwin plays the same orders on a Plant and on its twin: an order below 0 is none, as in a step without decision.
func followTwin(t require.TestingT, boot, start, floor int, orders []int) {
	fast := NewPlant(boot, start, floor)
	slow := &slowPlant{boot: 0, floor: floor}
	slow.order(start)
	slow.boot = boot
	require.Equal(t, slow.counts(), counts(fast))
	for _, n := range orders {
		before := fast.Ready()
		arrived := fast.Arrive()
		slow.now++
		require.Equal(t, slow.counts(), counts(fast))
		require.Equal(t, before+arrived, fast.Ready())
		if n >= 0 {
			slow.order(n)
			require.Equal(t, len(slow.readyAt), fast.Order(n))
			require.Equal(t, slow.counts(), counts(fast))
		}
	}
}

func TestPlantEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		followTwin(t,
			rapid.IntRange(0, 6).Draw(t, "boot"),
			rapid.IntRange(0, 5).Draw(t, "start"),
			rapid.IntRange(0, 2).Draw(t, "floor"),
			rapid.SliceOfN(rapid.IntRange(-1, 12), 0, 40).Draw(t, "orders"))
	})
}

func FuzzPlant(f *testing.F) {
	f.Add(uint8(2), uint8(3), uint8(1), []byte{5, 6, 6, 255, 1, 9})
	f.Add(uint8(0), uint8(0), uint8(0), []byte{0, 9, 0})
	f.Fuzz(func(t *testing.T, boot, start, floor uint8, orders []byte) {
		wanted := make([]int, 0, len(orders))
		for _, b := range orders[:min(len(orders), 200)] {
			wanted = append(wanted, int(b)-1)
		}
		followTwin(t, int(boot%16), int(start%16), int(floor%4), wanted)
	})
}
