package adapters_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

func TestTickDecidesAsTheEngineDoes(t *testing.T) {
	r := newRig(t, nil)
	r.sources[0].fill(-5, 0, 300)
	r.sources[0].fill(0, 20, 300)

	twin, err := scaler.New(r.engine.Config())
	require.NoError(t, err)
	samples, err := r.sources[0].Source.Read(t.Context(), nil, minute(-60), minute(0))
	require.NoError(t, err)
	for _, s := range samples {
		require.NoError(t, twin.Observe(0, s))
	}
	for i := range 20 {
		fleet, err := r.plant.Fleet(t.Context())
		require.NoError(t, err)
		got, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)

		if i > 0 {
			require.NoError(t, twin.Observe(0, forecast.Sample{Time: minute(i - 1), Value: 300}))
		}
		var want scaler.Decision
		require.NoError(t, twin.Recommend(&want, minute(i), fleet))
		require.Equal(t, want, got, "minute %d", i)
	}
	require.NotEmpty(t, r.plant.applied, "the demand trebled")
}

func TestTickAppliesOnlyChangesAndTellsAlways(t *testing.T) {
	r := newRig(t, nil)
	r.plant.ready = 1
	var want []int
	for i := range 10 {
		r.sources[0].fill(i-1, i, 100)
		before := r.plant.ready
		d, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		if d.Replicas != before {
			want = append(want, d.Replicas)
		}
	}
	require.Equal(t, want, r.plant.applied)
	require.NotEmpty(t, want, "one replica does not carry 100")
	require.Less(t, len(want), 10, "the demand did not change")
	require.Len(t, r.seen.Decisions(), 10)
}

// bound is a plant that sets a bound for somebody else's count.
type bound struct {
	*plant
	yes bool
}

func (b bound) Bounds() bool { return b.yes }

func TestABoundWantsEveryDecision(t *testing.T) {
	for _, yes := range []bool{true, false} {
		for _, mode := range []adapters.Mode{adapters.ModeAct, adapters.ModeDryRun} {
			r := newRig(t, func(cfg *adapters.Config) {
				own, _ := cfg.Actuator.(*plant)
				cfg.Actuator, cfg.Mode = bound{own, yes}, mode
			})
			r.sources[0].fill(-20, 30, 100)
			kept := 0
			for i := range 20 {
				before := len(r.plant.applied)
				d, err := r.runner.Tick(t.Context(), minute(i))
				require.NoError(t, err)
				if !d.Acts() {
					kept++
				}
				require.Equal(t, mode == adapters.ModeAct && (yes || d.Acts()), len(r.plant.applied) > before)
			}
			require.Greater(t, kept, 5)
		}
	}
}

func TestTickReadsTheBackfillAndThenTheOverlap(t *testing.T) {
	r := newRig(t, nil)
	s := r.sources[0]
	tick := func(now time.Time) asked {
		_, err := r.runner.Tick(t.Context(), now)
		require.NoError(t, err)
		return s.windows[len(s.windows)-1]
	}
	require.Equal(t, asked{minute(0).AddDate(0, 0, -8), minute(0)}, tick(minute(0)))
	require.Equal(t, asked{minute(-11), minute(1)}, tick(minute(1)), "10 steps before the newest, which is of 11:59")
	s.fill(0, 2, 100)
	require.Equal(t, asked{minute(-11), minute(2)}, tick(minute(2)))
	require.Equal(t, asked{minute(-9), minute(3)}, tick(minute(3)), "10 steps before that of 12:01")
	day := 24 * 60
	require.Equal(t, asked{minute(12 * day), minute(20 * day)}, tick(minute(20*day)), "no further back than the backfill")

	n := len(s.windows)
	d, err := r.runner.Tick(t.Context(), minute(-600))
	require.NoError(t, err)
	require.Len(t, s.windows, n, "a clock that was set back finds nothing new")
	require.Equal(t, []string{"clock-back"}, rules(&d))
}

func TestTickGivesEachSampleOnce(t *testing.T) {
	r := newRig(t, nil)
	for i := range 30 {
		r.sources[0].fill(i-1, i, 100)
		_, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
	}
	require.Equal(t, scaler.Counts{Counts: forecast.Counts{Accepted: 60 + 29}}, r.engine.Counts(0))
}

func TestTickGivesSamplesOfAnOpenStepOnce(t *testing.T) {
	// Six samples a minute, and a decision after each: the mean of a step must not count its first samples again for each
	// window that overlaps them.
	const part = 10 * time.Second
	s := newScript(t, part)
	r := newRig(t, func(c *adapters.Config) {
		c.Interval = part
		c.Sources = []adapters.Source{s}
	})
	values := []float64{600, 0, 0, 0, 0, 0} // mean 100
	at := minute(0)
	for i := range 6 * 5 {
		s.Append(forecast.Sample{Time: at, Value: values[i%6]})
		at = at.Add(part)
		d, err := r.runner.Tick(t.Context(), at)
		require.NoError(t, err)
		if i%6 == 5 {
			require.InDelta(t, 100, d.Observed, 1e-9, "minute %d", i/6)
		}
	}
	require.Equal(t, uint64(30), r.engine.Counts(0).Accepted)
}

