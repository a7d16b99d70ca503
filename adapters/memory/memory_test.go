package memory_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

func TestSourceConforms(t *testing.T) {
	for _, step := range []time.Duration{time.Second, time.Minute, time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
				s, err := memory.NewSource(memory.SourceConfig{Step: step})
				require.NoError(t, err)
				gap := func(at time.Time) { s.Append(forecast.Sample{Time: at, Value: math.NaN()}) }
				return adaptertest.SourceHarness{Source: s, Step: step, Append: s.Append, Gap: gap}
			})
		})
	}
}

func TestActuatorConforms(t *testing.T) {
	for name, boot := range map[string]time.Duration{"at once": 0, "one step": time.Minute, "not whole steps": 150 * time.Second} {
		t.Run(name, func(t *testing.T) {
			adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
				a, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: boot, Start: 4})
				require.NoError(t, err)
				now := adaptertest.Origin()
				a.Advance(now)
				settle := func() {
					now = now.Add(10 * time.Minute)
					a.Advance(now)
				}
				return adaptertest.ActuatorHarness{Actuator: a, Start: 4, Settle: settle}
			})
		})
	}
}

func TestStoreConforms(t *testing.T) {
	adaptertest.RunStore(t, func(*testing.T) adaptertest.StoreHarness { return adaptertest.StoreHarness{Store: &memory.Store{}} })
}

func TestSourceForgetsWhatIsOlderThanKeep(t *testing.T) {
	s, err := memory.NewSource(memory.SourceConfig{Step: time.Minute, Keep: 2 * time.Minute})
	require.NoError(t, err)
	at := func(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }
	for i := range 6 {
		s.Append(forecast.Sample{Time: at(i), Value: float64(i)})
	}
	got, err := s.Read(t.Context(), nil, at(0), at(9))
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: at(3), Value: 3}, {Time: at(4), Value: 4}, {Time: at(5), Value: 5}}, got)
}

func TestSourceCorrectsASample(t *testing.T) {
	s, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	require.NoError(t, err)
	at := adaptertest.Origin()
	s.Append(forecast.Sample{Time: at, Value: 1}, forecast.Sample{Time: at, Value: 2})
	got, err := s.Read(t.Context(), nil, at, at.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: at, Value: 2}}, got)
}

func TestSourceTakesSamplesWhileItIsRead(t *testing.T) {
	s, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	require.NoError(t, err)
	const n = 200
	at := adaptertest.Origin()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			s.Append(forecast.Sample{Time: at.Add(time.Duration(i) * time.Minute), Value: 1})
		}
	})
	for seen := 0; seen < n; {
		got, err := s.Read(t.Context(), nil, at, at.Add(n*time.Minute))
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(got), seen)
		seen = len(got)
	}
	wg.Wait()
}

func TestActuatorBoots(t *testing.T) {
	now := adaptertest.Origin().Add(17 * time.Second) // the grid follows the first time, not the clock face
	a, err := memory.NewActuator(memory.ActuatorConfig{
		Step: 10 * time.Second, Boot: 25 * time.Second, Start: 2, Floor: 1, Clock: func() time.Time { return now },
	})
	require.NoError(t, err)
	steps := []struct {
		after           time.Duration // since the step before
		want            int           // what is applied, 0 for nothing
		ready, starting int           // after that
	}{
		{0, 0, 2, 0},
		{0, 5, 2, 3},
		{10 * time.Second, 6, 2, 4},
		{19 * time.Second, 0, 2, 4},
		{time.Second, 0, 5, 1}, // 30 s after the first order: 25 s are three steps
		{10 * time.Second, 0, 6, 0},
		{-time.Hour, 0, 6, 0},
		{time.Hour, 3, 3, 0},
		{time.Second, -1, 1, 0}, // the floor
		{24 * time.Hour, 2, 1, 1},
		{24 * time.Hour, 0, 2, 0},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		if s.want != 0 {
			require.NoError(t, a.Apply(t.Context(), &scaler.Decision{Replicas: s.want}))
		}
		f, err := a.Fleet(t.Context())
		require.NoError(t, err)
		require.Equal(t, policy.Fleet{Ready: s.ready, Starting: s.starting, Boot: 30 * time.Second}, f, "step %d", i)
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	_, err := memory.NewSource(memory.SourceConfig{Keep: -1})
	require.EqualError(t, err, "config: 2 faults: step is 0s; wanted more than 0s | keep is -1ns; wanted 0s (everything) or more")

	_, err = memory.NewActuator(memory.ActuatorConfig{Boot: -1, Start: -3, Floor: -2})
	require.EqualError(t, err, "config: 4 faults: step is 0s; wanted more than 0s | boot is -1ns; wanted 0s (at once) or more"+
		" | floor is -2; wanted 0 or more | start is -3; wanted at least the floor, -2")

	_, err = memory.NewActuator(memory.ActuatorConfig{Step: 1, Boot: time.Hour})
	require.EqualError(t, err, "config: boot is 1h0m0s; wanted less than 1048576 steps of 1ns")
}

func TestRecorderKeepsCopies(t *testing.T) {
	var r memory.Recorder
	d := scaler.Decision{Replicas: 3}
	r.Decision(t.Context(), &d)
	d.Replicas = 4
	r.Decision(t.Context(), &d)
	got := r.Decisions()
	require.Equal(t, []scaler.Decision{{Replicas: 3}, {Replicas: 4}}, got)
	got[0].Replicas = 99
	require.Equal(t, 3, r.Decisions()[0].Replicas)
}
