package adapters_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// feedRig is a rig whose one signal has a feed of two inputs, called "first" and "second"; both have the demand of the hour
// before noon.
func feedRig(t *testing.T, edit func(*adapters.Config)) (r *rig, first, second *script) {
	first, second = newScript(t, time.Minute), newScript(t, time.Minute)
	first.fill(-60, 0, 100)
	second.fill(-60, 0, 100)
	r = newRig(t, func(c *adapters.Config) {
		c.Sources = nil
		c.Feeds = []adapters.Feed{{Inputs: []adapters.Input{{Name: "first", Source: first}, {Name: "second", Source: second}}}}
		if edit != nil {
			edit(c)
		}
	})
	return r, first, second
}

// used returns the inputs that the newest tick relied on.
func (r *rig) used() []string {
	var out []string
	for _, in := range r.runner.Report().Inputs {
		if in.Used {
			out = append(out, in.Input)
		}
	}
	return out
}

// tick ticks so many minutes after noon and returns the decision.
func (r *rig) tick(t *testing.T, i int) scaler.Decision {
	d, _ := r.runner.Tick(t.Context(), minute(i))
	require.False(t, d.Time.IsZero())
	return d
}

func TestFeedReadsTheNextInputAfterFailures(t *testing.T) {
	var log bytes.Buffer
	r, first, second := feedRig(t, func(c *adapters.Config) {
		c.Logger = logger(&log)
		c.Feeds[0].SwitchAfter = 2
		c.Feeds[0].Inputs[0].MaxAge = time.Hour
	})
	second.fill(0, 12, 100)
	r.tick(t, 0)
	require.Equal(t, []string{"first"}, r.used())
	require.Empty(t, second.windows, "nobody needs it")

	first.err = errDown
	d, err := r.runner.Tick(t.Context(), minute(1))
	require.EqualError(t, err, `signal "visits": input "first": reading 2000-01-01 11:49:00 +0000 UTC to 2000-01-01 12:01:00 +0000 UTC: the system is down`)
	require.True(t, d.Stale)
	require.Equal(t, []string{"first"}, r.used(), "once may be an accident")
	require.Empty(t, second.windows)

	for i := 2; i <= 12; i++ {
		require.False(t, r.tick(t, i).Stale)
		require.Equal(t, []string{"second"}, r.used())
		require.Len(t, second.windows, i-1)
		require.ErrorIs(t, r.runner.Report().Err, errDown, "that it is down is told as long as it is")
	}
	report := r.runner.Report()
	require.Equal(t, 12, report.Inputs[0].Failures)
	require.ErrorIs(t, report.Inputs[0].Err, errDown)
	require.Equal(t, minute(-1), report.Inputs[0].Newest)
	require.Equal(t, adapters.InputReport{Signal: "visits", Input: "second", Read: true, Used: true, New: 1, Newest: minute(11)}, report.Inputs[1])

	first.err = nil
	first.fill(0, 13, 100)
	r.tick(t, 13)
	require.Equal(t, []string{"first"}, r.used(), "it is back as soon as it answers")
	require.Len(t, second.windows, 11)
	require.Equal(t, 1, r.runner.Report().Inputs[0].New, "the other one had the rest")
	require.Equal(t, uint64(73), r.engine.Counts(0).Accepted)
	require.Zero(t, r.engine.Counts(0).Duplicate)
	require.Contains(t, log.String(), `level=WARN msg="signal is read from another input" signal=visits input=second before=first`)
	require.Contains(t, log.String(), `level=WARN msg="signal is read from another input" signal=visits input=first before=second`)
}

func TestFeedPassesOverAnInputThatIsTooOld(t *testing.T) {
	var log bytes.Buffer
	r, first, second := feedRig(t, func(c *adapters.Config) { c.Logger = logger(&log) })
	second.fill(0, 10, 100)
	for i := range 11 {
		d := r.tick(t, i)
		require.NoError(t, r.runner.Report().Err, "to be old is no error")
		want := "first"
		if i > 0 { // the newest is of 11:59, two minutes old; the engine allows one and a half
			want = "second"
		}
		require.Equal(t, []string{want}, r.used(), "minute %d", i)
		require.False(t, d.Stale)
	}
	require.Equal(t, adapters.InputReport{Signal: "visits", Input: "first", Read: true, Newest: minute(-1), Old: true}, r.runner.Report().Inputs[0])
	require.Contains(t, log.String(), `level=WARN msg="samples of the input are too old" signal=visits input=first newest=2000-01-01T11:59:00.000Z age=2m0s wanted=1m30s`)

	first.fill(0, 11, 100)
	r.tick(t, 11)
	require.Equal(t, []string{"first"}, r.used())
	require.Contains(t, log.String(), `level=INFO msg="samples of the input are young again" signal=visits input=first newest=2000-01-01T12:10:00.000Z`)
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("too old")), "it is said once")
	require.Len(t, second.windows, 10)
}