func TestTickTakesLateSamplesAndNumbersForGaps(t *testing.T) {
	r := newRig(t, nil)
	s := r.sources[0]
	tick := func(i int) {
		_, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
	}
	s.fill(0, 1, 100)
	s.Append(forecast.Sample{Time: minute(2), Value: math.NaN()})
	s.fill(3, 4, 100)
	tick(4)
	require.Equal(t, scaler.Counts{Counts: forecast.Counts{Accepted: 63, Gaps: 2}, Unknown: 1}, r.engine.Counts(0), "one not there, one known to be missing")
	s.fill(1, 3, 100)
	tick(5)
	require.Equal(t, uint64(2), r.engine.Counts(0).Filled)
	s.Append(forecast.Sample{Time: minute(2), Value: math.NaN()})
	tick(6)
	s.fill(2, 3, 100)
	tick(7)
	require.Equal(t, scaler.Counts{Counts: forecast.Counts{Accepted: 63, Filled: 2, Gaps: 2}, Unknown: 1}, r.engine.Counts(0), "a number that comes, goes and comes again")
}

func TestTickHoldsTheFleetWhileASourceFails(t *testing.T) {
	r := newRig(t, nil, scaler.Signal{Name: "visits", Capacity: 10}, scaler.Signal{Name: "jobs", Capacity: 10})
	r.plant.ready = 100
	r.sources[1].err = errDown
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.EqualError(t, err, `signal "jobs": reading 1999-12-24 12:00:00 +0000 UTC to 2000-01-01 12:00:00 +0000 UTC: the system is down`)
	require.Equal(t, minute(0), d.Time, "the decision is valid")
	require.True(t, d.Stale)
	require.Equal(t, 100, d.Replicas, "nothing is released on half of the truth")
	require.Contains(t, rules(&d), "stale")
	require.Len(t, r.seen.Decisions(), 1)

	r.sources[1].err = nil
	d, err = r.runner.Tick(t.Context(), minute(0))
	require.NoError(t, err)
	require.False(t, d.Stale)
	require.Equal(t, uint64(60), r.engine.Counts(1).Accepted, "the backfill is made up for")
}

func TestTickWithoutAFleetDecidesNothing(t *testing.T) {
	r := newRig(t, nil)
	r.sources[0].err = errors.New("also down")
	r.plant.fleetErr = errDown
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.ErrorIs(t, err, r.sources[0].err, "what went wrong before is told too")
	require.ErrorContains(t, err, "looking at the fleet: the system is down")
	require.Equal(t, scaler.Decision{}, d)
	require.Empty(t, r.seen.Decisions())
	require.Empty(t, r.plant.applied)

	r.sources[0].err, r.plant.fleetErr, r.plant.ready = nil, nil, -1
	_, err = r.runner.Tick(t.Context(), minute(0))
	var fleet *scaler.FleetError
	require.ErrorAs(t, err, &fleet)
	require.EqualError(t, err, "deciding: fleet: ready is -1; wanted 0 to 1000000")
	require.Empty(t, r.seen.Decisions())
}

func TestTickTellsOfADecisionThatWasNotApplied(t *testing.T) {
	r := newRig(t, nil)
	r.plant.ready, r.plant.tryErr = 1, errDown
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.Regexp(t, `^applying 1 -> \d+ replicas: the system is down$`, err.Error())
	require.Equal(t, []scaler.Decision{d}, r.seen.Decisions())

	again, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.Equal(t, []int{d.Replicas, again.Replicas}, r.plant.applied, "it is tried again as long as the fleet is another")
}

// liar is a Source that keeps no promises.
type liar []forecast.Sample

func (l liar) Read(_ context.Context, dst []forecast.Sample, _, _ time.Time) ([]forecast.Sample, error) {
	return append(dst, l...), nil
}

func TestTickRefusesWhatNobodyAskedFor(t *testing.T) {
	l := liar{
		{Time: minute(-9000 * 60), Value: 1}, {Time: minute(-3), Value: 100}, {Time: minute(-2), Value: -1},
		{Time: minute(-1), Value: 100}, {Time: minute(0), Value: 5}, {Time: minute(1), Value: 5},
	}
	r := newRig(t, func(c *adapters.Config) { c.Sources = []adapters.Source{l} })
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorContains(t, err, `signal "visits": 4 of 6 samples refused, the first: sample at `)
	require.ErrorContains(t, err, "wanted from 1999-12-24 12:00:00 +0000 UTC to before 2000-01-01 12:00:00 +0000 UTC")
	require.Equal(t, time.Minute, d.Age, "what the clock of the source says does not count")
	require.False(t, d.Stale)
	require.Equal(t, uint64(2), r.engine.Counts(0).Accepted)

	in := r.runner.Report().Inputs[0]
	require.Equal(t, minute(-1), in.Newest)
	require.Equal(t, 2, in.New)
	require.ErrorContains(t, in.Err, "4 of 6 samples refused")
}

