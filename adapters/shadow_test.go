package adapters_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// wave is a demand with a daily pattern and a spot each hour.
func wave(i int) float64 {
	v := 200 + 150*math.Sin(2*math.Pi*float64(i)/1440)
	if m := i % 60; m >= 10 && m < 15 {
		v += 300
	}
	return math.Floor(v)
}

// other is an Actuator whose fleet somebody else scales; it must not be called on to apply anything.
type other struct {
	t     *testing.T
	fleet policy.Fleet
}

func (o *other) Fleet(context.Context) (policy.Fleet, error) { return o.fleet, nil }
func (o *other) Apply(context.Context, *scaler.Decision) error {
	o.t.Error("a fleet was changed that is another's")
	return nil
}

// rich is an engine in which what was ordered before counts: holds, step limits, a guard, events.
func rich(t *testing.T) *scaler.Engine {
	e, err := scaler.New(scaler.Config{
		Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Boot: scaler.Duration(3 * time.Minute), StepDown: 2, StepUp: 15,
		Guard: scaler.Guard{Reversals: 6},
	})
	require.NoError(t, err)
	return e
}

func TestShadowDecidesAsARunnerThatActs(t *testing.T) {
	const start, n = 20, 600
	source := newScript(t, time.Minute)
	for i := -1440; i < n; i++ {
		if i%97 != 0 { // holes
			source.Append(forecast.Sample{Time: minute(i), Value: wave(i)})
		}
	}
	plant, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: 3 * time.Minute, Start: start})
	require.NoError(t, err)
	hpa := &other{t, policy.Fleet{Ready: start, Boot: 3 * time.Minute}}
	runner := func(mode adapters.Mode, a adapters.Actuator) *adapters.Runner {
		r, err := adapters.NewRunner(adapters.Config{Engine: rich(t), Sources: []adapters.Source{source.Source}, Actuator: a, Mode: mode})
		require.NoError(t, err)
		require.NoError(t, r.Announce(forecast.Event{ID: "a", Kind: "tv", Start: minute(70)}))
		return r
	}
	acts, shadows := runner(adapters.ModeAct, plant), runner(adapters.ModeShadow, hpa)
	changes := 0
	for i := range n {
		plant.Advance(minute(i))
		want, err := acts.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		hpa.fleet.Ready = start + i%7 // whatever it does
		got, err := shadows.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		require.Equal(t, want, got, "minute %d", i)
		require.Equal(t, hpa.fleet, shadows.Report().Fleet)
		require.False(t, shadows.Report().Applied)
		if got.Change() != 0 {
			changes++
		}
	}
	require.Greater(t, changes, 50, "the demand moves")

	c := shadows.Report().Shadow
	require.Equal(t, minute(0), c.Since)
	require.Equal(t, minute(n-1), c.Until)
	require.Equal(t, n-1, c.Steps)
	require.InDelta(t, n/97, c.Unknown, 1)
	require.Equal(t, n-2, c.There.Changes)
	require.Equal(t, acts.Report().Shadow, adapters.Comparison{}, "who acts compares nothing")
	require.InDelta(t, c.There.Cost-c.Own.Cost, c.Saving(), 1e-9)
}

