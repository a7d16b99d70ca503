package sim

import (
	"math"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

// slowEventUnserved writes the score down in seconds on a regular grid from 1970 on, without any index arithmetic.
func slowEventUnserved(t *Trace, events []forecast.Event, o Options, ready []int32) float64 {
	step := int64(t.Step / time.Second)
	start := func(i int) int64 { return int64(i) * step }
	// holds is the start of the grid step that an event lies in, which need not be in the trace.
	holds := func(e forecast.Event) int64 { return int64(math.Floor(float64(e.Start.Unix())/float64(step))) * step }
	near := func(i int, after int64) bool {
		for _, e := range events {
			if start(i) >= holds(e)-60 && start(i) <= holds(e)+after {
				return true
			}
		}
		return false
	}
	var lost, excess float64
	for i, d := range t.Demand {
		if i < o.FirstScored(t) || isNaN(d) || !near(i, 300) {
			continue
		}
		var values []float64
		for w := int64(1800); w <= 14400 && len(values) < 10; w += 1800 {
			values = nil
			for j, v := range t.Demand {
				if start(j) >= start(i)-w && start(j) < start(i)+w && !near(j, 420) && !isNaN(v) {
					values = append(values, v)
				}
			}
		}
		base := 0.0
		if len(values) > 0 {
			sort.Float64s(values)
			base = values[len(values)/2]
		}
		e := math.Max(0, d-base)
		u := math.Max(0, d-float64(ready[i])*o.Capacity)
		excess += e
		lost += math.Min(u, e)
	}
	if excess == 0 {
		return math.NaN()
	}
	return lost / excess
}

func TestEventUnservedEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		step := rapid.SampledFrom([]int64{7, 30, 60, 90, 300, 420, 433, 700, 900, 1000, 1800, 2400, 3600, 5000}).Draw(r, "step")
		n := rapid.IntRange(2, 120).Draw(r, "n")
		demand := make([]float64, n)
		ready := make([]int32, n)
		for i := range demand {
			demand[i] = float64(rapid.IntRange(-1, 9).Draw(r, "demand"))
			if demand[i] < 0 {
				demand[i] = math.NaN()
			}
			ready[i] = int32(rapid.IntRange(0, 4).Draw(r, "ready"))
		}
		tr, err := NewTrace("x", at(0), time.Duration(step)*time.Second, demand)
		require.NoError(t, err)
		var events []forecast.Event
		for range rapid.IntRange(1, 4).Draw(r, "events") {
			events = append(events, forecast.Event{Start: at(rapid.Int64Range(-700, int64(n)*step+700).Draw(r, "start"))})
		}
		o := Options{Capacity: 2, Warmup: rapid.Float64Range(0, 0.9).Draw(r, "warmup")}
		want, got := slowEventUnserved(tr, events, o, ready), eventUnserved(tr, events, o, ready)
		require.Equal(t, isNaN(want), isNaN(got))
		if !isNaN(want) {
			require.InDelta(t, want, got, 1e-12)
		}
	})
}

func TestEventUnservedWindowsOfPartsOfSteps(t *testing.T) {
	// Steps of seven minutes, an event in step 20: that is its response, and 20 and 21 are no part of the base. The steps
	// that begin in [-30, +30) minutes are 16 to 24, seven quiet ones, so the window grows. Those in [-60, +60) are 12 to 28,
	// 15 quiet ones: eight of 0, the last of them step 28, and seven of 4. The upper median is 0.
	demand := make([]float64, 40)
	for _, i := range []int{19, 22, 23, 24, 25, 26, 27} {
		demand[i] = 4
	}
	demand[20] = 10
	ready := make([]int32, 40)
	ready[20] = 7
	events := []forecast.Event{{Start: at(20*420 + 419)}}
	tr := steps(t, 7*time.Minute, demand...)
	require.InDelta(t, 0.3, eventUnserved(tr, events, Options{Capacity: 1}, ready), 1e-12)
}

func TestHoldingStepOnIrregularTimes(t *testing.T) {
	tr := readTrace(t, "timestamp,value 0,1 60,1 70,1 130,1 190,1")
	for seconds, want := range map[int64]int{-61: -2, -60: -1, -1: -1, 0: 0, 59: 0, 60: 1, 69: 1, 70: 2, 129: 2, 130: 3, 190: 4, 249: 4, 250: 5} {
		require.Equal(t, want, holdingStep(tr, at(seconds)), "at %d s", seconds)
	}
}
