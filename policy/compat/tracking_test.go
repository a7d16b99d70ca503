package compat

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func newTracking(t require.TestingT, spec string) *TargetTracking {
	var cfg TargetTrackingConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	r, err := NewTargetTracking(cfg)
	require.NoError(t, err)
	return r
}

// minute is a decision at a minute.
func minute(r rule, m int, value float64, fleet Fleet) Decision {
	return r.Recommend(at(float64(60*m)), []float64{value}, fleet)
}

func TestTargetTrackingWaitsForItsAlarms(t *testing.T) {
	r := newTracking(t, `{"TargetValue":50}`)
	require.Equal(t, Decision{4, ReasonTolerance}, minute(r, 0, 200, Fleet{Ready: 4}), "on target")
	require.Equal(t, Decision{4, ReasonSustain}, minute(r, 1, 300, Fleet{Ready: 4}))
	require.Equal(t, Decision{4, ReasonSustain}, minute(r, 2, 300, Fleet{Ready: 4}))
	require.Equal(t, Decision{7, ReasonMetric}, minute(r, 3, 301, Fleet{Ready: 4}), "three minutes above: ceil(6.02)")

	r = newTracking(t, `{"TargetValue":50}`)
	require.Equal(t, Decision{4, ReasonTolerance}, minute(r, 0, 180, Fleet{Ready: 4}), "45 is not below 45")
	for m := 1; m < 15; m++ {
		require.Equal(t, Decision{4, ReasonSustain}, minute(r, m, 140, Fleet{Ready: 4}), "%d", m)
	}
	require.Equal(t, Decision{3, ReasonMetric}, minute(r, 15, 140, Fleet{Ready: 4}), "ceil(2.8)")
	// A single minute on target begins it anew.
	r = newTracking(t, `{"TargetValue":50}`)
	minute(r, 1, 300, Fleet{Ready: 4})
	minute(r, 2, 300, Fleet{Ready: 4})
	minute(r, 3, 200, Fleet{Ready: 4})
	require.Equal(t, Decision{4, ReasonSustain}, minute(r, 4, 300, Fleet{Ready: 4}))
	// A missing one does not.
	require.Equal(t, Decision{4, ReasonMissing}, minute(r, 5, math.NaN(), Fleet{Ready: 4}))
	require.Equal(t, Decision{6, ReasonMetric}, minute(r, 6, 300, Fleet{Ready: 4}))
}

func TestTargetTrackingWarmup(t *testing.T) {
	r := newTracking(t, `{"TargetValue":50,"scale_out_periods":1,"scale_in_periods":1}`)
	require.Equal(t, Decision{6, ReasonMetric}, minute(r, 0, 300, Fleet{Ready: 4}))
	// The two of minute 0 are not asked before minute 5, though they are ready: 300 over 4 is still above the target.
	require.Equal(t, Decision{6, ReasonWarmup}, minute(r, 2, 300, Fleet{Ready: 6}))
	require.Equal(t, Decision{8, ReasonMetric}, minute(r, 3, 400, Fleet{Ready: 6}), "only what is missing is added")
	require.Equal(t, Decision{8, ReasonWarmup}, minute(r, 5, 50, Fleet{Ready: 8}), "the two of minute 3 warm up: nothing is removed")
	require.Equal(t, Decision{1, ReasonMetric}, minute(r, 8, 50, Fleet{Ready: 8}))
	require.Equal(t, Decision{2, ReasonWarmup}, minute(r, 9, 50, Fleet{Starting: 2}), "nobody is in service")
}

func TestTargetTrackingBoundsAndCooldown(t *testing.T) {
	quick := `"TargetValue":50,"scale_out_periods":1,"scale_in_periods":1,"EstimatedInstanceWarmup":0`
	r := newTracking(t, `{"ScaleInCooldown":120,"MinSize":2,"MaxSize":9,`+quick+`}`)
	require.Equal(t, Decision{9, ReasonMax}, minute(r, 0, 600, Fleet{Ready: 10}))
	require.Equal(t, Decision{9, ReasonMax}, minute(r, 1, 600, Fleet{Ready: 9}))
	require.Equal(t, Decision{9, ReasonCooldown}, minute(r, 1, 300, Fleet{Ready: 9}))
	require.Equal(t, Decision{6, ReasonMetric}, minute(r, 2, 300, Fleet{Ready: 9}))
	require.Equal(t, Decision{2, ReasonMin}, minute(r, 4, 10, Fleet{Ready: 6}))
	require.Equal(t, Decision{2, ReasonMin}, minute(r, 5, 500, Fleet{Ready: 1}))
	r = newTracking(t, `{"DisableScaleIn":true,`+quick+`}`)
	require.Equal(t, Decision{6, ReasonTolerance}, minute(r, 0, 10, Fleet{Ready: 6}))
}

func TestTargetTrackingConfigNamesEveryFault(t *testing.T) {
	var cfg TargetTrackingConfig
	require.NoError(t, json.Unmarshal([]byte(`{"MinSize":3,"MaxSize":2,"EstimatedInstanceWarmup":-1,"ScaleInCooldown":-1,"period":"1ms",
		"scale_out_periods":-1,"scale_in_periods":9999,"scale_in_threshold":2}`), &cfg))
	err := cfg.Validate()
	for _, want := range []string{"TargetValue is 0", "MaxSize is 2", "EstimatedInstanceWarmup is -1", "ScaleInCooldown is -1", "period is 1ms",
		"scale_out_periods is -1", "scale_in_periods is 9999", "scale_in_threshold is 2"} {
		require.ErrorContains(t, err, want)
	}
}
