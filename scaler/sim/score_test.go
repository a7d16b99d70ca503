package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

func TestScores(t *testing.T) {
	// Capacity 10. Unserved: 0, 25-10, a hole, 0, 30-10, 0. Two steps of six in violation.
	tr := minutes(t, 5, 25, hole, 12, 30, 8)
	s := score(tr, nil, Options{Capacity: 10, Penalty: 20}, []int32{1, 2, 2, 3, 1, 1}, []int32{1, 1, 2, 2, 1, 1})
	require.InDelta(t, 10.0/60, s.ReplicaHours, 1e-12, "1+2+2+3+1+1 minutes of a replica, the hole billed")
	require.InDelta(t, 3.5/60, s.UnservedHours, 1e-12)
	require.InDelta(t, 80.0/60, s.Cost, 1e-12, "10 + 20*3.5 minutes")
	require.InDelta(t, 35.0/80, s.Unserved, 1e-12)
	require.InDelta(t, 2.0/6, s.Violation, 1e-12, "the hole counts as a step")
	require.InDelta(t, 3*240, s.ChangesPerDay, 1e-9, "3 changes in 6 minutes")
	require.InDelta(t, 1*240, s.ReversalsPerDay, 1e-9, "up, up, down: one reversal")
	require.True(t, s.EventUnserved != s.EventUnserved, "NaN without events")
}

func TestScoresBeginWithTheFirstScoredStep(t *testing.T) {
	tr := minutes(t, 90, 90, 30, 10)
	s := score(tr, nil, Options{Capacity: 10, Warmup: 0.5}, []int32{9, 1, 2, 1}, []int32{1, 1, 1, 1})
	require.InDelta(t, 3.0/60, s.ReplicaHours, 1e-12)
	require.InDelta(t, s.ReplicaHours, s.Cost, 1e-12, "penalty 0")
	require.InDelta(t, 20.0/40, s.Unserved, 1e-12)
	require.InDelta(t, 0.5, s.Violation, 1e-12)
	require.InDelta(t, 720, s.ChangesPerDay, 1e-9, "the change into the first scored step is not in")
	require.Zero(t, s.ReversalsPerDay)
}

func TestScoresWithoutDemand(t *testing.T) {
	s := score(minutes(t, 0, hole), nil, Options{Capacity: 1, Penalty: 20}, []int32{1, 1}, []int32{0, 0})
	require.Zero(t, s.Unserved)
	require.Zero(t, s.Violation)
	require.InDelta(t, 2.0/60, s.Cost, 1e-12)
}

func TestReversalIsAChangeBackWithinTenMinutes(t *testing.T) {
	for _, c := range []struct {
		name    string
		ordered []int32
		want    float64
	}{
		{"at once", []int32{1, 2, 1, 1, 1, 1}, 1},
		{"600 s later", []int32{1, 2, 2, 1, 1, 1}, 1},
		{"900 s later", []int32{1, 2, 2, 2, 1, 1}, 0},
		{"the same way", []int32{1, 2, 3, 4, 5, 6}, 0},
		{"to and fro", []int32{1, 2, 1, 2, 1, 2}, 4},
		{"down first", []int32{2, 1, 2, 2, 2, 2}, 1},
		{"the change before counts, not one before that", []int32{1, 2, 3, 3, 2, 2}, 1},
	} {
		tr := steps(t, 5*time.Minute, make([]float64, 6)...)
		s := score(tr, nil, Options{Capacity: 1}, c.ordered, c.ordered)
		require.InDelta(t, c.want*48, s.ReversalsPerDay, 1e-9, c.name)
	}
}

