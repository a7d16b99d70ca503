package compat

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/internal/state"
)

// minutes are the terms of a demand in minutes.
var minutes = Terms{Step: time.Minute, Boot: 3 * time.Minute, Penalty: 20, Capacity: []float64{8, 4}}

// ruleConfigs are one of every rule.
func ruleConfigs(t require.TestingT) map[string]RuleConfig {
	out := map[string]RuleConfig{}
	for name, spec := range map[string]string{
		"kube_hpa":        `{"kube_hpa": {"behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}, "metrics": [{"kind": "AverageValue", "target": 5}]}}`,
		"kpa":             `{"kpa": {}, "at_capacity": [100]}`,
		"wpa":             `{"wpa": {"metrics": [{"lowWatermark": 1, "highWatermark": 2}, {"lowWatermark": 3}]}, "at_capacity": [1]}`,
		"target_tracking": `{"target_tracking": {"TargetValue": 50}}`,
		"step_scaling":    `{"step_scaling": {"Policies": [{"Threshold": 1, "StepAdjustments": [{"ScalingAdjustment": 1}]}]}}`,
		"lcp":             `{"lcp": {"max": 50}}`,
		"schedule":        `{"schedule": {"windows": [{"start": "09:00", "end": "17:00", "min": 8}]}}`,
	} {
		var c RuleConfig
		require.NoError(t, json.Unmarshal([]byte(spec), &c), name)
		out[name] = c
	}
	return out
}

func TestARuleIsFilledInForItsTerms(t *testing.T) {
	for name, c := range ruleConfigs(t) {
		before, err := json.Marshal(c)
		require.NoError(t, err)
		full := c.On(minutes)
		require.Equal(t, full, full.On(minutes), name)
		require.Empty(t, full.Faults(minutes), name)
		require.Len(t, full.AtCapacity, full.Metrics())
		after, err := json.Marshal(c)
		require.NoError(t, err)
		require.JSONEq(t, string(before), string(after), "%s: what was given stays", name)
		rule, err := full.Start(minutes.Step)
		require.NoError(t, err)
		fleet := Fleet{Ready: 5}
		require.Positive(t, rule.Decide(start, []float64{10, 10}, fleet), name)

		w := state.NewWriter(nil)
		rule.State(&w)
		require.Greater(t, len(w.Bytes()), 9, "%s: the rule is in it", name)
	}
	c := ruleConfigs(t)["wpa"].On(minutes)
	require.Equal(t, []float64{1, 4}, c.AtCapacity, "the second metric is demand itself")
	require.Equal(t, 0, (&RuleConfig{Schedule: &ScheduleConfig{}}).Metrics())
	_, err := (&RuleConfig{}).Start(time.Minute)
	require.ErrorContains(t, err, "no rule")
}

// Every fault of every rule has a field, what was found and what was wanted.
func TestFaultsHaveThreeParts(t *testing.T) {
	bad := `{"at_capacity": [-1, 0, 1], "kube_hpa": {"minReplicas": -1, "maxReplicas": -2, "metrics": [{"kind": "x", "target": 0}], "tolerance": -1, "scaleToZero": true, "syncPeriod": "1ns", "behavior": {"scaleUp": {"selectPolicy": "x", "policies": [{"type": "x"}]}}},
		"kpa": {"panic-window-percentage": 1000, "min-scale": -1, "target-burst-capacity": -2, "activation-scale": -1, "granularity": "1s"}, "wpa": {"metrics": [], "algorithm": "x", "convergeTowardsWatermark": "up", "minAvailableReplicaPercentage": 101, "replicasScalingAbsoluteModulo": -1},
		"target_tracking": {"TargetValue": -1, "period": "1ms", "ScaleInCooldown": -1, "scale_in_periods": -1}, "step_scaling": {"Policies": [{"ComparisonOperator": "is", "AdjustmentType": "; wanted ", "StepAdjustments": []}]},
		"lcp": {"min": -1, "penalty": -1}, "schedule": {"ramp_steps": -1, "min": -1, "windows": [{"start": "x", "end": "y", "from": " is ", "days": ["; wanted "], "min": 5, "max": 4, "ramp_up": "13h"}]}}`
	var c RuleConfig
	require.NoError(t, json.Unmarshal([]byte(bad), &c))
	faults := c.On(minutes).Faults(minutes)
	require.Greater(t, len(faults), 35)
	whole := 0
	for _, f := range faults {
		if f.Field == "" {
			whole++
			require.Contains(t, f.Value, "kube_hpa and kpa and wpa")
		}
		require.NotEmpty(t, f.Value, f.Field)
		require.NotEmpty(t, f.Wanted, f.Field)
		require.NotContains(t, f.Field, " ", f.Error())
	}
	require.Equal(t, 1, whole)
}

// paced notes when it is asked.
type paced struct{ at []float64 }

func (p *paced) Recommend(now time.Time, _ []float64, fleet Fleet) Decision {
	p.at = append(p.at, now.Sub(start).Seconds())
	return Decision{fleet.Ordered() + 1, ReasonMetric}
}
func (p *paced) Reset() { p.at = nil }

func TestARuleKeepsItsPace(t *testing.T) {
	for _, c := range []struct {
		step, every time.Duration
		want        []float64
		first, last int
	}{
		{time.Minute, time.Minute, []float64{0, 60, 120, 180}, 2, 2},
		{30 * time.Second, 15 * time.Second, []float64{0, 15, 30, 45, 60, 75, 90, 105}, 3, 3},
		{20 * time.Second, time.Minute, []float64{0, 60}, 2, 2},
		{25 * time.Second, time.Minute, []float64{0, 50}, 2, 1}, // the nearest step
	} {
		rule := &paced{}
		s := Stepped{rule: rule, step: int64(c.step), every: int64(c.every)}
		n := 0
		for i := range 4 {
			n = s.Decide(start.Add(time.Duration(i)*c.step), nil, Fleet{Ready: 1})
		}
		require.Equal(t, c.want, rule.at)
		require.Equal(t, c.last, n, "%v of %v", c.every, c.step)
		require.Equal(t, 1, s.Decide(start, nil, Fleet{Ready: 1}), "a clock that goes back")
		s.Reset()
		require.Equal(t, c.first, s.Decide(start, nil, Fleet{Ready: 1}))
	}
}

// A schedule without a place goes by the clock of whoever asks.
func TestAScheduleGoesByTheClockItIsAskedWith(t *testing.T) {
	c := RuleConfig{Schedule: &ScheduleConfig{Min: 1, Max: 20, Windows: []ScheduleWindow{{Start: "08:00", End: "10:00", Min: 9, Max: 9}}}}.On(minutes)
	rule, err := c.Start(time.Hour)
	require.NoError(t, err)
	at := time.Date(2026, 3, 2, 7, 30, 0, 0, time.UTC)
	require.Equal(t, 3, rule.Decide(at, nil, Fleet{Ready: 3}))
	rule.Reset()
	require.Equal(t, 9, rule.Decide(at.In(time.FixedZone("east", 3600)), nil, Fleet{Ready: 3}))
}