// TestShadowAccountsAreTheirTwins plays demands and fleets against an account that keeps every step and adds up at the end.
func TestShadowAccountsAreTheirTwins(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := scaler.Config{Signals: []scaler.Signal{{Capacity: 10}}, Penalty: 7, Change: 0.25}
		e, err := scaler.New(cfg)
		require.NoError(t, err)
		source := newScript(t, time.Minute)
		hpa := &other{t, policy.Fleet{Ready: 5}}
		r, err := adapters.NewRunner(adapters.Config{Engine: e, Sources: []adapters.Source{source}, Actuator: hpa, Mode: adapters.ModeShadow})
		require.NoError(t, err)
		n := rapid.IntRange(3, 60).Draw(rt, "steps")
		demand := make([]float64, n)
		var there, own []policy.Fleet
		for i := range n {
			demand[i] = math.NaN()
			if i > 0 && rapid.IntRange(0, 5).Draw(rt, "there") > 0 {
				demand[i-1] = rapid.Float64Range(0, 150).Draw(rt, "demand")
				source.Append(forecast.Sample{Time: minute(i - 1), Value: demand[i-1]})
			}
			hpa.fleet = policy.Fleet{Ready: rapid.IntRange(0, 20).Draw(rt, "ready"), Starting: rapid.IntRange(0, 3).Draw(rt, "starting"), Boot: 2 * time.Minute}
			d, err := r.Tick(t.Context(), minute(i))
			require.NoError(t, err)
			there = append(there, hpa.fleet)
			own = append(own, policy.Fleet{Ready: min(d.Ready, d.Replicas), Starting: d.Replicas - min(d.Ready, d.Replicas)})
		}
		account := func(fleets []policy.Fleet, until int) adapters.Account {
			var a adapters.Account
			for i := range until {
				a.Replicas += float64(fleets[i].Ordered()) / 60
				if d := demand[i] / 10; d > float64(fleets[i].Ready) {
					a.Unserved += (d - float64(fleets[i].Ready)) / 60
				}
				if i > 0 && fleets[i].Ordered() != fleets[i-1].Ordered() {
					a.Changes++
				}
			}
			a.Cost = a.Replicas + 7*a.Unserved + 0.25*float64(a.Changes)
			return a
		}
		until := 0
		for i, v := range demand {
			if !math.IsNaN(v) {
				until = i + 1
			}
		}
		got := r.Report().Shadow
		unknown := 0
		for _, v := range demand[:until] {
			if math.IsNaN(v) {
				unknown++
			}
		}
		require.Equal(t, until, got.Steps)
		require.Equal(t, unknown, got.Unknown)
		for _, pair := range [][2]adapters.Account{{account(there, until), got.There}, {account(own, until), got.Own}} {
			require.InDelta(t, pair[0].Replicas, pair[1].Replicas, 1e-9)
			require.InDelta(t, pair[0].Unserved, pair[1].Unserved, 1e-9)
			require.Equal(t, pair[0].Changes, pair[1].Changes)
			require.InDelta(t, pair[0].Cost, pair[1].Cost, 1e-9)
		}
	})
}

func TestDryRunAppliesNothing(t *testing.T) {
	hpa := &other{t, policy.Fleet{Ready: 1}}
	r := newRig(t, func(c *adapters.Config) { c.Mode, c.Actuator = adapters.ModeDryRun, hpa })
	for i := range 5 {
		r.sources[0].fill(i-1, i, 100)
		hpa.fleet.Ready = i
		d, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		require.Equal(t, i, d.Ready, "decisions are about the fleet that is there")
		require.Greater(t, d.Replicas, 9)
		require.False(t, r.runner.Report().Applied)
	}
	require.Len(t, r.seen.Decisions(), 5)
}

func TestPauseIsADecision(t *testing.T) {
	r := newRig(t, nil)
	r.plant.ready = 1
	r.runner.Pause(minute(3))
	for i := range 5 {
		r.sources[0].fill(i-1, i, 100)
		d := r.tick(t, i)
		if i < 3 {
			require.Equal(t, 1, d.Replicas)
			require.Greater(t, d.Advised, 9)
			require.Contains(t, rules(&d), "pause")
		} else {
			require.Greater(t, d.Replicas, 9, "the pause is over")
		}
	}
	r.plant.ready = 1
	r.runner.Pause(time.Time{})
	require.Contains(t, r.tick(t, 5).String(), "pause")
	r.runner.Resume()
	require.NotContains(t, r.tick(t, 6).String(), "pause")

	require.NoError(t, r.runner.Pin("hpa-70-5m"))
	r.plant.ready = 1
	d := r.tick(t, 7)
	require.Contains(t, rules(&d), "pinned")
	require.ErrorIs(t, r.runner.Pin("nobody"), scaler.ErrUnknownPolicy)
}
