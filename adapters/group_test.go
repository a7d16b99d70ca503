package adapters_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// endless is a Source that has the same value for every minute, counts how many of them are read at the same time, and
// takes its time.
type endless struct {
	value float64
	slow  time.Duration
	busy  *atomic.Int32
	most  *atomic.Int32
}

func (e *endless) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if e.busy != nil {
		now := e.busy.Add(1)
		defer e.busy.Add(-1)
		for most := e.most.Load(); now > most && !e.most.CompareAndSwap(most, now); most = e.most.Load() {
			continue
		}
	}
	select {
	case <-time.After(e.slow):
	case <-ctx.Done():
		return dst, ctx.Err()
	}
	for at := from.Truncate(time.Minute); !at.Add(time.Minute).After(to); at = at.Add(time.Minute) {
		if !at.Before(from) {
			dst = append(dst, forecast.Sample{Time: at, Value: e.value})
		}
	}
	return dst, nil
}

// still is an Actuator whose fleet stays as it is.
type still struct{ ready int }

func (s still) Fleet(context.Context) (policy.Fleet, error) { return policy.Fleet{Ready: s.ready}, nil }
func (still) Apply(context.Context, *scaler.Decision) error { return nil }

// workload is one of many, with a backfill of an hour.
func workload(t testing.TB, name string, s adapters.Source, observers ...adapters.Observer) adapters.Config {
	e, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Forecast: scaler.Forecast{Compact: true}})
	require.NoError(t, err)
	return adapters.Config{Name: name, Engine: e, Sources: []adapters.Source{s}, Actuator: still{10}, Observers: observers, Backfill: time.Hour}
}

// running has a group run for so long from noon on.
func runFor(t *testing.T, g *adapters.Group, long time.Duration) {
	time.Sleep(time.Until(noon))
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	require.NoError(t, g.Run(ctx))
}

func TestGroupOfManyWorkloads(t *testing.T) {
	const n, workers = 500, 20
	synctest.Test(t, func(t *testing.T) {
		var busy, most atomic.Int32
		cfg := adapters.GroupConfig{Workers: workers}
		seen := make([]memory.Recorder, n)
		for i := range n {
			s := &endless{value: float64(i), slow: 100 * time.Millisecond, busy: &busy, most: &most}
			cfg.Workloads = append(cfg.Workloads, workload(t, fmt.Sprint("w", i), s, &seen[i]))
		}
		g, err := adapters.NewGroup(cfg)
		require.NoError(t, err)
		runFor(t, g, 5*time.Minute+30*time.Second)
		for i := range seen {
			ds := seen[i].Decisions()
			require.Len(t, ds, 5, "workload %d", i)
			for k := range ds {
				late := ds[k].Time.Sub(minute(k + 1))
				require.GreaterOrEqual(t, late, time.Duration(0))
				require.Less(t, late, n/workers*100*time.Millisecond)
				require.Equal(t, float64(i), ds[k].Observed)
			}
		}
		require.Equal(t, int32(workers), most.Load(), "read at the same time")
	})
}

func TestGroupSlowAndFailingWorkloadsDelayNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow, broken, fine memory.Recorder
		cfg := adapters.GroupConfig{Workers: 2, Workloads: []adapters.Config{
			workload(t, "slow", &endless{slow: 100 * time.Second}, &slow),
			workload(t, "broken", &script{err: errDown}, &broken),
			workload(t, "fine", &endless{value: 50}, &fine),
		}}
		g, err := adapters.NewGroup(cfg)
		require.NoError(t, err)
		runFor(t, g, 10*time.Minute+time.Second)
		require.Equal(t, []string{"12:01:00", "12:02:00", "12:03:00", "12:04:00", "12:05:00", "12:06:00", "12:07:00", "12:08:00", "12:09:00", "12:10:00"}, clock(fine.Decisions()))
		require.Len(t, broken.Decisions(), 10)
		ds := slow.Decisions()
		require.NotEmpty(t, ds)
		for i := range ds {
			require.True(t, ds[i].Stale)
			require.Equal(t, 10, ds[i].Replicas)
		}
	})
}

func TestGroupKeepsUpThoughEverySourceHangs(t *testing.T) {
	// Announced events must find their fleets though nobody measures anything.
	const n, minutes = 300, 30
	synctest.Test(t, func(t *testing.T) {
		var cfg adapters.GroupConfig
		seen := make([]memory.Recorder, n)
		for i := range n {
			cfg.Workloads = append(cfg.Workloads, workload(t, fmt.Sprint(i), &endless{slow: time.Hour}, &seen[i]))
		}
		g, err := adapters.NewGroup(cfg)
		require.NoError(t, err)
		runFor(t, g, minutes*time.Minute)
		for i := range seen {
			require.Greater(t, len(seen[i].Decisions()), minutes*2/3, "workload %d", i)
		}
	})
}

func TestGroupSpreadsItsTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make([]memory.Recorder, 4)
		cfg := adapters.GroupConfig{Spread: 0.5}
		for i := range seen {
			cfg.Workloads = append(cfg.Workloads, workload(t, fmt.Sprint(i), &endless{}, &seen[i]))
		}
		g, err := adapters.NewGroup(cfg)
		require.NoError(t, err)
		runFor(t, g, 2*time.Minute)
		for i, want := range []string{"12:01:00", "12:00:07.5", "12:00:15", "12:00:22.5"} {
			require.Equal(t, want, clock(seen[i].Decisions())[0])
		}
	})
}

func TestGroupStopsAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told [3]reporter
		var stores [3]shelf
		cfg := adapters.GroupConfig{Workers: 1}
		for i := range told {
			c := workload(t, fmt.Sprint(i), &endless{slow: time.Second}, &told[i])
			c.Store, c.Grace = &stores[i], 10*time.Second
			cfg.Workloads = append(cfg.Workloads, c)
		}
		g, err := adapters.NewGroup(cfg)
		require.NoError(t, err)
		time.Sleep(time.Until(minute(0)))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(61500*time.Millisecond, cancel) // the first has ticked, the second reads, the third waits
		begin := time.Now()
		require.NoError(t, g.Run(ctx))
		require.Equal(t, 62*time.Second, time.Since(begin), "what was in progress is finished, and nothing is begun")
		for i, want := range []int{1, 1, 0} {
			require.Len(t, told[i].reports, want, "workload %d", i)
			require.Equal(t, 1, told[i].stopped)
			require.Equal(t, want, stores[i].saves)
		}
	})
}

func TestGroupTellsOneOrAll(t *testing.T) {
	cfg := adapters.GroupConfig{Workloads: []adapters.Config{workload(t, "a", &endless{}), workload(t, "b", &endless{})}}
	g, err := adapters.NewGroup(cfg)
	require.NoError(t, err)
	spot := forecast.Event{ID: "spot", Kind: "tv", Start: minute(1)}
	require.NoError(t, g.Announce(spot))
	a, ok := g.Runner("a")
	require.True(t, ok)
	require.Equal(t, "a", a.Name())
	_, ok = g.Runner("c")
	require.False(t, ok)
	require.NoError(t, a.Withdraw("spot"))
	events := func() (out []bool) {
		require.NoError(t, g.Tick(t.Context(), minute(0)))
		for _, r := range g.Runners() {
			out = append(out, r.Report().Decision.Event)
		}
		return out
	}
	require.Equal(t, []bool{false, true}, events())
	require.NoError(t, g.Withdraw("spot"), "one of them knows it")
	require.ErrorIs(t, g.Withdraw("spot"), scaler.ErrUnknownEvent)
	require.Equal(t, []bool{false, false}, events())
	require.ErrorContains(t, g.Announce(forecast.Event{}), `workload "a": `)

	paused := func() (out []bool) {
		for _, r := range g.Runners() {
			d, err := r.Tick(t.Context(), minute(0))
			require.NoError(t, err)
			out = append(out, d.Advised != d.Replicas)
		}
		return out
	}
	g.Pause(time.Time{})
	require.Equal(t, []bool{true, true}, paused(), "no demand, and yet ten replicas")
	g.Resume()
	require.Equal(t, []bool{false, false}, paused())
}

func TestGroupJoinsTheErrorsOfItsWorkloads(t *testing.T) {
	g, err := adapters.NewGroup(adapters.GroupConfig{Workloads: []adapters.Config{
		workload(t, "a", &script{err: errDown}), workload(t, "b", &endless{}), workload(t, "c", &script{err: errDown}),
	}})
	require.NoError(t, err)
	err = g.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.Regexp(t, `^workload "a": signal "visits": reading .*\nworkload "c": signal .*$`, err.Error())
}

func TestGroupIsRefusedWhileAWorkloadRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := adapters.NewGroup(adapters.GroupConfig{Workloads: []adapters.Config{workload(t, "a", &endless{}), workload(t, "b", &endless{})}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		b, _ := g.Runner("b")
		go b.Run(ctx)
		synctest.Wait()
		err = g.Run(t.Context())
		require.ErrorIs(t, err, adapters.ErrRunning)
		require.EqualError(t, err, `workload "b": the runner runs already`)
		cancel()
		synctest.Wait()
		runFor(t, g, time.Minute)
	})
}

func TestNewGroupReportsEveryFault(t *testing.T) {
	_, err := adapters.NewGroup(adapters.GroupConfig{Workers: -1, Spread: 2, Workloads: []adapters.Config{
		workload(t, "a", &endless{}), workload(t, "", nil), workload(t, "a", &endless{}),
	}})
	require.EqualError(t, err, `group: config: 5 faults: workers is -1; wanted 0 (half the workloads, at least 32) or more | spread is 2; wanted 0 to 1`+
		` | workloads[1].name is ""; wanted a name of its own | workloads[1].sources[0] is nil; wanted a source | workloads[2].name is "a"; wanted a name of its own`)
	g, err := adapters.NewGroup(adapters.GroupConfig{})
	require.NoError(t, err)
	require.NoError(t, g.Tick(t.Context(), minute(0)), "nothing to do")
	synctest.Test(t, func(t *testing.T) { runFor(t, g, time.Minute) })
}
