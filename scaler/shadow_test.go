package scaler

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

func TestWhatTheFleetCostIsAccountedFor(t *testing.T) {
	l := newLoop(t, Config{Signals: []Signal{{Capacity: 10}}, Policy: "band-wide", Min: 8, Max: 8})
	for range 30 {
		l.step(7)
	}
	require.Equal(t, 8, l.d.Replicas)
	for range 600 {
		l.step(7)
	}
	require.InDelta(t, 8, l.d.Costs.Own.Hour, 0.01, "eight replicas, and the change to them is long forgotten")
	require.Less(t, l.d.Costs.Own.Day, 8*630/60.)
	require.Greater(t, l.d.Costs.Own.Day, 8*24*0.3)
	l.step(9) // one replica's worth too many
	l.step(7)
	require.InDelta(t, 8+20./60, l.d.Costs.Own.Hour, 0.02)
	require.InDelta(t, l.d.Costs.Own.Hour, l.d.Costs.HPA.Hour, 0.01, "the limits hold for all")
	require.InDelta(t, l.d.Costs.Own.Hour, l.d.Costs.Pinned.Hour, 0.01)
}

func TestThePinnedPolicyIsNamed(t *testing.T) {
	l := newLoop(t, Config{Policy: "hpa-70-5m"})
	rng := rand.New(rand.NewPCG(1, 2))
	pinned := 0
	for i := range 400 {
		for _, s := range l.step(wave(rng, i)).Steps() {
			require.NotEqual(t, policy.RuleNeed, s.Rule)
			if s.Rule == policy.RulePinned {
				pinned++
			}
		}
	}
	require.Positive(t, pinned)
	require.Positive(t, l.d.Costs.Pinned.Day)
	require.NotEqual(t, policy.Spent{}, l.d.Costs.Leader)
	b, err := json.Marshal(l.d)
	require.NoError(t, err)
	var out struct {
		Leader string
		Costs  map[string]map[string]float64
	}
	require.NoError(t, json.Unmarshal(b, &out))
	require.Equal(t, l.d.Leader, out.Leader)
	require.Equal(t, l.d.Costs.Pinned.Day, out.Costs["pinned"]["day"])
	require.Equal(t, l.d.Costs.HPA.Hour, out.Costs["hpa"]["hour"])
}

func TestAdviceLeavesTheFleetAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		cfg.Advice = true
		l := newLoop(t, cfg)
		story(rt, l, func(f policy.Fleet, d *Decision) {
			require.Zero(rt, d.Change())
			require.GreaterOrEqual(rt, d.Advised, l.engine.cfg.Min)
			at := f.Ordered()
			for _, s := range d.Steps() {
				require.Equal(rt, at, s.Before)
				at = s.After
			}
			require.Equal(rt, f.Ordered(), at)
			if d.Advised != f.Ordered() {
				last := d.Steps()[len(d.Steps())-1]
				require.Equal(rt, policy.Step{Rule: policy.RuleAdvice, Before: d.Advised, After: f.Ordered()}, last)
			}
		})
	})
	l := newLoop(t, Config{Advice: true})
	for range 60 {
		l.step(40)
	}
	require.Equal(t, 5, l.d.Replicas)
	require.InDelta(t, 43, l.d.Advised, 4)
	require.Greater(t, l.d.Costs.Own.Hour, 10*l.d.Costs.Leader.Hour, "and what it would save can be read off")
}

// A controller that asks less often than once a step has its fleet, and the shadows theirs, charged for every step.
func TestStepsBetweenDecisionsAreCharged(t *testing.T) {
	e, err := New(Config{})
	require.NoError(t, err)
	var d Decision
	for i := range 600 {
		now := t0.Add(time.Duration(i) * time.Minute)
		require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 8}))
		if i%7 == 0 {
			require.NoError(t, e.Recommend(&d, now.Add(time.Minute), policy.Fleet{Ready: 10}))
		}
	}
	require.InDelta(t, 10, d.Costs.Own.Hour, 0.5)
	require.InDelta(t, 12, d.Costs.HPA.Hour, 0.5, "8 over a target of .7")
}

