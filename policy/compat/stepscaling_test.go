package compat

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func newStepScaling(t require.TestingT, spec string) *StepScaling {
	var cfg StepScalingConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	r, err := NewStepScaling(cfg)
	require.NoError(t, err)
	return r
}

// The example of Amazon's documentation: an average of 50 is wanted, the steps are at 60 and 70, and at 40 and 30.
const stepPolicies = `"Policies":[
	{"Threshold":50,"AdjustmentType":"PercentChangeInCapacity","StepAdjustments":[
		{"MetricIntervalLowerBound":0,"MetricIntervalUpperBound":10,"ScalingAdjustment":0},
		{"MetricIntervalLowerBound":10,"MetricIntervalUpperBound":20,"ScalingAdjustment":10},
		{"MetricIntervalLowerBound":20,"ScalingAdjustment":30}]},
	{"Threshold":50,"ComparisonOperator":"LessThanOrEqualToThreshold","AdjustmentType":"PercentChangeInCapacity","StepAdjustments":[
		{"MetricIntervalUpperBound":-20,"ScalingAdjustment":-30},
		{"MetricIntervalLowerBound":-20,"MetricIntervalUpperBound":-10,"ScalingAdjustment":-10},
		{"MetricIntervalLowerBound":-10,"MetricIntervalUpperBound":0,"ScalingAdjustment":0}]}]`

func TestStepScalingAsDocumented(t *testing.T) {
	for average, want := range map[float64]int{
		50: 10, 59.9: 10, 60: 11, 69.9: 11, 70: 13, 500: 13,
		40.1: 10, 40: 9, 30.1: 9, 30: 7, 1: 7,
	} {
		r := newStepScaling(t, `{`+stepPolicies+`}`)
		require.Equal(t, want, minute(r, 0, 10*average, Fleet{Ready: 10}).Count, "average %v", average)
	}
}

func TestStepScalingWarmup(t *testing.T) {
	r := newStepScaling(t, `{`+stepPolicies+`}`)
	require.Equal(t, Decision{11, ReasonMetric}, minute(r, 0, 600, Fleet{Ready: 10}), "10 % of 10")
	require.Equal(t, Decision{11, ReasonWarmup}, minute(r, 1, 620, Fleet{Ready: 10, Starting: 1}), "that one is on the way")
	require.Equal(t, Decision{13, ReasonMetric}, minute(r, 2, 700, Fleet{Ready: 10, Starting: 1}), "30 % of 10: two more")
	require.Equal(t, Decision{13, ReasonWarmup}, minute(r, 3, 300, Fleet{Ready: 13}), "nothing is removed while some warm up")
	require.Equal(t, Decision{10, ReasonMetric}, minute(r, 8, 300, Fleet{Ready: 13}), "-30 % of 13 is -3.9, cut off to -3")
	require.Equal(t, Decision{3, ReasonWarmup}, minute(r, 9, 300, Fleet{Starting: 3}))
}

func TestStepScalingAdjustments(t *testing.T) {
	one := func(p string) Decision {
		r := newStepScaling(t, `{"MaxSize":40,"Policies":[{"Threshold":50,"StepAdjustments":[{"MetricIntervalLowerBound":0,"ScalingAdjustment":`+p+`}]}]}`)
		return minute(r, 0, 600, Fleet{Ready: 10})
	}
	require.Equal(t, Decision{13, ReasonMetric}, one(`3`))
	require.Equal(t, Decision{40, ReasonMax}, one(`300`))
	require.Equal(t, Decision{7, ReasonMetric}, one(`-3`))
	adjust := func(kind string, least, by, current int) int {
		n, _ := (&StepPolicy{AdjustmentType: kind, MinMagnitude: least}).adjust(by, current, 0)
		return n
	}
	require.Equal(t, 25, adjust(StepExact, 0, 25, 10))
	require.Equal(t, 22, adjust(StepPercent, 0, 127, 10), "12.7 is 12")
	require.Equal(t, 11, adjust(StepPercent, 0, 3, 10), ".3 is 1")
	require.Equal(t, 9, adjust(StepPercent, 0, -3, 10), "-.3 is -1")
	require.Equal(t, 4, adjust(StepPercent, 0, -67, 10), "-6.7 is -6")
	require.Equal(t, 14, adjust(StepPercent, 4, 30, 10), "at least 4")
	require.Equal(t, 6, adjust(StepPercent, 4, -30, 10))
	require.Equal(t, 10, adjust(StepPercent, 4, 0, 10), "0 is 0")
	require.Equal(t, 0, adjust(StepChange, 0, -20, 10))
}

