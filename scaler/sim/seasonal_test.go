package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/compat"
)

// quarters is a trace of steps of six hours: a day has 4 of them, a week 28.
func quarters(t *testing.T, demand ...float64) *Trace {
	t.Helper()
	tr, err := NewTrace("test", at(0), 6*time.Hour, demand)
	require.NoError(t, err)
	return tr
}

func playSeasonal(t *testing.T, tr *Trace, o Options, p compat.HPAParams) []int32 {
	t.Helper()
	c, err := NewSeasonalHPA(p, tr.Step, o.BootSteps(tr.Step), o.Capacity)
	require.NoError(t, err)
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	return r.Ordered
}

func TestSeasonalHPARaisesToYesterday(t *testing.T) {
	// Target 1 of a capacity of 10 and steps longer than the window: the rule alone follows the demand one step late.
	p := compat.DefaultHPAParams()
	p.Target = 1
	// A boot time of none: yesterday's step and the one after it.
	tr := quarters(t, 20, 20, 80, 20, 20, 20, 20, 20, hole, 20, 20)
	require.Equal(t, []int32{3,
		2, 2, 8, // the first day: the rule alone
		2,       // d[0], d[1]
		8, 8, 2, // d[1], d[2]; d[2], d[3]; d[3], d[4]
		2, 2, 2, // step 9 sees the hole, and yesterday's d[5], d[6]
	}, playSeasonal(t, tr, Options{Capacity: 10}, p))
	// A boot of two steps looks two further: step 3 sees d[-1] .. d[2], step 6 d[2] .. d[5], step 7 d[3] .. d[6].
	require.Equal(t, []int32{3, 2, 2, 8, 8, 8, 8, 2, 2, 2, 2}, playSeasonal(t, tr, Options{Capacity: 10, Boot: 7 * time.Hour}, p))
}

func TestSeasonalHPARaisesWhereTheRuleIsBlind(t *testing.T) {
	p := compat.DefaultHPAParams()
	p.Target = 0.5
	tr := quarters(t, 10, 10, 40, 10, hole, hole, hole, 10, 10, 10)
	require.Equal(t, []int32{2, 2, 2, 8, 2,
		8, 8, // the last step is a hole, yesterday has 40
		8, // and where the rule decides nothing nobody lowers
		2, 2,
	}, playSeasonal(t, tr, Options{Capacity: 10}, p))
	// Every measurement comes a step later, the season of it does not; step 9 is the first to see demand again.
	late := Options{Capacity: 10, Lag: 6 * time.Hour}
	require.Equal(t, []int32{2, 2, 2, 2, 8, 8, 8, 8, 8, 2}, playSeasonal(t, tr, late, p))
}

func TestSeasonalHPARaisesBeyondTheGrowthLimit(t *testing.T) {
	p := compat.DefaultHPAParams()
	p.Target, p.UpPeriod, p.UpAdd, p.UpFactor = 1, 6*time.Hour, 1, 1
	tr := quarters(t, 10, 90, 90, 10, 10, 10)
	// Step 2 wants 9 of 90 and may add 1; step 5 knows yesterday's 90.
	require.Equal(t, []int32{2, 1, 2, 3, 9, 9}, playSeasonal(t, tr, Options{Capacity: 10}, p))
}

func TestSeasonalHPANamesTheFault(t *testing.T) {
	_, err := NewSeasonalHPA(compat.HPAParams{}, time.Minute, 2, 10)
	require.ErrorContains(t, err, "target 0")
	_, err = NewSeasonalHPA(compat.DefaultHPAParams(), time.Minute, -2, 10)
	require.ErrorContains(t, err, "lead -1 steps: wanted")
}