// A hole is paid for and serves nobody, and after it the race goes on.
func TestAHoleIsPaidFor(t *testing.T) {
	l := newLoop(t, Config{})
	for range 1200 {
		l.step(8)
	}
	before := l.d.Costs
	for range 60 {
		l.step(math.NaN())
	}
	require.InDelta(t, before.HPA.Hour, l.d.Costs.HPA.Hour, 0.7)
	require.Greater(t, l.d.Costs.HPA.Day, before.HPA.Day)
	for range 60 {
		l.step(8)
	}
	require.InDelta(t, before.HPA.Hour, l.d.Costs.HPA.Hour, 0.5)
}

// With several signals the shadows see the one that needs most at a time, also where their steps begin at other seconds or
// one of them comes later.
func TestTheShadowsSeeTheLargestSignal(t *testing.T) {
	for _, late := range []int{0, 1} {
		e, err := New(Config{MaxAge: Duration(3 * time.Minute), Signals: []Signal{{Name: "cpu", Capacity: 2}, {Name: "requests", Capacity: 100}}})
		require.NoError(t, err)
		var d Decision
		for i := range 900 {
			now := t0.Add(time.Duration(i) * time.Minute)
			require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 10}))
			require.NoError(t, e.Observe(1, forecast.Sample{Time: now.Add(-17*time.Second - time.Duration(late)*time.Minute), Value: 1400}))
			require.NoError(t, e.Recommend(&d, now.Add(time.Minute), policy.Fleet{Ready: 14}))
		}
		require.InDelta(t, 20, d.Costs.HPA.Hour, 0.3, "1400 over 100 over a target of .7")
		require.InDelta(t, 14, d.Costs.Own.Hour, 0.3)
	}
}

func TestShadowsAreListed(t *testing.T) {
	l := newLoop(t, Config{Exclude: []string{policy.FamilyHPA}})
	for range 200 {
		l.step(8)
	}
	list := l.engine.Shadows(nil)
	require.Len(t, list, policy.NumShadows)
	leads := 0
	for i, s := range list {
		require.Equal(t, policy.Shadow(i), s.Name)
		require.Positive(t, s.Spent.Week, s.Name)
		if s.Leads {
			leads++
			require.Equal(t, policy.FamilyBand, s.Family)
		}
	}
	require.Positive(t, leads)
	buf := list[:0]
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = l.engine.Shadows(buf[:0]) }))
}

// The leader that is named is the one that the count turns on, with its own cost, and the layers below it are told apart.
func TestEveryLayerNamesItsLeader(t *testing.T) {
	l := newLoop(t, Config{Signals: []Signal{{Capacity: 10}}})
	rng := rand.New(rand.NewPCG(5, 5))
	apart, between := 0, 0
	for i := range 2500 {
		d := l.step(wave(rng, i))
		leads := d.Leaders(nil)
		next := 1
		for k, x := range leads {
			require.Equal(t, next, x.From)
			require.GreaterOrEqual(t, x.To, x.From)
			require.Equal(t, policy.Shadow(l.engine.shadows.Leader(x.To)), x.Policy)
			require.Equal(t, x.Policy, policy.Shadow(l.engine.shadows.Leader(x.From)))
			require.True(t, k == 0 || x.Policy != leads[k-1].Policy)
			next = x.To + 1
		}
		require.Equal(t, d.Advised+1, next)
		spent := l.engine.Shadows(nil)[policy.FindShadow(d.Leader)].Spent
		require.Equal(t, spent, d.Costs.Leader)
		if d.Advised != l.engine.shadows.Count() {
			require.Equal(t, leads[len(leads)-1].Policy, d.Leader)
			continue
		}
		_, _, less, _ := l.engine.shadows.Ends()
		require.Equal(t, policy.Shadow(less), d.Leader)
		if d.Leader != leads[len(leads)-1].Policy {
			between++
		}
		if len(leads) < 2 || d.Leader == leads[0].Policy {
			continue
		}
		if why := d.Explain().Why; d.grounds.down >= 0 && policy.Shadow(int(d.grounds.down)) == d.Leader && !d.Event {
			apart++
			require.Contains(t, why, ", the first "+strconv.Itoa(leads[0].To)+" by "+leads[0].Policy)
		}
	}
	require.Greater(t, apart, 100, "the layers had different leaders")
	t.Logf("%d decisions with layers apart, %d that turn on a layer below the last", apart, between)
	buf := l.d.Leaders(nil)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = l.d.Leaders(buf[:0]) }))
	require.NoError(t, l.engine.Pin("hpa-70-5m"))
	require.Empty(t, l.step(9).Leaders(nil), "pinned, nobody leads")
	require.Empty(t, new(Decision).Leaders(nil))
}