func TestFeedTakesYesterdaysDataForOld(t *testing.T) {
	r, _, second := feedRig(t, func(c *adapters.Config) {
		old := newScript(t, time.Minute)
		old.fill(-30*60, -24*60, 5)
		c.Feeds[0].Inputs[0].Source = old
	})
	second.fill(0, 10, 100)
	for i := range 11 {
		require.False(t, r.tick(t, i).Stale)
		require.Equal(t, []string{"second"}, r.used())
	}
	require.Equal(t, minute(-24*60-1), r.runner.Report().Inputs[0].Newest)
}

func TestFeedWithoutAnAnswerReliesOnNobody(t *testing.T) {
	r, first, second := feedRig(t, nil)
	r.tick(t, 0)
	first.err, second.err = errDown, errDown
	for i := 1; i <= 20; i++ {
		r.tick(t, i)
	}
	require.Empty(t, r.used())
	d := r.runner.Report().Decision
	require.True(t, d.Stale)
	require.GreaterOrEqual(t, d.Replicas, 10)
	require.Equal(t, 20, r.runner.Report().Inputs[0].Failures)
}

func TestFeedOnlyProbesWhatHasFailedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, first, _ := feedRig(t, func(c *adapters.Config) {
			c.Feeds[0].Inputs[0].Timeout = 5 * time.Second
			c.Feeds[0].Inputs[0].MaxAge, c.Feeds[0].Inputs[1].MaxAge = time.Hour, time.Hour
		})
		r.tick(t, 0)
		first.slow = time.Hour
		var took []time.Duration
		for i := 1; i <= 14; i++ {
			r.tick(t, i)
			took = append(took, r.runner.Report().Took)
		}
		const all, probe = 5 * time.Second, 500 * time.Millisecond
		require.Equal(t, []time.Duration{all, all, all, probe, probe, probe, probe, probe, probe, probe, all, probe, probe, probe}, took)
		require.Equal(t, []string{"second"}, r.used())

		first.slow = time.Second // slower than a probe waits
		for i := 15; i <= 21; i++ {
			r.tick(t, i)
		}
		require.Equal(t, []string{"first"}, r.used(), "a source that has become slow comes back")
	})
}

func TestFeedsAreReadAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, scaler.Signal{Name: "a"}, scaler.Signal{Name: "b"}, scaler.Signal{Name: "c"})
		for _, s := range r.sources {
			s.slow = 5 * time.Second
		}
		d, err := r.runner.Tick(t.Context(), minute(0))
		require.NoError(t, err)
		require.False(t, d.Stale)
		require.Equal(t, 5*time.Second, r.runner.Report().Took)
	})
}

// timed is a Source that knows how late it is.
type timed struct {
	*script
	timing adapters.Timing
}

func (t timed) Timing() adapters.Timing { return t.timing }

func TestFeedReadsNothingYoungerThanItsDelay(t *testing.T) {
	own := adapters.Timing{Delay: 20 * time.Second, MaxAge: 7 * time.Minute}
	cases := []struct {
		name   string
		source func(s *script) adapters.Source
		delay  time.Duration
		to     time.Time // of the window at 12:01:00
		offset time.Duration
		old    time.Duration // from this age on
	}{
		{"nobody says anything", func(s *script) adapters.Source { return s }, 0, minute(1), 0, 90 * time.Second},
		{"the configuration says it", func(s *script) adapters.Source { return s }, 50 * time.Second, minute(1).Add(-50 * time.Second), 50 * time.Second, 90 * time.Second},
		{"the source says it and sees to it itself", func(s *script) adapters.Source { return timed{s, own} }, 0, minute(1), 20 * time.Second, 7 * time.Minute},
		{"the configuration says more than the source", func(s *script) adapters.Source { return timed{s, own} }, 90 * time.Second, minute(1).Add(-70 * time.Second), 30 * time.Second, 7 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *script
				r := newRig(t, func(cfg *adapters.Config) {
					s = cfg.Sources[0].(*script)
					cfg.Sources, cfg.Feeds = nil, []adapters.Feed{{Inputs: []adapters.Input{{Source: c.source(s), Delay: c.delay}}}}
				})
				_, err := r.runner.Tick(t.Context(), minute(1))
				require.NoError(t, err)
				require.Equal(t, c.to, s.windows[0].to)
				for _, age := range []time.Duration{c.old, c.old + 1} {
					_, err := r.runner.Tick(t.Context(), minute(-1).Add(age))
					require.NoError(t, err)
					require.Equal(t, age > c.old, r.runner.Report().Inputs[0].Old, "at an age of %v", age)
				}

				w := start(t, r, 0)
				time.Sleep(2 * time.Minute)
				w.stop(t)
				at := noon.Add(c.offset).Format("15:04:05")
				require.Equal(t, at[5:], clock(w.seen.Decisions())[3][5:], "the tick comes when an interval has become complete")
			})
		})
	}
}

