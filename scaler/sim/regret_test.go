package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// audit is an engine whose books are kept: what it and each of its shadows have cost, changes of the count included, in the
// scored steps. A cost of the last hour loses its share of forgetting each step; what is left over is the cost of the step.
type audit struct {
	*EngineController
	first   int
	keep    float64
	before  [policy.NumShadows + 1]float64
	total   [policy.NumShadows + 1]float64
	shadows []scaler.Shadow
}

func (a *audit) Decide(s *Step) (int, error) {
	n, err := a.EngineController.Decide(s)
	a.shadows = a.engine.Shadows(a.shadows[:0])
	for i := range a.total {
		now := a.Decision().Costs.Own.Hour
		if i < policy.NumShadows {
			now = a.shadows[i].Spent.Hour
		}
		if step := now - a.before[i]*a.keep; s.Index > a.first && step > 1e-6 {
			a.total[i] += step
		}
		a.before[i] = now
	}
	return n, err
}

// TestRegretOnTraces holds the engine, with all its stages, to policy.Regret on every trace.
func TestRegretOnTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 23 traces")
	}
	for _, file := range sharedTraces(t) {
		tr, err := OpenTrace(file)
		require.NoError(t, err)
		o := DefaultOptions(tr)
		cfg, err := EngineConfig(scaler.Config{}, tr, o)
		require.NoError(t, err)
		engine, err := NewEngineController(cfg, nil, o.Announce)
		require.NoError(t, err)
		a := &audit{EngineController: engine, first: o.FirstScored(tr), keep: max(0, 1-tr.Step.Hours())}
		_, err = Run(context.Background(), tr, nil, o, a)
		require.NoError(t, err)
		best := 0
		for i := range policy.NumShadows {
			if a.total[i] < a.total[best] {
				best = i
			}
		}
		own := a.total[policy.NumShadows]
		t.Logf("%s: %.4f times %s", tr.Name, own/a.total[best], a.shadows[best].Name)
		require.LessOrEqual(t, own, (1+policy.Regret)*a.total[best], tr.Name)
	}
}

// TestAPinnedHPAIsHPA: the engine with the Kubernetes rule pinned orders what the rule orders when it plays by itself.
func TestAPinnedHPAIsHPA(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tr := &Trace{Name: "bursts", Step: time.Minute}
	for i := range 5000 {
		at := time.Date(2026, 3, 2, 0, i, 0, 0, time.UTC)
		v := 100 + 60*math.Sin(float64(i)/300) + 10*rng.NormFloat64()
		if rng.IntN(40) == 0 {
			v += 200 * rng.Float64()
		}
		if rng.IntN(30) == 0 && i > 0 {
			v = math.NaN()
		}
		tr.Times, tr.Demand, tr.Spelling = append(tr.Times, at), append(tr.Demand, v), append(tr.Spelling, at.Format(time.RFC3339))
	}
	o := DefaultOptions(tr)
	cfg, err := EngineConfig(scaler.Config{Policy: "hpa-70-5m", Calm: 1e-9, Hold: 1}, tr, o)
	require.NoError(t, err)
	c := Case{Trace: tr, Options: o, Config: cfg}
	pinned, err := c.Play(context.Background(), Headroom)
	require.NoError(t, err)
	hpa, err := c.Play(context.Background(), KubeHPA)
	require.NoError(t, err)
	require.Equal(t, hpa.Ordered, pinned.Ordered)
}
