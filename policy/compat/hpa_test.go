package compat

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// newHPA is an HPA of the default parameters after edit, for minutes.
func newHPA(t require.TestingT, step time.Duration, edit func(*HPAParams)) *HPA {
	p := DefaultHPAParams()
	if edit != nil {
		edit(&p)
	}
	h, err := NewHPA(p, step)
	require.NoError(t, err)
	return h
}

func half(p *HPAParams) { p.Target, p.Tolerance = 0.5, 0.25 } // numbers that float64 holds exactly

func TestHPAHoldsInsideTheTolerance(t *testing.T) {
	// Target 0.5 of a capacity of 10: each replica should carry 5. With 4 ordered the ratio is demand/20.
	for _, c := range []struct {
		demand float64
		want   int
	}{
		{20, 4},   // exactly on target
		{25, 4},   // 1.25: the edge holds
		{25.1, 6}, // just over: ceil(25.1/5)
		{15, 4},   // 0.75: the edge holds
		{14.9, 3}, // just under: ceil(14.9/5)
		{0, 1},    // never below 1
	} {
		h := newHPA(t, time.Minute, half)
		require.Equal(t, c.want, h.Decide(1, c.demand, 10, 4), "demand %v", c.demand)
	}
}

func TestHPAComparesToleranceAsKubernetesDoes(t *testing.T) {
	// A ratio of exactly 1.1 against a tolerance of 0.1: |1.1-1| is 0.10000000000000009, 1.1 <= 1+0.1 is true.
	h := newHPA(t, time.Minute, func(p *HPAParams) { p.Target = 1 })
	require.Equal(t, 1, h.Decide(1, 1.1, 1, 1))
	require.Equal(t, 2, h.Decide(2, math.Nextafter(1.1, 2), 1, 1))
}

func TestHPAProposesTheCountThatMeetsTheTarget(t *testing.T) {
	h := newHPA(t, time.Minute, nil)
	require.Equal(t, 5, h.Decide(1, 31, 10, 3), "ceil(31/7)")
	require.Equal(t, 3, h.Decide(20, 16, 10, 5), "ceil(16/7), the old proposal is out of the window")
}

func TestHPAWindowEndsAfterExactly300Seconds(t *testing.T) {
	h := newHPA(t, time.Minute, half)
	require.Equal(t, 8, h.Decide(10, 40, 10, 6))
	for step := int64(11); step <= 15; step++ {
		require.Equal(t, 8, h.Decide(step, 5, 10, 8), "step %d: at most 300 s old", step)
	}
	require.Equal(t, 1, h.Decide(16, 5, 10, 8), "360 s old")
}

func TestHPAWindowOfTwoAndAHalfStepsHoldsTwo(t *testing.T) {
	h := newHPA(t, 2*time.Minute, half)
	h.Decide(10, 40, 10, 8)
	require.Equal(t, 8, h.Decide(12, 5, 10, 8), "240 s old")
	require.Equal(t, 1, h.Decide(13, 5, 10, 8), "360 s old")
}

func TestHPAWithoutWindowFallsAtOnce(t *testing.T) {
	h := newHPA(t, time.Minute, func(p *HPAParams) { half(p); p.Window = 0 })
	require.Equal(t, 8, h.Decide(1, 40, 10, 8))
	require.Equal(t, 1, h.Decide(2, 5, 10, 8))
	// A window shorter than a step is none.
	h = newHPA(t, time.Hour, half)
	require.Equal(t, 8, h.Decide(1, 40, 10, 8))
	require.Equal(t, 1, h.Decide(2, 5, 10, 8))
}

func TestHPARemembersTheProposalBeforeItIsRaised(t *testing.T) {
	h := newHPA(t, time.Minute, half)
	require.Equal(t, 8, h.Decide(1, 40, 10, 8)) // proposes 8
	require.Equal(t, 8, h.Decide(5, 10, 10, 8)) // proposes 2, raised to 8: what is remembered is 2
	require.Equal(t, 2, h.Decide(7, 10, 10, 8), "the 8 of step 1 is 360 s old, and step 5 did not renew it")
	require.Equal(t, 2, h.Decide(8, 5, 10, 2), "1 now, 2 three minutes ago")
}

func TestHPARemembersTheProposalBeforeItIsLimited(t *testing.T) {
	h := newHPA(t, 15*time.Second, half)
	require.Equal(t, 5, h.Decide(1, 500, 10, 1), "wants 100, may add 4")
	require.Equal(t, 10, h.Decide(2, 25, 10, 5), "wants 5, but 100 is remembered: doubles")
}

func TestHPALimitsGrowthByTheStep(t *testing.T) {
	for _, c := range []struct {
		step    time.Duration
		ordered int
		want    int
	}{
		{10 * time.Second, 1, 5},  // at least one period
		{15 * time.Second, 1, 5},  // 1+4
		{15 * time.Second, 4, 8},  // both agree
		{15 * time.Second, 6, 12}, // 2*6
		{29 * time.Second, 6, 12}, // the second period is not over
		{30 * time.Second, 1, 10}, // 1, 5, 10
		{time.Minute, 1, 40},      // 1, 5, 10, 20, 40
		{time.Minute, 3, 56},      // 3, 7, 14, 28, 56
		{time.Hour, 1, 1000},      // no limit worth the name, and no overflow
		{15 * time.Second, 600, 1000},
		{15 * time.Second, 0, 4}, // a fleet scaled to zero
	} {
		h := newHPA(t, c.step, half)
		require.Equal(t, c.want, h.Decide(1, 5000, 10, c.ordered), "%v from %d", c.step, c.ordered)
	}
}

