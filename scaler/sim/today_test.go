package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

// todays are rules as somebody who moves over might have them, and the same made by hand. A replica carries 8.
func todays(t *testing.T) map[string]struct {
	today scaler.Today
	rule  *Rule
} {
	t.Helper()
	made := func(r Recommender, err error) Recommender { require.NoError(t, err); return r }
	one := func(today scaler.Today, unit float64, r Recommender, err error) struct {
		today scaler.Today
		rule  *Rule
	} {
		return struct {
			today scaler.Today
			rule  *Rule
		}{today, NewRule(made(r, err), unit)}
	}
	kube := compat.KubeHPAConfig{Behavior: &compat.KubeBehavior{}, MaxReplicas: 40, Metrics: []compat.KubeMetric{{Kind: compat.KubeUtilization, Target: 70}}}
	kpa := compat.KPAConfig{Granularity: compat.Duration(time.Minute), StableWindow: compat.Duration(3 * time.Minute), MinScale: 2, ScaleDownDelay: compat.Duration(5 * time.Minute), Tick: compat.Duration(time.Minute)}
	wpa := compat.WPAConfig{Algorithm: "average", ConvergeTowardsWatermark: "highwatermark", Metrics: []compat.WPAMetric{{HighWatermark: 0.8, LowWatermark: 0.6}}}
	tracking := compat.TargetTrackingConfig{TargetValue: 60, MinSize: 1}
	steps := compat.StepScalingConfig{MinSize: 1, Policies: []compat.StepPolicy{
		{Threshold: 70, Adjustments: []compat.StepAdjustment{{MetricIntervalLowerBound: new(0.), MetricIntervalUpperBound: new(20.), ScalingAdjustment: 1}, {MetricIntervalLowerBound: new(20.), ScalingAdjustment: 4}}},
		{Threshold: 40, ComparisonOperator: compat.StepBelow, EvaluationPeriods: 3, Adjustments: []compat.StepAdjustment{{MetricIntervalUpperBound: new(0.), ScalingAdjustment: -1}}},
	}}
	lcp := compat.LCPConfig{Capacity: 8, Step: compat.Duration(time.Minute), Boot: compat.Duration(3 * time.Minute), Min: 1, Max: 60}
	schedule := compat.ScheduleConfig{Min: 12, Max: 12, Windows: []compat.ScheduleWindow{{Start: "02:00", End: "05:30", Min: 30, RampUp: compat.Duration(time.Hour)}}}
	schedule.Max = 30

	out := map[string]struct {
		today scaler.Today
		rule  *Rule
	}{}
	r1, err := compat.NewKubeHPA(kube)
	fast := one(scaler.Today{KubeHPA: &kube, AtCapacity: []float64{1}}, 8, r1, err)
	fast.rule.times, fast.rule.every = 4, 15*time.Second
	out["kube_hpa"] = fast
	r2, err := compat.NewKPA(kpa)
	out["kpa"] = one(scaler.Today{KPA: &kpa, AtCapacity: []float64{100}}, 8./100, r2, err)
	r3, err := compat.NewWPA(wpa)
	out["wpa"] = one(scaler.Today{WPA: &wpa, AtCapacity: []float64{1}}, 8, r3, err)
	r4, err := compat.NewTargetTracking(tracking)
	out["target_tracking"] = one(scaler.Today{TargetTracking: &tracking, AtCapacity: []float64{100}}, 8./100, r4, err)
	r5, err := compat.NewStepScaling(steps)
	out["step_scaling"] = one(scaler.Today{StepScaling: &steps, AtCapacity: []float64{100}}, 8./100, r5, err)
	r6, err := compat.NewLCP(lcp)
	out["lcp"] = one(scaler.Today{LCP: &compat.LCPConfig{Min: 1, Max: 60}}, 1, r6, err)
	r7, err := compat.NewSchedule(schedule, time.UTC)
	out["schedule"] = one(scaler.Today{Schedule: &schedule}, 1, r7, err)
	return out
}

// todayTrace is demand with a season, noise, bursts and, if wanted, holes.
func todayTrace(t *testing.T, holes bool) *Trace {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 9))
	demand := make([]float64, 3000)
	for i := range demand {
		demand[i] = math.Round(8*(12+8*math.Sin(float64(i)/200)+rng.NormFloat64())*16) / 16
		if rng.IntN(60) == 0 {
			demand[i] *= 1 + 2*rng.Float64()
		}
		if holes && i > 10 && i%97 == 0 {
			demand[i] = hole
		}
		demand[i] = max(demand[i], 0)
	}
	return minutes(t, demand...)
}

// Whoever pins the rule of today gets exactly what it decides; and unpinned it costs what it would have cost alone.
func TestTodayIsTheRuleAsItIs(t *testing.T) {
	tr := todayTrace(t, true)
	o := Options{Capacity: 8, Boot: 3 * time.Minute, Penalty: 20}
	for name, c := range todays(t) {
		t.Run(name, func(t *testing.T) {
			alone, err := Run(context.Background(), tr, nil, o, c.rule)
			require.NoError(t, err)
			// A hole is no sample, and the engine holds the fleet only when it is blind for longer.
			cfg, err := EngineConfig(scaler.Config{Today: &c.today, Policy: "today", MaxAge: scaler.Duration(time.Hour)}, tr, o)
			require.NoError(t, err)
			pinned, err := NewEngineController(cfg, nil, o.Announce)
			require.NoError(t, err)
			got, err := Run(context.Background(), tr, nil, o, pinned)
			require.NoError(t, err)
			require.Equal(t, alone.Ordered, got.Ordered)
			require.Equal(t, alone.Ready, got.Ready)
			require.Greater(t, alone.ChangesPerDay, 1., "the trace moves the rule")

			cfg.Policy = ""
			free, err := NewEngineController(cfg, nil, o.Announce)
			require.NoError(t, err)
			without, err := Run(context.Background(), tr, nil, o, free)
			require.NoError(t, err)
			a, b := pinned.Decision().Costs, free.Decision().Costs
			require.Equal(t, a.Own, a.Today, "what the rule costs is what its fleet costs")
			require.Equal(t, a.Today, b.Today, "whoever decides")
			require.Equal(t, a.Unpinned, b.Unpinned)
			require.Equal(t, b.Own, b.Unpinned, "and what the engine would have cost is what it costs")
			require.NotEqual(t, alone.Ordered, without.Ordered)
			require.Equal(t, b.Today.Day-b.Own.Day, b.Saving().Day)

			cfg.Today = nil
			plain, err := NewEngineController(cfg, nil, o.Announce)
			require.NoError(t, err)
			same, err := Run(context.Background(), tr, nil, o, plain)
			require.NoError(t, err)
			require.Equal(t, same.Ordered, without.Ordered, "a rule that may not lead changes nothing")
		})
	}
}
