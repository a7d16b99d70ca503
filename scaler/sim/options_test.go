package sim

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// minutes is a trace of one-minute steps from 1970 on.
func minutes(t testing.TB, demand ...float64) *Trace { return steps(t, time.Minute, demand...) }

func steps(t testing.TB, step time.Duration, demand ...float64) *Trace {
	t.Helper()
	tr, err := NewTrace("test", at(0), step, demand)
	require.NoError(t, err)
	return tr
}

func TestDefaultCapacity(t *testing.T) {
	demand := make([]float64, 100)
	for i := range demand {
		demand[i] = float64(99 - i) // unsorted: 99 .. 0
	}
	require.Equal(t, 95.0/40, DefaultCapacity(minutes(t, demand...)), "p95 is the value at index 95 of 100")
	demand[0] = 1e6
	require.Equal(t, 500.0, DefaultCapacity(minutes(t, demand...)), "the peak takes at most 2000 replicas")
	demand[0] = hole
	require.Equal(t, 94.0/40, DefaultCapacity(minutes(t, demand...)), "index floor(.95*99) = 94 of the 99 known ones")
	require.Equal(t, 8.0/40, DefaultCapacity(minutes(t, 1, 8)), "index 1 of 2")
	require.Zero(t, DefaultCapacity(minutes(t, hole, hole)))
	require.Zero(t, DefaultCapacity(minutes(t, 0, 0)))
}

func TestDefaultOptions(t *testing.T) {
	o := DefaultOptions(minutes(t, 40, 40))
	require.Equal(t, 1.0, o.Capacity)
	require.Equal(t, 120*time.Second, o.Boot)
	require.Equal(t, 20.0, o.Penalty)
	require.Zero(t, o.Lag)
	require.Equal(t, 0.3, o.Warmup)
	require.Equal(t, 24*time.Hour, o.Announce)
	require.Zero(t, o.ScoreFrom)
	require.False(t, o.ScaleToZero)
	require.Equal(t, 15*time.Minute, o.GiveUp)
	require.True(t, o.simple())
}

func TestOptionsValidateNamesEveryFault(t *testing.T) {
	tr := minutes(t, 1, 2, 3)
	require.NoError(t, DefaultOptions(tr).Validate(tr))
	bad := Options{Capacity: math.Inf(1), Boot: -1, Penalty: math.NaN(), Lag: -1, Warmup: 1, ScoreFrom: at(121), Announce: -1,
		Activation: 1, BootTimes: BootTimes{Quantiles: []BootQuantile{{2, 1}}}, FailedStarts: math.NaN(), GiveUp: -1, Drain: -1,
		Cap: -1, Signal: 2, Shown: []float64{hole, -1}}
	err := bad.Validate(tr)
	for _, want := range []string{
		"capacity +Inf: wanted a finite number above 0",
		"boot -1ns: wanted 0 or more",
		"penalty NaN: wanted a finite number of 0 or more",
		"lag -1ns: wanted 0 or more",
		"warmup 1: wanted at least 0 and less than 1",
		"score-from 1970-01-01T00:02:01Z: wanted at most the start of the last step, 1970-01-01T00:02:00Z",
		"announce -1ns: wanted 0 or more",
		"activation 1ns: wanted scale to zero too",
		"boot times: share 2: wanted over 0 and at most 1",
		"failed starts NaN: wanted at least 0 and less than 1",
		"give up -1ns: wanted more than 0",
		"drain -1ns: wanted 0 or more",
		"cap -1: wanted 1 to 2147483647, or 0 for none",
		"signal 2: wanted SignalDemand or SignalUtilisation",
		"shown: 2 values; wanted 3, one for each step",
		"shown[1] -1: wanted a finite number of 0 or more, or NaN for a hole",
	} {
		require.ErrorContains(t, err, want)
	}
	for name, edit := range map[string]func(*Options){
		"capacity -1":  func(o *Options) { o.Capacity = -1 },
		"capacity 0":   func(o *Options) { o.Capacity = 0 },
		"capacity NaN": func(o *Options) { o.Capacity = math.NaN() },
		"capacity 1e-06: the peak of 3 takes more than 1000000 replicas": func(o *Options) { o.Capacity = 1e-6 },
		"penalty -1":                        func(o *Options) { o.Penalty = -1 },
		"penalty +Inf":                      func(o *Options) { o.Penalty = math.Inf(1) },
		"warmup -0.1":                       func(o *Options) { o.Warmup = -0.1 },
		"warmup NaN":                        func(o *Options) { o.Warmup = math.NaN() },
		"activation -1ns: wanted 0 or more": func(o *Options) { o.Activation = -1 },
		"failed starts 1: wanted":           func(o *Options) { o.FailedStarts = 1 },
		"give up 0s: wanted":                func(o *Options) { o.FailedStarts, o.GiveUp = .1, 0 },
	} {
		o := DefaultOptions(tr)
		edit(&o)
		require.ErrorContains(t, o.Validate(tr), name)
	}
	idle := minutes(t, 0, 0)
	require.ErrorContains(t, DefaultOptions(idle).Validate(idle), "capacity 0: the trace has no demand to derive one from")
	require.ErrorContains(t, DefaultOptions(idle).Validate(&Trace{}), "step 0s", "faults of the trace are reported too")
}

func TestOptionsCountSteps(t *testing.T) {
	o := Options{Boot: 120 * time.Second, Lag: 61 * time.Second}
	require.Equal(t, 2, o.BootSteps(time.Minute))
	require.Equal(t, 1, o.BootSteps(5*time.Minute), "rounded up")
	require.Equal(t, 2, o.LagSteps(time.Minute))
	require.Equal(t, 0, Options{}.BootSteps(time.Minute))
}

func TestFirstScored(t *testing.T) {
	tr := minutes(t, 1, hole, 3, 4, 5, 6, 7)
	o := DefaultOptions(tr)
	require.Equal(t, 2, o.FirstScored(tr), "floor(.3*7), holes counted")
	o.Warmup = 0
	require.Equal(t, 0, o.FirstScored(tr))
	o.Warmup = 0.9
	require.Equal(t, 6, o.FirstScored(tr))
	for seconds, want := range map[int64]int{-500: 0, 0: 0, 1: 1, 60: 1, 61: 2, 360: 6, 361: 7} {
		o.ScoreFrom = at(seconds)
		require.Equal(t, want, o.FirstScored(tr), "from %d s, whatever the warm-up", seconds)
	}
}
