package sim

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

func TestEngineControllerIsTheLiveEngine(t *testing.T) {
	c := waves(t)
	c.Options.Lag = time.Minute
	var err error
	c.Config, err = EngineConfig(c.Config, c.Trace, c.Options)
	require.NoError(t, err)
	h, err := NewEngineController(c.Config, c.Events, c.Options.Announce)
	require.NoError(t, err)
	r, err := Run(context.Background(), c.Trace, c.Events, c.Options, h)
	require.NoError(t, err)
	require.Equal(t, int(r.Ordered[299]), h.Decision().Replicas)
	require.False(t, h.Decision().Stale, "with a lag of a step, samples of two steps ago are fresh")

	// The same by hand: samples as they become visible, a hole not at all, then a decision.
	e, err := scaler.New(c.Config)
	require.NoError(t, err)
	require.NoError(t, e.Announce(c.Events[0]))
	var d scaler.Decision
	plant := policy.NewPlant(2, int(r.Ordered[0]), 1)
	for i := 1; i < c.Trace.Len(); i++ {
		if j := i - 2; j >= 0 && !isNaN(c.Trace.Demand[j]) {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: c.Trace.Times[j], Value: c.Trace.Demand[j]}))
		}
		plant.Arrive()
		require.NoError(t, e.Recommend(&d, c.Trace.Times[i], policy.Fleet{Ready: plant.Ready(), Starting: plant.Starting()}))
		plant.Order(d.Replicas)
		require.Equal(t, int(r.Ordered[i]), plant.Ordered(), "step %d", i)
	}
}

func TestEngineControllerAnnouncesInTimeAndAgainWhenTheTableWasFull(t *testing.T) {
	tr := minutes(t, make([]float64, 600)...)
	o := Options{Capacity: 1, Penalty: 20, Announce: 10 * time.Minute}
	cfg, err := EngineConfig(scaler.Config{MaxEvents: 2}, tr, o)
	require.NoError(t, err)
	var events []forecast.Event
	for i := range 4 {
		events = append(events, forecast.Event{ID: fmt.Sprint(i), Kind: "spot", Start: at(20*60 + int64(i))})
	}
	h, err := NewEngineController(cfg, events, o.Announce)
	require.NoError(t, err)
	pending := map[int]int{} // by step
	watch := controllerFunc(func(s *Step) (int, error) {
		n, err := h.Decide(s)
		pending[s.Index] = len(h.events)
		return n, err
	})
	_, err = Run(context.Background(), tr, nil, o, watch)
	require.NoError(t, err)
	require.Equal(t, 4, pending[9])
	require.Equal(t, 3, pending[10], "the first begins in ten minutes exactly")
	require.Equal(t, 2, pending[11], "the table is full")
	require.Equal(t, 2, pending[20])
	require.Equal(t, 0, pending[599], "later the first two have passed")
}

type controllerFunc func(*Step) (int, error)

func (f controllerFunc) Decide(s *Step) (int, error) { return f(s) }

func TestEngineControllerFails(t *testing.T) {
	_, err := NewEngineController(scaler.Config{Min: -1}, nil, 0)
	require.ErrorContains(t, err, "min is -1")
	tr := minutes(t, 1e300, 1, 1)
	o := DefaultOptions(tr)
	cfg, err := EngineConfig(scaler.Config{}, tr, Options{Capacity: 1, Penalty: 20})
	require.NoError(t, err)
	h, err := NewEngineController(cfg, []forecast.Event{{}}, time.Hour)
	require.NoError(t, err)
	_, err = Run(context.Background(), tr, nil, o, h)
	require.ErrorContains(t, err, "step 1 (1970-01-01T00:01:00Z): signal 0")
	h, err = NewEngineController(cfg, []forecast.Event{{}}, time.Hour)
	require.NoError(t, err)
	_, err = h.Decide(&Step{Index: 1, Time: at(60)})
	require.ErrorContains(t, err, "event")
}
