package compat

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newKPA(t require.TestingT, spec string) *KPA {
	var cfg KPAConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	k, err := NewKPA(cfg)
	require.NoError(t, err)
	return k
}

// constant feeds one value a second, from one second to before another, and returns the last decision.
func constant(k *KPA, from, to int, value float64, fleet Fleet) (d Decision) {
	for s := from; s < to; s++ {
		d = k.Recommend(at(float64(s)), []float64{value}, fleet)
	}
	return d
}

func TestKPAFollowsTheStableWindow(t *testing.T) {
	// 100 a replica at 70 %: each should have 70.
	k := newKPA(t, `{}`)
	require.Equal(t, Decision{1, ReasonMetric}, constant(k, 0, 60, 70, Fleet{Ready: 1}))
	k = newKPA(t, `{}`)
	require.Equal(t, Decision{2, ReasonMetric}, constant(k, 0, 60, 70.1, Fleet{Ready: 2}))
	// The average of 30 s at 70 and 30 s at 140 is 105.
	k = newKPA(t, `{"panic-threshold-percentage":1000}`)
	constant(k, 0, 30, 70, Fleet{Ready: 1})
	require.Equal(t, Decision{2, ReasonMetric}, constant(k, 30, 60, 140, Fleet{Ready: 1}))
}

func TestKPAPanics(t *testing.T) {
	k := newKPA(t, `{}`)
	constant(k, 0, 60, 70, Fleet{Ready: 1})
	require.False(t, k.Panicking())
	// x10: the panic window of 6 s has seen (5*70+700)/6 = 175 after one second, which asks for 3 of 1.
	require.Equal(t, Decision{3, ReasonMetric}, constant(k, 60, 61, 700, Fleet{Ready: 1}))
	require.True(t, k.Panicking())
	require.Equal(t, Decision{10, ReasonMetric}, constant(k, 61, 66, 700, Fleet{Ready: 1}))
	// The load is gone: nothing is taken away while the window still sees it, nor for a stable window after.
	require.Equal(t, Decision{10, ReasonPanic}, constant(k, 66, 67, 0, Fleet{Ready: 10}))
	require.Equal(t, Decision{10, ReasonPanic}, constant(k, 67, 126, 0, Fleet{Ready: 10}), "the last one over the threshold is 60 s old")
	d := constant(k, 126, 127, 0, Fleet{Ready: 10})
	require.Equal(t, Decision{5, ReasonRate}, d, "10/2: the rate downwards")
	require.False(t, k.Panicking())
}

func TestKPAStartsInPanicWithWhatIsThere(t *testing.T) {
	k := newKPA(t, `{}`)
	require.Equal(t, Decision{8, ReasonPanic}, k.Recommend(at(0), []float64{70}, Fleet{Ready: 8}))
	require.Equal(t, Decision{8, ReasonPanic}, constant(k, 1, 61, 70, Fleet{Ready: 8}))
	require.Equal(t, Decision{4, ReasonRate}, constant(k, 61, 62, 70, Fleet{Ready: 8}))
}

func TestKPALimitsItsSteps(t *testing.T) {
	k := newKPA(t, `{"max-scale-up-rate":1.5,"panic-threshold-percentage":1000}`)
	require.Equal(t, Decision{2, ReasonRate}, k.Recommend(at(0), []float64{700}, Fleet{Ready: 1}), "ceil(1.5)")
	require.Equal(t, Decision{2, ReasonRate}, k.Recommend(at(1), []float64{700}, Fleet{}), "no replica counts as one")
	k = newKPA(t, `{"max-scale":4,"min-scale":2}`)
	require.Equal(t, Decision{4, ReasonMax}, k.Recommend(at(0), []float64{700}, Fleet{Ready: 1}))
	require.Equal(t, Decision{2, ReasonMin}, constant(k, 1, 200, 0, Fleet{Ready: 1}))
	k = newKPA(t, `{"activation-scale":3}`)
	require.Equal(t, Decision{3, ReasonActivation}, k.Recommend(at(0), []float64{1}, Fleet{}))
	k = newKPA(t, `{"unreachable":true,"keep-one":true}`)
	require.Equal(t, Decision{10, ReasonPanic}, k.Recommend(at(0), []float64{70}, Fleet{Ready: 10}))
	require.Equal(t, Decision{1, ReasonMetric}, constant(k, 1, 62, 70, Fleet{Ready: 10}), "nothing slows the way down")
}

