package scaler

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/compat"
)

// todays are rules as an operator writes them.
var todays = map[string]string{
	"kube_hpa":        `{"at_capacity": [1], "kube_hpa": {"minReplicas": 2, "maxReplicas": 50, "metrics": [{"kind": "Utilization", "target": 70}], "behavior": {"scaleDown": {"stabilizationWindowSeconds": 120, "tolerance": 0.05}}}}`,
	"kpa":             `{"at_capacity": [100], "kpa": {"stable-window": "10m", "scale-down-delay": "3m", "target-burst-capacity": -1}}`,
	"wpa":             `{"at_capacity": [1, 1], "wpa": {"algorithm": "average", "tolerance": 0, "metrics": [{"highWatermark": 0.8, "lowWatermark": 0.6}, {"highWatermark": 0.9, "lowWatermark": 0.5}]}}`,
	"target_tracking": `{"at_capacity": [100], "target_tracking": {"TargetValue": 60, "EstimatedInstanceWarmup": 120}}`,
	"step_scaling":    `{"step_scaling": {"MinSize": 1, "Policies": [{"Threshold": 7, "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}]}, {"Threshold": 4, "ComparisonOperator": "LessThanThreshold", "StepAdjustments": [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}]}]}}`,
	"lcp":             `{"lcp": {"max": 100}}`,
	"schedule":        `{"schedule": {"min": 5, "max": 9, "windows": [{"start": "01:00", "end": "02:30", "min": 8, "ramp_up": "20m"}]}}`,
}

// withToday parses a configuration of two signals with a rule of today.
func withToday(t require.TestingT, rule, more string) Config {
	c, err := ParseConfig([]byte(`{"signals": [{"name": "a", "capacity": 10}, {"name": "b", "capacity": 3}], "today": ` + rule + more + `}`))
	require.NoError(t, err)
	return c
}

func TestTodayParsesBackEqual(t *testing.T) {
	prints := map[Fingerprint]string{}
	for name, rule := range todays {
		c := withToday(t, rule, "")
		full := c.WithDefaults()
		require.NoError(t, full.Validate(), name)
		require.Equal(t, full, full.WithDefaults(), "%s: defaults of defaults", name)
		b, err := json.Marshal(full)
		require.NoError(t, err)
		back, err := ParseConfig(b)
		require.NoError(t, err)
		require.Equal(t, full, back.WithDefaults(), name)
		require.Equal(t, c.Fingerprint(), back.Fingerprint(), "%s: a default that is written out changes nothing", name)
		require.Empty(t, prints[c.Fingerprint()])
		prints[c.Fingerprint()] = name
	}
	require.Equal(t, []float64{10}, withToday(t, todays["lcp"], "").WithDefaults().Today.AtCapacity, "a metric is demand itself")
	l := withToday(t, todays["lcp"], `, "penalty": 30, "boot": "4m"`).WithDefaults().Today.LCP
	require.Equal(t, compat.LCPConfig{Capacity: 10, Step: compat.Duration(time.Minute), Boot: compat.Duration(4 * time.Minute), Penalty: 30, Max: 100}, *l, "its prices are the engine's")
	k := withToday(t, `{"kpa": {}}`, `, "step": "5m"`).WithDefaults().Today.KPA
	require.Equal(t, 5*time.Minute, k.StableWindow.Std(), "no window is shorter than what is known of demand")
}

