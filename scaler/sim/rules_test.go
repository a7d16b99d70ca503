package sim

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/compat"
)

// shown records what a rule is shown, and answers with the next of its counts.
type shown struct {
	counts []int
	times  []time.Time
	values []float64
	fleets []compat.Fleet
}

func (s *shown) Recommend(now time.Time, values []float64, fleet compat.Fleet) compat.Decision {
	s.times, s.values, s.fleets = append(s.times, now), append(s.values, values[0]), append(s.fleets, fleet)
	n := s.counts[0]
	s.counts = s.counts[1:]
	return compat.Decision{Count: n}
}

func TestARuleSeesTheLastVisibleStep(t *testing.T) {
	tr := minutes(t, 14, 70, hole, 70, 7)
	rule := &shown{counts: []int{5, 6, 4, 3}}
	r, err := Run(context.Background(), tr, nil, Options{Capacity: 10, Boot: 2 * time.Minute}, NewRule(rule, 10))
	require.NoError(t, err)
	require.Equal(t, []int32{3, 5, 6, 4, 3}, r.Ordered)
	require.Equal(t, []float64{1.4, 7}, rule.values[:2])
	require.True(t, math.IsNaN(rule.values[2]))
	require.Equal(t, []compat.Fleet{{Ready: 3}, {Ready: 3, Starting: 2}, {Ready: 5, Starting: 1}, {Ready: 4}}, rule.fleets)
	require.Equal(t, tr.Times[1:], rule.times)

	rule = &shown{counts: []int{5, 6}}
	r, err = Run(context.Background(), tr, nil, Options{Capacity: 10, Lag: 2 * time.Minute}, NewRule(rule, 10))
	require.NoError(t, err)
	require.Equal(t, []int32{3, 3, 3, 5, 6}, r.Ordered, "nothing to see at steps 1 and 2")
}

func TestAFastRuleOrdersTheMostOfAStep(t *testing.T) {
	rule := &shown{counts: []int{5, 9, 2}}
	c := NewRule(rule, 10)
	c.times, c.every = 3, 15*time.Second
	n, err := c.Decide(&Step{Index: 1, Length: time.Minute, Times: []time.Time{at(0), at(57)}, Time: at(57), Demand: []float64{50}})
	require.NoError(t, err)
	require.Equal(t, 9, n)
	require.Equal(t, []time.Time{at(60), at(75), at(90)}, rule.times)
	require.Equal(t, []compat.Fleet{{}, {Starting: 5}, {Starting: 9}}, rule.fleets)
}

func play1(t *testing.T, tr *Trace, o Options, name string) Result {
	t.Helper()
	r, err := Case{Trace: tr, Options: o}.Play(context.Background(), name)
	require.NoError(t, err)
	require.Equal(t, name, r.Name)
	return r
}

func TestKubeHPALegacyPlaysAsTheSimpleRule(t *testing.T) {
	// Counts over 8 double either way; the two are written apart from each other.
	demand := make([]float64, 600)
	for i := range demand {
		demand[i] = float64(300 + 40*(i/30%4) + i*37%23)
	}
	demand[100] = hole
	tr := minutes(t, demand...)
	o := DefaultOptions(tr)
	o.Capacity = 8
	require.Equal(t, play1(t, tr, o, KubeHPA).Ordered, play1(t, tr, o, KubeHPALegacy).Ordered)
}

func TestRulesAreGivenThePricesOfThePlant(t *testing.T) {
	// A spike of a step is worth its replicas only if unserved demand is dear.
	demand := make([]float64, 100)
	for i := range demand {
		demand[i] = 10
	}
	demand[50] = 15
	tr := minutes(t, demand...)
	for penalty, want := range map[float64]int32{0: 1, 2: 10, 20: 15} {
		r := play1(t, tr, Options{Capacity: 1, Penalty: penalty, Boot: 5 * time.Minute, Warmup: 0.1}, LazyCapacity)
		require.Equal(t, want, r.Ordered[51], "penalty %v", penalty)
	}
	r := play1(t, tr, Options{Capacity: 1, Penalty: 20, Boot: 5 * time.Minute, Warmup: 0.1}, LazyCapacity)
	require.Equal(t, int32(15), r.Ordered[56], "an idle replica stays until it has cost its boot")
	require.Equal(t, int32(10), r.Ordered[57])
}

func TestRulesPlayOnAnyStep(t *testing.T) {
	for _, step := range []time.Duration{time.Second / 2, time.Second, 30 * time.Second, time.Minute, 2 * time.Hour, 48 * time.Hour} {
		tr := &Trace{Name: "x", Step: step}
		for i := range 400 {
			tr.Times = append(tr.Times, at(0).Add(time.Duration(i)*step))
			tr.Spelling = append(tr.Spelling, "")
			tr.Demand = append(tr.Demand, 21)
		}
		for _, name := range []string{KnativeKPA, KubeHPABehavior, KubeHPALegacy} {
			r := play1(t, tr, Options{Capacity: 1, Penalty: 20}, name)
			require.Equal(t, int32(30), r.Ordered[399], "%s, %v: 21 at 70 %%", name, step)
		}
		require.Equal(t, int32(21), play1(t, tr, Options{Capacity: 1, Penalty: 20}, LazyCapacity).Ordered[399], "%v", step)
	}
}

func TestScaleToZeroIsAllowedOnlyWhereItIs(t *testing.T) {
	tr := minutes(t, make([]float64, 60)...)
	for _, name := range []string{KnativeKPA, KubeHPABehavior, KubeHPALegacy, LazyCapacity} {
		require.Equal(t, int32(1), play1(t, tr, Options{Capacity: 1, Penalty: 20}, name).Ordered[59], name)
		require.Equal(t, int32(0), play1(t, tr, Options{Capacity: 1, Penalty: 20, ScaleToZero: true}, name).Ordered[59], name)
	}
}

func TestWPABestEqualsItsTwin(t *testing.T) {
	require.Len(t, hindsightWatermarks(), 15*5)
	c := waves(t)
	var best Result
	for _, m := range hindsightWatermarks() {
		one, err := c.Options.wpa(m)
		require.NoError(t, err)
		r, err := Run(context.Background(), c.Trace, c.Events, c.Options, one)
		require.NoError(t, err)
		if best.Watermarks == nil || r.Cost < best.Cost {
			best, best.Watermarks = r, &m
		}
	}
	got, err := WPABest(context.Background(), c.Trace, c.Events, c.Options)
	require.NoError(t, err)
	require.Len(t, got.Tried, 75)
	got.Tried = nil
	require.Equal(t, best, got)
	require.Contains(t, got.found(), "watermarks 0.")

	_, err = WPABest(context.Background(), c.Trace, nil, Options{})
	require.ErrorContains(t, err, "capacity 0")
	_, err = Case{Trace: c.Trace}.Play(context.Background(), KnativeKPA)
	require.ErrorContains(t, err, "kpa: capacity 0")
}