func TestHPADecidesNothingAtAHole(t *testing.T) {
	h := newHPA(t, time.Minute, half)
	require.Equal(t, 8, h.Decide(1, 40, 10, 8))
	require.Equal(t, 3, h.Decide(2, math.NaN(), 10, 3), "the ordered count stays, whatever the window says")
	require.Equal(t, 3, h.Decide(3, -1, 10, 3))
	require.Equal(t, 3, h.Decide(3, 40, 0, 3))
	require.Equal(t, 3, h.Decide(3, 40, math.NaN(), 3))
	require.Equal(t, 8, h.Decide(6, 5, 10, 8), "the 8 is still there")
	require.Equal(t, 1, h.Decide(7, 5, 10, 8), "and nothing was added to it")
}

func TestHPASurvivesAbsurdNumbers(t *testing.T) {
	h := newHPA(t, time.Hour, nil)
	require.Equal(t, math.MaxInt32, h.Decide(1, math.MaxFloat64, 1e-300, 1))
	require.Equal(t, math.MaxInt32, h.Decide(2, math.Inf(1), 1, 1))
	h = newHPA(t, time.Hour, func(p *HPAParams) { p.UpFactor, p.UpAdd = math.MaxInt, math.MaxInt })
	require.Equal(t, math.MaxInt32, h.Decide(1, math.Inf(1), 1, 1))
}

func TestHPAResetForgets(t *testing.T) {
	h := newHPA(t, time.Minute, half)
	h.Decide(1, 40, 10, 8)
	h.Reset()
	require.Equal(t, 1, h.Decide(2, 5, 10, 8))
}

func TestNewHPANamesTheFault(t *testing.T) {
	for name, edit := range map[string]func(*HPAParams){
		"target 0":                        func(p *HPAParams) { p.Target = 0 },
		"target NaN":                      func(p *HPAParams) { p.Target = math.NaN() },
		"target 1.5":                      func(p *HPAParams) { p.Target = 1.5 },
		"tolerance -1":                    func(p *HPAParams) { p.Tolerance = -1 },
		"tolerance NaN":                   func(p *HPAParams) { p.Tolerance = math.NaN() },
		"window -1s":                      func(p *HPAParams) { p.Window = -time.Second },
		"window 2562047h47m16.854775807s": func(p *HPAParams) { p.Window = math.MaxInt64 },
		"max(1*n, n+0)":                   func(p *HPAParams) { p.UpFactor, p.UpAdd = 1, 0 },
		"period 0s":                       func(p *HPAParams) { p.UpPeriod = 0 },
	} {
		p := DefaultHPAParams()
		edit(&p)
		_, err := NewHPA(p, time.Millisecond)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "wanted")
	}
	_, err := NewHPA(DefaultHPAParams(), 0)
	require.ErrorContains(t, err, "step 0s")
}

func TestHPAAllocatesNothingPerDecision(t *testing.T) {
	h := newHPA(t, time.Minute, nil)
	step, ordered := int64(0), 1
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		step++
		ordered = h.Decide(step, float64(step*7919%997), 10, ordered)
	}))
}

// slowHPA keeps every proposal and writes the rule down as the contract states it.
type slowHPA struct {
	params    HPAParams
	step      time.Duration
	proposals map[int64]int
}

func (s *slowHPA) decide(step int64, demand, capacity float64, ordered int) int {
	if math.IsNaN(demand) {
		return ordered
	}
	proposal := ordered
	if ratio := demand / (s.params.Target * capacity * float64(ordered)); ratio < 1-s.params.Tolerance || ratio > 1+s.params.Tolerance {
		proposal = max(1, int(math.Ceil(demand/(s.params.Target*capacity))))
	}
	s.proposals[step] = proposal
	raised := proposal
	for at, p := range s.proposals {
		if age := time.Duration(step-at) * s.step; age <= s.params.Window {
			raised = max(raised, p)
		}
	}
	limit := ordered
	for i := 0; i == 0 || time.Duration(i+1)*15*time.Second <= s.step; i++ {
		limit = max(2*limit, limit+4)
	}
	return max(1, min(raised, limit))
}

func TestHPAEqualsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := time.Duration(rapid.IntRange(5, 200).Draw(t, "step")) * time.Second
		p := DefaultHPAParams()
		p.Window = time.Duration(rapid.IntRange(0, 900).Draw(t, "window")) * time.Second
		fast, err := NewHPA(p, step)
		require.NoError(t, err)
		slow := &slowHPA{params: p, step: step, proposals: map[int64]int{}}
		ordered := rapid.IntRange(1, 30).Draw(t, "start")
		for i, at := 0, int64(0); i < 60; i++ {
			at += int64(rapid.IntRange(1, 3).Draw(t, "steps"))
			demand := rapid.Float64Range(-5, 300).Draw(t, "demand")
			if demand < 0 {
				demand = math.NaN()
			}
			want := slow.decide(at, demand, 10, ordered)
			got := fast.Decide(at, demand, 10, ordered)
			require.Equal(t, want, got)
			ordered = got
		}
	})
}
