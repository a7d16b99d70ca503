package sim

import (
	"math"
	"slices"
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
		want, got := slowEventUnserved(tr, events, o, ready), tallied(tr, events, o, ready)
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
	require.InDelta(t, 0.3, tallied(tr, events, Options{Capacity: 1}, ready), 1e-12)
}

func TestHoldingStepOnIrregularTimes(t *testing.T) {
	tr := readTrace(t, "timestamp,value 0,1 60,1 70,1 130,1 190,1")
	for seconds, want := range map[int64]int{-61: -2, -60: -1, -1: -1, 0: 0, 59: 0, 60: 1, 69: 1, 70: 2, 129: 2, 130: 3, 190: 4, 249: 4, 250: 5} {
		require.Equal(t, want, holdingStep(tr, at(seconds)), "at %d s", seconds)
	}
}

// tallied is the score as score finds it.
func tallied(t *Trace, events []forecast.Event, o Options, ready []int32) float64 {
	return score(t, events, o, ready, ready).EventUnserved
}

func TestEventUnservedOnIrregularTimesEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr := &Trace{Name: "x", Step: time.Duration(rapid.SampledFrom([]int{13, 60, 400, 3600, 86400}).Draw(r, "step")) * time.Second}
		second := int64(0)
		ready := make([]int32, rapid.IntRange(2, 2500).Draw(r, "n"))
		rng := rapid.Uint64().Draw(r, "seed")
		for i := range ready {
			rng = rng*6364136223846793005 + 1442695040888963407
			tr.Times, tr.Demand, tr.Spelling = append(tr.Times, at(second)), append(tr.Demand, float64(rng>>40%20)), append(tr.Spelling, "")
			ready[i] = int32(rng >> 50 % 9)
			second += 1 + int64(rng>>33)%int64(2*tr.Step/time.Second)
		}
		var events []forecast.Event
		for range rapid.IntRange(1, 5).Draw(r, "events") {
			events = append(events, forecast.Event{Start: at(rapid.Int64Range(-700, second+700).Draw(r, "start"))})
		}
		o := Options{Capacity: 2, Warmup: rapid.Float64Range(0, 0.9).Draw(r, "warmup")}
		want, got := wholeEventUnserved(tr, events, o, ready), tallied(tr, events, o, ready)
		require.Equal(t, math.Float64bits(want), math.Float64bits(got), "%v, %v", want, got)
	})
}

// wholeEventUnserved is eventTally with the whole trace at hand.
func wholeEventUnserved(t *Trace, events []forecast.Event, o Options, ready []int32) float64 {
	n := t.Len()
	response := make([]bool, n)
	loud := make([]bool, n)
	before := stepsWithin(eventBefore, t.Step)
	for _, e := range events {
		m := holdingStep(t, e.Start)
		markSteps(response, m-before, m+stepsWithin(eventAfter, t.Step))
		markSteps(loud, m-before, m+stepsWithin(eventQuietFrom, t.Step))
	}
	var lost, excess float64
	var values []float64
	for i := o.FirstScored(t); i < n; i++ {
		if !response[i] || !(t.Demand[i] >= 0) {
			continue
		}
		values = quietDemand(values[:0], t, loud, i)
		base := 0.0
		if len(values) > 0 {
			slices.Sort(values)
			base = values[len(values)/2]
		}
		if e := max(0, t.Demand[i]-base); e > 0 {
			excess += e
			lost += min(e, shortfall(t.Demand[i], o.Capacity, ready[i]))
		}
	}
	if excess == 0 {
		return math.NaN()
	}
	return lost / excess
}

// quietDemand appends the demand that the base of step i is taken from.
func quietDemand(dst []float64, t *Trace, loud []bool, i int) []float64 {
	for w := baseWiden; w <= baseWidest; w += baseWiden {
		dst = dst[:0]
		// The steps that begin in [i-w, i+w).
		for j := max(i-stepsWithin(w, t.Step), 0); j < min(i+ceilSteps(w, t.Step), t.Len()); j++ {
			if !loud[j] && t.Demand[j] >= 0 {
				dst = append(dst, t.Demand[j])
			}
		}
		if len(dst) >= baseValues {
			break
		}
	}
	return dst
}

// holdingStep is the step during which a moment lies; before and behind the trace, its grid is thought to go on.
func holdingStep(t *Trace, at time.Time) int {
	n := t.Len()
	if first := t.Times[0]; at.Before(first) {
		return -1 - int((first.Sub(at)-1)/t.Step)
	}
	if last := t.Times[n-1]; !at.Before(last) {
		return n - 1 + int(at.Sub(last)/t.Step)
	}
	i, exact := slices.BinarySearchFunc(t.Times, at, time.Time.Compare)
	if !exact {
		i--
	}
	return i
}

// markSteps sets the steps from .. to, both included, as far as there are such steps.
func markSteps(steps []bool, from, to int) {
	for i := max(from, 0); i <= min(to, len(steps)-1); i++ {
		steps[i] = true
	}
}