func TestKPADelaysScaleDown(t *testing.T) {
	k := newKPA(t, `{"scale-down-delay":"10s","stable-window":"6s","panic-threshold-percentage":1000}`)
	constant(k, 0, 7, 280, Fleet{Ready: 1})
	require.Equal(t, Decision{4, ReasonMetric}, constant(k, 7, 20, 280, Fleet{Ready: 4}))
	// The average asks for 4 and 3 in the tick of seconds 20 and 21, and for 2 from then on; five ticks count.
	require.Equal(t, Decision{4, ReasonDelay}, constant(k, 20, 30, 0, Fleet{Ready: 4}))
	require.Equal(t, Decision{2, ReasonRate}, constant(k, 30, 31, 0, Fleet{Ready: 4}))
}

func TestKPAGoesToZero(t *testing.T) {
	k := newKPA(t, `{"stable-window":"6s","panic-threshold-percentage":1000}`)
	constant(k, 0, 10, 70, Fleet{Ready: 1})
	require.Equal(t, Decision{1, ReasonMetric}, constant(k, 10, 15, 0, Fleet{Ready: 1}))
	require.Equal(t, Decision{1, ReasonGrace}, constant(k, 15, 45, 0, Fleet{Ready: 1}), "inactive since second 15, for 30 s")
	require.Equal(t, Decision{0, ReasonMetric}, constant(k, 45, 46, 0, Fleet{Ready: 1}))
	require.Equal(t, Decision{1, ReasonMetric}, constant(k, 46, 47, 1, Fleet{}))
	require.Equal(t, Decision{1, ReasonGrace}, constant(k, 53, 54, 0, Fleet{Ready: 1}), "a new life, a new grace")

	k = newKPA(t, `{"stable-window":"6s","keep-one":true}`)
	require.Equal(t, Decision{1, ReasonMin}, constant(k, 0, 100, 0, Fleet{Ready: 1}))
	k = newKPA(t, `{"stable-window":"20s"}`)
	require.Equal(t, Decision{1, ReasonGrace}, constant(k, 0, 20, 0, Fleet{Ready: 1}), "active for less than a stable window")
}

func TestKPABurstCapacity(t *testing.T) {
	k := newKPA(t, `{}`)
	constant(k, 0, 10, 140, Fleet{Ready: 2})
	require.Equal(t, 200-211-140.0, k.ExcessBurstCapacity())
	k = newKPA(t, `{"target-burst-capacity":-1}`)
	constant(k, 0, 10, 140, Fleet{Ready: 2})
	require.Equal(t, -1.0, k.ExcessBurstCapacity())
	k = newKPA(t, `{"target-burst-capacity":0}`)
	constant(k, 0, 10, 140, Fleet{Ready: 2})
	require.Zero(t, k.ExcessBurstCapacity())
}

func TestKPAWithoutDataHolds(t *testing.T) {
	k := newKPA(t, `{}`)
	nan := math.NaN()
	require.Equal(t, Decision{3, ReasonMissing}, k.Recommend(at(0), []float64{nan}, Fleet{Ready: 3}))
	k.Recommend(at(1), []float64{700}, Fleet{Ready: 3})
	require.Equal(t, Decision{10, ReasonMetric}, k.Recommend(at(2), nil, Fleet{Ready: 3}), "the window still knows")
	require.Equal(t, Decision{3, ReasonMissing}, k.Recommend(at(62), nil, Fleet{Ready: 3}))
}