func TestTodayNamesEveryFault(t *testing.T) {
	for text, want := range map[string][]string{
		`{"today": {}}`: {"today is no rule; wanted exactly one of kube_hpa"},
		`{"today": {"at_capacity": [0, 1, 2], "lcp": {"max": 0, "step": "2m"}, "wpa": {"metrics": []}}}`: {
			"today is wpa and lcp;", "today.lcp.capacity is 0;", "today.lcp.max is 0;", "today.lcp.step is 2m0s; wanted that of the demand (1m0s)", "today.wpa.metrics is empty;", "today.at_capacity[0] is 0;", "today.at_capacity is a list of 3 for 0 metrics and 1 signals"},
		`{"today": {"kpa": {"granularity": "10s", "max-scale-up-rate": 1, "stable-window": "1s"}}}`: {
			"today.kpa.granularity is 10s; wanted at least a step (1m0s)", "today.kpa.max-scale-up-rate is 1;", "today.kpa.stable-window is 1s;"},
		`{"today": {"wpa": {"metrics": [{"highWatermark": 1, "lowWatermark": 2}, {"highWatermark": -1}]}}}`: {
			"today.wpa.metrics[0].highWatermark is 1; wanted at least lowWatermark", "today.wpa.metrics[1].lowWatermark is -1;", "today.at_capacity is a list of 2 for 2 metrics and 1 signals"},
		`{"step": "24h", "boot": "24h", "today": {"kube_hpa": {"syncPeriod": "1s", "metrics": [{"kind": "Value", "target": 1}]}}}`: {"today.kube_hpa.syncPeriod is 1s; wanted at least 15s for steps of 24h0m0s"},
		`{"today": {"schedule": {"windows": [{"start": "8:00", "end": "09:00", "days": ["monday"]}]}}}`:                            {`today.schedule.windows[0].start is "8:00";`, `today.schedule.windows[0].days is "monday";`},
		`{"policy": "today"}`:             {`policy is "today"; wanted none`},
		`{"exclude": ["today", "today"]}`: {`exclude[1] is "today"`},
	} {
		c, err := ParseConfig([]byte(text))
		require.NoError(t, err, text)
		_, err = New(c)
		for _, w := range want {
			require.ErrorContains(t, err, w)
		}
		require.Len(t, err, len(want), "%s: %v", text, err)
		require.NotContains(t, err.Error(), "\n")
	}
	for text, want := range map[string]string{
		`{"today": {"wpa": {"high": 1}}}`:                       "today.wpa.high is unknown; wanted one of minReplicas",
		`{"today": {"kpa": {"tick": 2}}}`:                       `today.kpa.tick is 2; wanted a duration in quotes`,
		`{"today": {"wpa": {"tolerance": "x"}}}`:                `today.wpa.tolerance is "x"; wanted a number`,
		`{"today": {"wpa": {"metrics": [{"name": 1}]}}}`:        "today.wpa.metrics[0].name is 1; wanted a text",
		`{"today": {"kube_hpa": {"behavior": {"scaleUp": 1}}}}`: "today.kube_hpa.behavior.scaleUp is a number; wanted an object",
		`{"today": null}`:                                       "today is null; wanted an object",
	} {
		_, err := ParseConfig([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

// tale plays a story for two signals, with holes, and returns all decisions; from step restart on, a restored engine goes on.
func tale(t *testing.T, cfg Config, restart int) (out []byte) {
	l := newLoop(t, cfg)
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range 700 {
		if i == restart {
			b, err := l.engine.AppendBinary(nil)
			require.NoError(t, err)
			l.engine, err = Restore(l.engine.Config(), b)
			require.NoError(t, err)
		}
		if i == 350 {
			require.NoError(t, l.engine.Pin(""))
		}
		v := wave(rng, i) / 2
		if i%60 > 55 {
			v = math.NaN()
		}
		b, err := json.Marshal(l.step(v))
		require.NoError(t, err)
		out = append(out, b...)
	}
	require.Positive(t, l.d.Costs.Today.Week)
	require.Positive(t, l.d.Costs.Unpinned.Week)
	require.Equal(t, l.d.Costs.Today, l.engine.Shadows(nil)[policy.Today].Spent)
	require.Equal(t, "today", l.engine.Shadows(nil)[policy.Today].Name)
	require.Equal(t, policy.FamilyToday, l.engine.Shadows(nil)[policy.Today].Family)
	return out
}

func TestTodayContinuesFromASnapshot(t *testing.T) {
	for name, rule := range todays {
		cfg := withToday(t, rule, `, "policy": "today"`)
		want := tale(t, cfg, -1)
		for _, at := range []int{0, 1, 58, 213, 400} {
			require.True(t, bytes.Equal(want, tale(t, cfg, at)), "%s restored at step %d", name, at)
		}
	}
}

func TestTodayAllocatesNothingAndIsPeekedAt(t *testing.T) {
	for name, rule := range todays {
		l := newLoop(t, withToday(t, rule, `, "policy": "today"`))
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range 300 {
			l.step(wave(rng, i) / 2)
		}
		before, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		var d Decision
		later := l.now.Add(9 * time.Minute)
		require.NoError(t, l.engine.Peek(&d, later, l.fleet()))
		require.NoError(t, l.engine.WhatIf(&d, l.now, l.fleet(), WhatIf{Next: 3}))
		if !slices.Contains([]string{"schedule", "lcp", "target_tracking"}, name) {
			require.Greater(t, d.Replicas, l.d.Replicas, "%s sees what if", name)
		}
		after, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after), name)

		now, fleet := l.now, policy.Fleet{Ready: 9}
		require.Zero(t, testing.AllocsPerRun(200, func() {
			_ = l.engine.Observe(0, forecast.Sample{Time: now, Value: 70})
			now = now.Add(time.Minute)
			_ = l.engine.Recommend(&d, now, fleet)
		}), name)
		require.Zero(t, testing.AllocsPerRun(50, func() { _ = l.engine.Peek(&d, now, fleet) }), name)
		once := d
		require.NoError(t, l.engine.Recommend(&d, now, fleet))
		require.NoError(t, l.engine.Recommend(&d, now, fleet))
		require.Equal(t, once.Replicas, d.Replicas, "%s: the same again", name)
		require.Equal(t, once.Costs, d.Costs)
	}
}

func TestPinning(t *testing.T) {
	l := newLoop(t, withToday(t, todays["schedule"], ""))
	for range 80 {
		l.step(20)
	}
	require.Equal(t, l.d.Replicas, l.d.Unpinned, "the engine decides")
	require.Greater(t, l.d.Replicas, 20)
	require.Zero(t, l.d.Costs.Pinned)
	require.NoError(t, l.engine.Pin("today"))
	l.step(20)
	require.Equal(t, 8, l.d.Replicas, "at 01:21 the schedule has 8")
	require.Greater(t, l.d.Unpinned, 20, "and what the engine would have is said")
	require.Equal(t, l.d.Costs.Today, l.d.Costs.Pinned)
	require.Less(t, l.d.Costs.Saving().Day, l.d.Costs.Today.Day)
	require.InDelta(t, l.d.Costs.Today.Day-l.d.Costs.Unpinned.Day, l.d.Costs.Saving().Day, 1e-9)
	require.Positive(t, l.d.Costs.Saving().Day, "a fleet of 8 is dear")
	require.ErrorIs(t, l.engine.Pin("nobody"), ErrUnknownPolicy)
	require.NoError(t, l.engine.Pin(""))
	l.step(20)
	require.Equal(t, l.d.Replicas, l.d.Unpinned)

	plain := newLoop(t, Config{})
	require.ErrorIs(t, plain.engine.Pin("today"), ErrUnknownPolicy)
	require.NoError(t, plain.engine.Pin("hpa-70-5m"))
	for range 30 {
		plain.step(7)
	}
	require.Equal(t, plain.d.Costs.Pinned, plain.engine.Shadows(nil)[policy.FindShadow("hpa-70-5m")].Spent)
	require.Zero(t, plain.d.Unpinned, "nobody asked for it when the engine was made")
	require.Zero(t, plain.d.Costs.Saving())
}

func FuzzRestoreKPA(f *testing.F) {
	fuzzRestore(f, Config{MaxEvents: 2, Today: &Today{KPA: &compat.KPAConfig{}}, Policy: "today"})
}

func FuzzRestoreKubeHPA(f *testing.F) {
	fuzzRestore(f, Config{MaxEvents: 2, Today: &Today{KubeHPA: &compat.KubeHPAConfig{Metrics: []compat.KubeMetric{{Kind: compat.KubeAverageValue, Target: 1}}}}})
}

func TestTodayIsSetBesideTheEngine(t *testing.T) {
	l := newLoop(t, Config{Policy: "today", Today: &Today{AtCapacity: []float64{100}, TargetTracking: &compat.TargetTrackingConfig{TargetValue: 50}}})
	for range 600 {
		l.step(8)
	}
	require.Equal(t, 16, l.d.Replicas)
	why := l.d.Explain().Why
	require.Contains(t, why, "The newest value of demand is 8 and 16 replicas carry 16")
	require.Contains(t, why, "decided by the rule that runs today (today, as configured); in the last day the rule that runs today costs 133 replica-hours, the engine 75.1.")
	_, ok := l.d.More()
	require.False(t, ok, "nothing is known of where such a rule turns")
	_, _, ok = l.d.Less()
	require.False(t, ok)
	require.Contains(t, l.d.Explain().Unless, "fewer are kept")
	require.InDelta(t, 16, l.d.Costs.Today.Hour, 0.1)
	require.InDelta(t, 9, l.d.Costs.Unpinned.Hour, 1)
	require.Equal(t, 9, l.d.Unpinned)
	b, err := json.Marshal(l.d)
	require.NoError(t, err)
	var out struct {
		Unpinned int
		Costs    map[string]map[string]float64
	}
	require.NoError(t, json.Unmarshal(b, &out))
	require.Equal(t, 9, out.Unpinned)
	require.Equal(t, l.d.Costs.Today.Week, out.Costs["today"]["week"])
	require.Equal(t, l.d.Costs.Unpinned.Hour, out.Costs["unpinned"]["hour"])
	require.Contains(t, l.d.LogValue().String(), "unpinned=")
}

// The rule's time is that of the grid of steps, wherever in a step the decision falls, and shown by the caller's clock.
func TestTodayGoesByTheGrid(t *testing.T) {
	e, err := New(Config{Step: Duration(2 * time.Minute), Policy: "today", Today: &Today{Schedule: &compat.ScheduleConfig{Min: 5, Max: 9, Windows: []compat.ScheduleWindow{{Start: "02:03", End: "03:00", Min: 8}}}}})
	require.NoError(t, err)
	var d Decision
	at := func(seconds int) time.Time {
		return t0.Add(time.Duration(seconds) * time.Second).In(time.FixedZone("two hours east", 7200))
	}
	require.NoError(t, e.Observe(0, forecast.Sample{Time: at(0), Value: 5}))
	require.NoError(t, e.Recommend(&d, at(210), policy.Fleet{Ready: 5}))
	require.Equal(t, 5, d.Replicas, "the step began at 02:02")
	require.NoError(t, e.Observe(0, forecast.Sample{Time: at(120), Value: 5}))
	require.NoError(t, e.Recommend(&d, at(250), policy.Fleet{Ready: 5}))
	require.Equal(t, 8, d.Replicas)
}