func TestRunnerWarnsOfAnEngineThatDoesNotKnowTheDelay(t *testing.T) {
	var log bytes.Buffer
	feedRig(t, func(c *adapters.Config) {
		c.Logger = logger(&log)
		c.Feeds[0].Inputs[0].Delay = 20 * time.Second
	})
	require.Contains(t, log.String(), `level=WARN msg="samples come later than the engine knows; its delay should be as long" signal=visits delay=20s engine=0s`)
}

func TestFeedWaitsForItsLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(2*time.Second), 1)
		r := newRig(t, func(c *adapters.Config) {
			feed := func(i int) adapters.Feed {
				return adapters.Feed{Inputs: []adapters.Input{{Source: c.Sources[i], Limiter: limiter}}}
			}
			c.Feeds, c.Sources = []adapters.Feed{feed(0), feed(1), feed(2)}, nil
			c.ActLimiter = rate.NewLimiter(rate.Every(3*time.Second), 1)
		}, scaler.Signal{Name: "a"}, scaler.Signal{Name: "b"}, scaler.Signal{Name: "c"})
		_, err := r.runner.Tick(t.Context(), minute(0))
		require.NoError(t, err)
		require.NotEmpty(t, r.plant.applied, "the actuator was called twice, and waited once")
		require.Equal(t, 7*time.Second, r.runner.Report().Took)
	})
}

func TestFeedTriesAgainWithinTheTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		s := r.sources[0]
		s.before = func() {
			s.err = nil
			if len(s.windows)%2 == 1 {
				s.err = temporary{}
			}
		}
		for i := range 3 {
			s.fill(i-1, i, 100)
			_, err := r.runner.Tick(t.Context(), minute(i))
			require.NoError(t, err)
		}
		require.Len(t, s.windows, 6)
		require.Equal(t, uint64(62), r.engine.Counts(0).Accepted)
		require.Zero(t, r.runner.Report().Inputs[0].Failures)
	})
}

// temporary is an error that may pass.
type temporary struct{}

func (temporary) Error() string   { return "come again" }
func (temporary) Temporary() bool { return true }

func TestApplyIsTriedAgainWithinTheTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.plant.ready, r.plant.tryErr = 1, temporary{}
		d, err := r.runner.Tick(t.Context(), minute(0))
		require.ErrorContains(t, err, "replicas: 3 attempts, the last: come again")
		require.Equal(t, []int{d.Replicas, d.Replicas, d.Replicas}, r.plant.applied, "applying sets and does not add")
		require.False(t, r.runner.Report().Applied)
		require.LessOrEqual(t, r.runner.Report().Took, 15*time.Second)
	})
}

func TestReportersAreToldOfTicksWithoutADecision(t *testing.T) {
	var told reporter
	r := newRig(t, func(c *adapters.Config) {
		c.Name = "shop"
		c.Observers = append(c.Observers, &told)
	})
	r.plant.fleetErr = errDown
	_, err := r.runner.Tick(t.Context(), minute(0))
	require.ErrorIs(t, err, errDown)
	require.Len(t, told.reports, 1)
	require.Zero(t, told.decisions)
	require.Equal(t, err, told.reports[0].Err)
	require.True(t, told.reports[0].Decision.Time.IsZero())
	require.Equal(t, minute(0), told.reports[0].Time)
	require.Equal(t, 60, told.reports[0].Inputs[0].New)

	r.plant.fleetErr = nil
	d, err := r.runner.Tick(t.Context(), minute(0))
	require.NoError(t, err)
	require.Equal(t, 1, told.decisions)
	got := told.reports[1]
	require.Equal(t, d, got.Decision)
	require.Equal(t, "shop", got.Workload)
	require.Equal(t, adapters.ModeAct, got.Mode)
	require.Equal(t, d.Change() != 0, got.Applied)
	require.Equal(t, 10, got.Fleet.Ready)
	require.Equal(t, []adapters.InputReport{{Signal: "visits", Read: true, Used: true, Newest: minute(-1)}}, got.Inputs)
	require.Equal(t, got, r.runner.Report())
}