func TestEventUnservedOfOneSpot(t *testing.T) {
	// An hour of 10 a minute; a spot at 30:20 brings 40+20+10 more in the minutes 31 to 33.
	demand := make([]float64, 60)
	for i := range demand {
		demand[i] = 10
	}
	demand[31], demand[32], demand[33] = 50, 30, 20
	demand[36] = 900 // six minutes after: not the response any more, and not the base either
	tr := minutes(t, demand...)
	events := []forecast.Event{{Start: at(30*60 + 20)}}
	ready := make([]int32, 60)
	for i := range ready {
		ready[i] = 2
	}
	o := Options{Capacity: 10}
	require.InDelta(t, 40.0/70, score(tr, events, o, ready, ready).EventUnserved, 1e-12, "30 and 10 unserved")
	clear(ready)
	require.InDelta(t, 1, score(tr, events, o, ready, ready).EventUnserved, 1e-12, "min(u, e): never more than all")

	o.ScoreFrom = at(32 * 60)
	ready[32], ready[33] = 2, 2
	require.InDelta(t, 10.0/30, score(tr, events, o, ready, ready).EventUnserved, 1e-12, "scored steps only")

	double := slices.Concat(events, []forecast.Event{{Start: at(30 * 60)}})
	require.InDelta(t, 10.0/30, score(tr, double, o, ready, ready).EventUnserved, 1e-12, "a step counts once")

	far := []forecast.Event{{Start: at(1e6)}, {Start: at(-1e6)}}
	require.True(t, isNaN(score(tr, far, o, ready, ready).EventUnserved), "no step near an event")
	require.True(t, isNaN(score(tr, []forecast.Event{}, o, ready, ready).EventUnserved), "no events")
	flat := []forecast.Event{{Start: at(45 * 60)}}
	require.True(t, isNaN(score(tr, flat, o, ready, ready).EventUnserved), "no excess")
}

func isNaN(v float64) bool { return v != v }

func TestEventUnservedTakesTheStepsOneBeforeToFiveAfter(t *testing.T) {
	// Only one step has any excess; is it in?
	for step, in := range map[int]bool{27: false, 28: false, 29: true, 30: true, 35: true, 36: false, 37: false, 38: false} {
		demand := make([]float64, 60)
		demand[step] = 5
		events := []forecast.Event{{Start: at(30*60 + 59)}}
		got := score(minutes(t, demand...), events, Options{Capacity: 1}, make([]int32, 60), make([]int32, 60)).EventUnserved
		require.Equal(t, in, got == 1, "step %d: %v", step, got)
		require.Equal(t, !in, isNaN(got), "step %d: %v", step, got)
	}
}

func TestEventUnservedBase(t *testing.T) {
	// One event at minute 100. The demand of its step is 1000, so the result shows the base: (1000-500)/(1000-base) with
	// half of it served, and nothing else has any excess.
	play := func(n int, edit func(d []float64)) float64 {
		demand := make([]float64, n)
		edit(demand)
		demand[100] = 1000
		ready := make([]int32, n)
		ready[100] = 1
		events := []forecast.Event{{Start: at(100 * 60)}}
		s := score(minutes(t, demand...), events, Options{Capacity: 500}, ready, ready)
		return 1000 - 500/s.EventUnserved
	}
	fill := func(d []float64, from, to int, v float64) {
		for i := from; i < to; i++ {
			d[i] = v
		}
	}
	require.InDelta(t, 0, play(200, func(d []float64) {}), 1e-9)
	require.InDelta(t, 40, play(200, func(d []float64) { fill(d, 70, 99, 40); fill(d, 108, 130, 40) }), 1e-9,
		"the half hours [70, 99) and [108, 130)")
	require.InDelta(t, 0, play(200, func(d []float64) { fill(d, 0, 70, 40); fill(d, 130, 200, 40); fill(d, 106, 108, 40) }), 1e-9,
		"not before, not behind, not what follows the event")
	// 29 values before and 22 after are 51. The upper median is the 26th: 26 values of 40 are enough, 25 are not.
	require.InDelta(t, 40, play(200, func(d []float64) { fill(d, 70, 96, 40) }), 1e-9)
	require.InDelta(t, 0, play(200, func(d []float64) { fill(d, 70, 95, 40) }), 1e-9)
	// One hole makes 50 values: the upper median is the 26th of them, so 25 of 40 are enough.
	require.InDelta(t, 40, play(200, func(d []float64) { fill(d, 70, 95, 40); d[129] = hole }), 1e-9)
	require.InDelta(t, 0, play(200, func(d []float64) { fill(d, 70, 94, 40); d[129] = hole }), 1e-9)
	// With 9 values in the first window, it is widened to an hour; with 10 it is not.
	require.InDelta(t, 7, play(400, func(d []float64) { fill(d, 0, 400, 7); fill(d, 70, 130, hole); fill(d, 70, 79, 2) }), 1e-9)
	require.InDelta(t, 2, play(400, func(d []float64) { fill(d, 0, 400, 7); fill(d, 70, 130, hole); fill(d, 70, 80, 2) }), 1e-9)
	// No value within four hours: 0.
	require.InDelta(t, 0, play(900, func(d []float64) { fill(d, 0, 340, hole); fill(d, 340, 900, 7) }), 1e-9)
	require.InDelta(t, 7, play(900, func(d []float64) { fill(d, 0, 339, hole); fill(d, 339, 900, 7) }), 1e-9)
}
