package compat

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func newWPA(t require.TestingT, spec string) *WPA {
	var cfg WPAConfig
	require.NoError(t, json.Unmarshal([]byte(spec), &cfg))
	w, err := NewWPA(cfg)
	require.NoError(t, err)
	return w
}

// A total of which each replica should have 40 to 80; tolerance .1 makes that 36 to 88.
const watermarks = `"algorithm":"average","metrics":[{"highWatermark":80,"lowWatermark":40}]`

func TestWPABetweenTheWatermarksNothingHappens(t *testing.T) {
	for value, want := range map[float64]Decision{
		880:     {10, ReasonTolerance}, // exactly at the edge: it has to be crossed
		880.011: {12, ReasonMetric},    // ceil(10*88.0011/80)
		360:     {10, ReasonTolerance},
		359.989: {8, ReasonRate}, // floor(10*35.9/40) = 8, and 20 % down is 8
		0:       {10, ReasonMissing},
	} {
		w := newWPA(t, `{`+watermarks+`}`)
		d := w.Recommend(start, []float64{value}, Fleet{Ready: 10})
		if value == 359.989 {
			want.Reason = ReasonMetric
		}
		require.Equal(t, want, d, "%v", value)
	}
	w := newWPA(t, `{"tolerateZero":true,`+watermarks+`}`)
	require.Equal(t, Decision{8, ReasonRate}, w.Recommend(start, []float64{0}, Fleet{Ready: 10}))
}

func TestWPAAbsoluteComparesTheMeasurementItself(t *testing.T) {
	w := newWPA(t, `{"metrics":[{"highWatermark":0.8,"lowWatermark":0.4}]}`)
	require.Equal(t, Decision{13, ReasonMetric}, w.Recommend(start, []float64{1}, Fleet{Ready: 10}), "ceil(10*1/.8)")
	// One watermark is a copy of the other.
	w = newWPA(t, `{"tolerance":0,"metrics":[{"highWatermark":0.8}]}`)
	require.Equal(t, Decision{9, ReasonMetric}, w.Recommend(start, []float64{0.79}, Fleet{Ready: 10}), "floor(9.875)")
}

func TestWPAVelocity(t *testing.T) {
	w := newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{15, ReasonRate}, w.Recommend(start, []float64{9000}, Fleet{Ready: 10}), "50 % up")
	w = newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{2, ReasonRate}, w.Recommend(start, []float64{9000}, Fleet{Ready: 1}), "at least one")
	w = newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{8, ReasonRate}, w.Recommend(start, []float64{1}, Fleet{Ready: 10}), "20 % down")
	w = newWPA(t, `{"scaleUpLimitFactor":0,"scaleDownLimitFactor":0,`+watermarks+`}`)
	require.Equal(t, Decision{10, ReasonRate}, w.Recommend(at(0), []float64{9000}, Fleet{Ready: 10}))
	require.Equal(t, Decision{10, ReasonRate}, w.Recommend(at(15), []float64{1}, Fleet{Ready: 10}))
	w = newWPA(t, `{"maxReplicas":12,"minReplicas":9,`+watermarks+`}`)
	require.Equal(t, Decision{12, ReasonMax}, w.Recommend(start, []float64{9000}, Fleet{Ready: 10}))
	w = newWPA(t, `{"maxReplicas":12,"minReplicas":9,`+watermarks+`}`)
	require.Equal(t, Decision{9, ReasonMin}, w.Recommend(start, []float64{1}, Fleet{Ready: 10}))
	w = newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{10, ReasonMetric}, w.Recommend(start, []float64{500}, Fleet{Ready: 5, Starting: 5}), "7 of the 5 that are asked: not down")
	// Fewer ready than it would go down to: not smaller.
	w = newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{10, ReasonRate}, w.Recommend(start, []float64{1}, Fleet{Ready: 7, Starting: 3}))
}

func TestWPAForbidsChangesAfterAChange(t *testing.T) {
	w := newWPA(t, `{`+watermarks+`}`)
	require.Equal(t, Decision{15, ReasonRate}, w.Recommend(at(0), []float64{9000}, Fleet{Ready: 10}), "the first is free")
	require.Equal(t, Decision{15, ReasonCooldown}, w.Recommend(at(59), []float64{9000}, Fleet{Ready: 15}))
	require.Equal(t, Decision{22, ReasonRate}, w.Recommend(at(60), []float64{9000}, Fleet{Ready: 15}))
	require.Equal(t, Decision{22, ReasonCooldown}, w.Recommend(at(359), []float64{1}, Fleet{Ready: 22}))
	require.Equal(t, Decision{18, ReasonRate}, w.Recommend(at(360), []float64{1}, Fleet{Ready: 22}))
	require.Equal(t, Decision{18, ReasonCooldown}, w.Recommend(at(419), []float64{9000}, Fleet{Ready: 18}), "one clock for both ways")
}

func TestWPADelaysAreTimedByTheWatermarks(t *testing.T) {
	w := newWPA(t, `{"upscaleDelayAboveWatermarkSeconds":90,"upscaleForbiddenWindowSeconds":0,`+watermarks+`}`)
	require.Equal(t, 15, w.Recommend(at(0), []float64{9000}, Fleet{Ready: 10}).Count, "the first is free")
	require.Equal(t, 10, w.Recommend(at(15), []float64{500}, Fleet{Ready: 10}).Count)
	require.Equal(t, Decision{10, ReasonSustain}, w.Recommend(at(30), []float64{9000}, Fleet{Ready: 10}))
	require.Equal(t, Decision{10, ReasonSustain}, w.Recommend(at(119), []float64{9000}, Fleet{Ready: 10}))
	require.Equal(t, Decision{15, ReasonRate}, w.Recommend(at(120), []float64{9000}, Fleet{Ready: 10}))
	require.Equal(t, Decision{22, ReasonRate}, w.Recommend(at(121), []float64{9000}, Fleet{Ready: 15}), "a change does not begin it anew")
}