func TestTickBelievesNoClockThatIsFarAhead(t *testing.T) {
	l := liar{{Time: minute(-1), Value: 100}, {Time: minute(1).Add(1), Value: 5}}
	r := newRig(t, func(c *adapters.Config) { c.Sources = []adapters.Source{l} })
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorContains(t, err, "UTC: sample at 2000-01-01 12:01:00.000000001 +0000 UTC, 1m0.000000001s ahead of the clock here; its clock must be wrong, and nothing of it is taken")
	require.True(t, d.Stale)
	require.Equal(t, 1, r.runner.Report().Inputs[0].Failures)
	require.Zero(t, r.engine.Counts(0).Accepted)
}

func TestTickEndsWithItsContext(t *testing.T) {
	r := newRig(t, nil)
	r.plant.ready = 1
	ctx, cancel := context.WithCancel(t.Context())
	r.sources[0].before = cancel // shutdown comes while the source is read
	d, err := r.runner.Tick(ctx, minute(0))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, scaler.Decision{}, d)
	require.Empty(t, r.plant.applied)
	require.Empty(t, r.seen.Decisions())
}

func TestTickPutsSamplesOnTheClockOfTheLocation(t *testing.T) {
	// The engine learns the hour of the day from the clock of the samples, so that its answer shows whose clock it was.
	plan := func(loc *time.Location) []byte {
		r := newRig(t, func(c *adapters.Config) { c.Location = loc })
		_, err := r.runner.Tick(t.Context(), minute(0))
		require.NoError(t, err)
		b, err := r.runner.AppendBinary(nil)
		require.NoError(t, err)
		return b
	}
	east := time.FixedZone("east", 5*3600)
	require.Equal(t, plan(nil), plan(time.UTC), "the samples are in UTC")
	require.NotEqual(t, plan(nil), plan(east))
}

func TestTickTellsTheEngineTheTimeOfTheLocation(t *testing.T) {
	// It is noon in UTC and five o'clock in the east, where the window is.
	want := func(loc *time.Location) int {
		r := newRig(t, func(c *adapters.Config) {
			cfg := c.Engine.Config()
			cfg.Windows = []scaler.Window{{Start: "16:30", End: "18:00", Min: 77}}
			engine, err := scaler.New(cfg)
			require.NoError(t, err)
			c.Engine, c.Location = engine, loc
		})
		d, err := r.runner.Tick(t.Context(), minute(0))
		require.NoError(t, err)
		return d.Replicas
	}
	require.Equal(t, 77, want(time.FixedZone("east", 5*3600)))
	require.Equal(t, 10, want(nil))
}

func TestAnnounceWhileATickWaits(t *testing.T) {
	// Announcements must get through while a source is slow: the first read waits for all of them.
	r := newRig(t, nil)
	const n = 8
	var wg sync.WaitGroup
	r.sources[0].before = func() {
		for i := range n {
			wg.Go(func() {
				id := string(rune('a' + i))
				err := r.runner.Announce(forecast.Event{ID: id, Kind: "spot", Start: minute(2)})
				if err == nil && i%2 == 1 {
					err = r.runner.Withdraw(id)
				}
				if err == nil {
					_, err = r.runner.AppendBinary(nil)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	var ticks sync.WaitGroup
	for range 2 {
		ticks.Go(func() {
			if _, err := r.runner.Tick(t.Context(), minute(0)); err != nil {
				t.Error(err)
			}
		})
	}
	ticks.Wait()
	ds := r.seen.Decisions()
	require.Len(t, ds, 2)
	require.True(t, ds[0].Event && ds[1].Event, "four spots are left")
	require.ErrorIs(t, r.runner.Withdraw("b"), scaler.ErrUnknownEvent)
	require.NoError(t, r.runner.Withdraw("a"))
}

func TestSnapshotGoesOn(t *testing.T) {
	r := newRig(t, nil)
	_, err := r.runner.Tick(t.Context(), minute(0))
	require.NoError(t, err)
	b, err := r.runner.AppendBinary([]byte("head"))
	require.NoError(t, err)
	e, err := scaler.Restore(r.engine.Config(), b[len("head"):])
	require.NoError(t, err)

	second := newRig(t, func(c *adapters.Config) { c.Engine = e })
	for i := 1; i < 5; i++ {
		r.sources[0].fill(i-1, i, 250)
		second.sources[0].fill(i-1, i, 250)
		want, err := r.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		got, err := second.runner.Tick(t.Context(), minute(i))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, e.Counts(0), r.engine.Counts(0), "nothing was read twice")
	newest, ok := e.Newest(0)
	require.True(t, ok)
	require.Equal(t, minute(3), newest)
}