func TestWeightedBucketsAsDocumented(t *testing.T) {
	// Knative's own example: 10, 10, 5, 5 with a weight of .6 is 5*.6 + 5*.6*.4 + 10*.6*.16 + 10*.6*.064.
	b := newBuckets(4e9, 1e9, true)
	require.InDelta(t, 0.9, b.weight, 1e-12, "1-(1e-4)^(1/4)")
	b.weight = 0.6
	for i, v := range []float64{10, 10, 5, 5} {
		b.record(int64(i)*1e9, v)
	}
	require.InDelta(t, 5.544, b.average(3e9), 1e-12)
	require.InDelta(t, 5*.24+5*.096+10*.0384, b.average(4e9), 1e-12, "a second without a value: the oldest is out")
	require.Equal(t, 0.2, func() float64 { b := newBuckets(60e9, 1e9, true); return b.weight }())
}

func TestBucketsEqualTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		granule := int64(rapid.IntRange(1, 4).Draw(t, "granule"))
		window := int64(rapid.IntRange(4, 40).Draw(t, "window"))
		b := newBuckets(window*1e9, granule*1e9, false)
		sums := map[int64]float64{}
		var first, last int64
		n := (window + granule - 1) / granule
		sec := int64(-100)
		require.True(t, b.empty(sec*1e9))
		for i := range 60 {
			sec += int64(rapid.IntRange(0, 12).Draw(t, "wait"))
			if rapid.IntRange(0, 30).Draw(t, "silence") == 0 {
				sec += window
			}
			k := int64(math.Floor(float64(sec) / float64(granule)))
			if i == 0 || rapid.Bool().Draw(t, "write") {
				v := float64(rapid.IntRange(0, 1000).Draw(t, "value"))
				if len(sums) == 0 || (k-last)*granule >= window {
					clear(sums)
					first = k
				}
				sums[k] += v
				last = k
				b.record(sec*1e9, v)
			}
			want := 0.0
			for j, v := range sums {
				if j > k-n {
					want += v
				}
			}
			// The granules that count are those from the first write to the last, as far as they are in the window; but a
			// window that is full before the silence loses the silent ones alone.
			count := min(last-first+1, n-(k-last))
			require.Equal(t, (k-last)*granule > window, b.empty(sec*1e9))
			if (k-last)*granule >= window {
				require.Zero(t, b.average(sec*1e9))
			} else {
				require.InDelta(t, want/float64(count), b.average(sec*1e9), 1e-6)
			}
		}
	})
}

func TestKPAConfigNamesEveryFault(t *testing.T) {
	var cfg KPAConfig
	require.NoError(t, json.Unmarshal([]byte(`{"container-concurrency-target-default":-1,"container-concurrency-target-percentage":101,
		"panic-window-percentage":0.5,"panic-threshold-percentage":100,"max-scale-up-rate":1,"max-scale-down-rate":1,
		"target-burst-capacity":-2,"min-scale":5,"max-scale":2,"activation-scale":-1,"granularity":"1us","stable-window":"5s","tick":"1ms",
		"scale-down-delay":"2h","scale-to-zero-grace-period":"1s","scale-to-zero-pod-retention-period":"-1s"}`), &cfg))
	err := cfg.Validate()
	for _, want := range []string{"target-default is -1", "target-percentage is 101", "panic-window-percentage is 0.5",
		"panic-threshold-percentage is 100", "max-scale-up-rate is 1", "max-scale-down-rate is 1", "target-burst-capacity is -2",
		"max-scale is 2", "activation-scale is -1", "granularity is 1µs", "stable-window is 5s", "tick is 1ms",
		"scale-down-delay is 2h", "grace-period is 1s", "retention-period is -1s"} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, KPAConfig{}.Validate())
	c := KPAConfig{StableWindow: Duration(45 * time.Second)}.WithDefaults()
	require.Equal(t, 5*time.Second, c.panicWindow(), "4.5 s rounded to seconds")
}