func TestWPAModuloAndConvergence(t *testing.T) {
	w := newWPA(t, `{"replicasScalingAbsoluteModulo":4,`+watermarks+`}`)
	require.Equal(t, Decision{12, ReasonMetric}, w.Recommend(start, []float64{890}, Fleet{Ready: 8}), "ceil(11.1) rounded up to 12")
	w = newWPA(t, `{"replicasScalingAbsoluteModulo":4,`+watermarks+`}`)
	require.Equal(t, Decision{8, ReasonMetric}, w.Recommend(start, []float64{300}, Fleet{Ready: 10}), "floor(7.5) rounded up to 8")

	for spec, want := range map[string]Decision{
		`"convergeTowardsWatermark":"highwatermark"`:                                     {9, ReasonConverge}, // 500/80: 7 would do
		`"convergeTowardsWatermark":"highwatermark","replicasScalingAbsoluteModulo":3`:   {8, ReasonRate},     // 7, and 20 % down is 8
		`"convergeTowardsWatermark":"highwatermark","replicasScalingAbsoluteModulo":4`:   {10, ReasonTolerance},
		`"convergeTowardsWatermark":"lowwatermark"`:                                      {11, ReasonConverge}, // 500/40: up to 12
		`"convergeTowardsWatermark":"lowwatermark","replicasScalingAbsoluteModulo":3`:    {10, ReasonTolerance},
		`"convergeTowardsWatermark":"lowwatermark","maxReplicas":10`:                     {10, ReasonTolerance},
		`"convergeTowardsWatermark":"highwatermark","minReplicas":10,"maxReplicas":1000`: {10, ReasonTolerance},
	} {
		w := newWPA(t, `{`+spec+`,`+watermarks+`}`)
		require.Equal(t, want, w.Recommend(start, []float64{500}, Fleet{Ready: 10}), spec)
	}
	w = newWPA(t, `{"convergeTowardsWatermark":"highwatermark",`+watermarks+`}`)
	require.Equal(t, Decision{1, ReasonTolerance}, w.Recommend(start, []float64{50}, Fleet{Ready: 1}))
}

func TestWPAOverridesAndMissing(t *testing.T) {
	w := newWPA(t, `{"minReplicas":3,"maxReplicas":8,"minAvailableReplicaPercentage":60,`+watermarks+`}`)
	require.Equal(t, Decision{0, ReasonDisabled}, w.Recommend(at(0), []float64{900}, Fleet{}))
	require.Equal(t, Decision{8, ReasonMax}, w.Recommend(at(1), []float64{900}, Fleet{Ready: 20}))
	require.Equal(t, Decision{3, ReasonMin}, w.Recommend(at(2), []float64{900}, Fleet{Ready: 1}), "whatever is forbidden")
	require.Equal(t, Decision{5, ReasonMissing}, w.Recommend(at(100), []float64{900}, Fleet{Starting: 5}))
	require.Equal(t, Decision{7, ReasonMissing}, w.Recommend(at(100), []float64{900}, Fleet{Ready: 4, Starting: 3}), "57 %")
	require.Equal(t, Decision{8, ReasonMax}, w.Recommend(at(100), []float64{900}, Fleet{Ready: 5, Starting: 3}), "62 %")
	require.Equal(t, Decision{5, ReasonMissing}, w.Recommend(at(100), []float64{math.NaN()}, Fleet{Ready: 5}))
	require.Equal(t, Decision{5, ReasonMissing}, w.Recommend(at(100), nil, Fleet{Ready: 5}))
	// The largest of several; one that is missing stops all.
	w = newWPA(t, `{"metrics":[{"highWatermark":10,"lowWatermark":5},{"highWatermark":1,"lowWatermark":0.5}]}`)
	require.Equal(t, Decision{14, ReasonMetric}, w.Recommend(at(0), []float64{4, 1.4}, Fleet{Ready: 10}))
	require.Equal(t, Decision{14, ReasonMissing}, w.Recommend(at(400), []float64{4, math.NaN()}, Fleet{Ready: 14}))
}

func TestWPAConfigNamesEveryFault(t *testing.T) {
	var cfg WPAConfig
	require.NoError(t, json.Unmarshal([]byte(`{"minReplicas":5,"maxReplicas":2,"metrics":[{},{"highWatermark":1,"lowWatermark":2}],
		"algorithm":"sum","tolerance":1,"scaleUpLimitFactor":-1,"scaleDownLimitFactor":101,"downscaleForbiddenWindowSeconds":-1,
		"upscaleDelayAboveWatermarkSeconds":-1,"replicasScalingAbsoluteModulo":-1,"convergeTowardsWatermark":"up",
		"minAvailableReplicaPercentage":101}`), &cfg))
	err := cfg.Validate()
	for _, want := range []string{"maxReplicas is 2", "metrics[0].lowWatermark is 0", "metrics[1].highWatermark is 1", "algorithm is \"sum\"",
		"tolerance is 1", "scaleUpLimitFactor is -1", "scaleDownLimitFactor is 101", "downscaleForbiddenWindowSeconds is -1",
		"upscaleDelayAboveWatermarkSeconds is -1", "replicasScalingAbsoluteModulo is -1", "convergeTowardsWatermark is \"up\"",
		"minAvailableReplicaPercentage is 101"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, WPAConfig{}.Validate(), "metrics is empty")
}
