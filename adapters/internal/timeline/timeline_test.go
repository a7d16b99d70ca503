package timeline

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

// twin is the slow and obvious Timeline: a map, looked through for each window.
type twin map[int64]float64

func (w twin) window(from, to, step int64) []forecast.Sample {
	var out []forecast.Sample
	for t, v := range w {
		if t >= from && t+step <= to {
			out = append(out, forecast.Sample{Time: time.Unix(0, t), Value: v})
		}
	}
	slices.SortFunc(out, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
	return out
}

func TestTimelineIsAMapInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Timeline
		w := twin{}
		at := rapid.Int64Range(0, 30)
		for n := range rapid.IntRange(1, 60).Draw(t, "calls") {
			switch rapid.IntRange(0, 3).Draw(t, "call") {
			case 0, 1:
				s := at.Draw(t, "time")
				l.Add(forecast.Sample{Time: time.Unix(0, s), Value: float64(n)})
				w[s] = float64(n)
			case 2:
				before := at.Draw(t, "before")
				l.Trim(time.Unix(0, before))
				for s := range w {
					if s < before {
						delete(w, s)
					}
				}
			default:
				from, to, step := at.Draw(t, "from"), at.Draw(t, "to"), rapid.Int64Range(1, 5).Draw(t, "step")
				got := l.Window(nil, time.Unix(0, from), time.Unix(0, to), time.Duration(step))
				if want := w.window(from, to, step); !slices.Equal(got, want) {
					t.Fatalf("window %d..%d of step %d is %v, wanted %v", from, to, step, got, want)
				}
			}
			if l.Len() != len(w) {
				t.Fatalf("%d samples, wanted %d", l.Len(), len(w))
			}
		}
	})
}

func TestTimelineNewest(t *testing.T) {
	var l Timeline
	_, ok := l.Newest()
	require.False(t, ok)
	l.Add(forecast.Sample{Time: time.Unix(9, 0)}, forecast.Sample{Time: time.Unix(5, 0)})
	newest, ok := l.Newest()
	require.True(t, ok)
	require.Equal(t, time.Unix(9, 0), newest)
}
