package booting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/internal/booting"
)

// twin is the slow and obvious fleet: a list of replicas with the time from which on each serves, oldest order first.
type twin struct {
	serves []time.Time
	floor  int
}

func (w *twin) order(n int, serves time.Time) {
	n = max(n, w.floor)
	w.serves = w.serves[:min(n, len(w.serves))] // the newest go first, and they are the last to serve
	for len(w.serves) < n {
		w.serves = append(w.serves, serves)
	}
}

func (w *twin) ready(now time.Time) int {
	n := 0
	for _, at := range w.serves {
		if !at.After(now) {
			n++
		}
	}
	return n
}

func TestFleetIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const step = time.Minute
		boot := rapid.IntRange(0, 4).Draw(t, "boot")
		floor := rapid.IntRange(0, 2).Draw(t, "floor")
		start := floor + rapid.IntRange(0, 5).Draw(t, "start")
		origin := time.Date(2026, 3, 2, 0, 0, 7, 0, time.UTC)
		now := origin
		f := booting.New(step, time.Duration(boot)*step-time.Duration(min(boot, 1)), start, floor) // rounded up
		f.Advance(now)
		w := &twin{floor: floor}
		w.order(start, origin)
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			f.Advance(now)
			f.Advance(now.Add(-time.Hour)) // changes nothing
			if rapid.Bool().Draw(t, "order") {
				n := rapid.IntRange(-1, 12).Draw(t, "n")
				f.Order(n)
				w.order(n, now.Add(-now.Sub(origin)%step).Add(time.Duration(boot)*step))
			}
			got := f.Observe()
			require.Equal(t, w.ready(now), got.Ready)
			require.Equal(t, len(w.serves)-w.ready(now), got.Starting)
			require.Equal(t, time.Duration(boot)*step, got.Boot)
		}
	})
}
