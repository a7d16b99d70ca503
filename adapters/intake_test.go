package adapters

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

// twin is the slow and obvious memory of what was let through: it forgets nothing.
type twin map[int64]bool // by time: a number came, not only NaN

func (w twin) admit(at int64, gap bool) bool {
	number, known := w[at]
	w[at] = number || !gap
	return !known || !gap && !number
}

func TestIntakeIsItsTwin(t *testing.T) {
	const overlap = 5
	rapid.Check(t, func(t *rapid.T) {
		var f intake
		w := twin{}
		now := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "reads") {
			now += rapid.Int64Range(0, 8).Draw(t, "wait")
			from := f.window(time.Unix(now, 0), 20*time.Second, overlap*time.Second).Unix()
			for at := from; at < now; at++ {
				if rapid.IntRange(0, 3).Draw(t, "there") == 0 {
					continue
				}
				s := forecast.Sample{Time: time.Unix(at, 0), Value: 1}
				if gap := rapid.IntRange(0, 3).Draw(t, "gap") == 0; gap {
					s.Value = math.NaN()
				}
				if got, want := f.admit(s), w.admit(at, math.IsNaN(s.Value)); got != want {
					t.Fatalf("sample %v at %d: let through %v, wanted %v", s.Value, at, got, want)
				}
			}
			f.forget(overlap * time.Second)
			if len(f.seen) > overlap+1 {
				t.Fatalf("%d samples are remembered; wanted at most %d", len(f.seen), overlap+1)
			}
		}
	})
}

func TestIntakeGivesTheBackfillsMemoryBack(t *testing.T) {
	var f intake
	for i := range 10_000 {
		f.admit(forecast.Sample{Time: time.Unix(int64(i), 0)})
	}
	f.forget(10 * time.Second)
	require.Len(t, f.seen, 11)
	require.LessOrEqual(t, cap(f.seen), 16)
}