func TestStepScalingAlarms(t *testing.T) {
	// Both alarms compare the total and need two minutes; the largest of what they ask for wins.
	r := newStepScaling(t, `{"Cooldown":180,"EstimatedInstanceWarmup":0,"Policies":[
		{"Threshold":100,"Sum":true,"EvaluationPeriods":2,"ComparisonOperator":"GreaterThanThreshold","StepAdjustments":[{"ScalingAdjustment":1}]},
		{"Threshold":150,"Sum":true,"EvaluationPeriods":2,"StepAdjustments":[{"ScalingAdjustment":5}]},
		{"Threshold":50,"Sum":true,"ComparisonOperator":"LessThanThreshold","StepAdjustments":[{"ScalingAdjustment":-2}]}]}`)
	require.Equal(t, Decision{10, ReasonTolerance}, minute(r, 0, 100, Fleet{Ready: 10}), "not above 100")
	require.Equal(t, Decision{10, ReasonSustain}, minute(r, 1, 101, Fleet{Ready: 10}))
	require.Equal(t, Decision{11, ReasonMetric}, minute(r, 2, 150, Fleet{Ready: 10}), "150 is only a minute old")
	require.Equal(t, Decision{16, ReasonMetric}, minute(r, 3, 150, Fleet{Ready: 11}))
	require.Equal(t, Decision{16, ReasonTolerance}, minute(r, 4, 50, Fleet{Ready: 16}), "not below 50")
	require.Equal(t, Decision{14, ReasonMetric}, minute(r, 5, 49, Fleet{Ready: 16}))
	require.Equal(t, Decision{14, ReasonCooldown}, minute(r, 7, 49, Fleet{Ready: 14}))
	require.Equal(t, Decision{14, ReasonMissing}, minute(r, 7, math.NaN(), Fleet{Ready: 14}))
	require.Equal(t, Decision{12, ReasonMetric}, minute(r, 8, 49, Fleet{Ready: 14}))
	r = newStepScaling(t, `{"MinSize":3,"MaxSize":5,`+stepPolicies+`}`)
	require.Equal(t, Decision{5, ReasonMax}, minute(r, 0, 0, Fleet{Ready: 9}))
	require.Equal(t, Decision{3, ReasonMin}, minute(r, 1, 0, Fleet{Ready: 1}))
}

func TestStepScalingConfigNamesEveryFault(t *testing.T) {
	var cfg StepScalingConfig
	require.NoError(t, json.Unmarshal([]byte(`{"MinSize":3,"MaxSize":2,"EstimatedInstanceWarmup":-1,"Cooldown":-1,"period":"1ms","Policies":[
		{"ComparisonOperator":"More","AdjustmentType":"Some","EvaluationPeriods":-1,"MinAdjustmentMagnitude":-1},
		{"AdjustmentType":"ExactCapacity","StepAdjustments":[{"MetricIntervalLowerBound":5,"MetricIntervalUpperBound":2,"ScalingAdjustment":-1}]},
		{"StepAdjustments":[{"MetricIntervalUpperBound":9,"ScalingAdjustment":1},{"MetricIntervalLowerBound":8,"ScalingAdjustment":1}]}]}`), &cfg))
	err := cfg.Validate()
	for _, want := range []string{"MaxSize is 2", "EstimatedInstanceWarmup is -1", "Cooldown is -1", "period is 1ms",
		"Policies[0].ComparisonOperator is \"More\"", "Policies[0].AdjustmentType is \"Some\"", "Policies[0].EvaluationPeriods is -1",
		"Policies[0].MinAdjustmentMagnitude is -1", "Policies[0].StepAdjustments is empty", "Policies[1].StepAdjustments[0] is 5 to 2",
		"StepAdjustments[0].ScalingAdjustment is -1", "Policies[2].StepAdjustments[1] is 8 to +Inf"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, StepScalingConfig{}.Validate(), "Policies is empty")
}
