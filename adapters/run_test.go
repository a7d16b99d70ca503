package adapters_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
)

// running is a Run in a synctest bubble, in which time passes only while everybody waits.
type running struct {
	*rig
	cancel context.CancelFunc
	done   chan error
}

// start runs r from 12:00:00, or so much later, on. The bubble starts at midnight.
func start(t *testing.T, r *rig, later time.Duration) *running {
	time.Sleep(time.Until(noon) + later)
	ctx, cancel := context.WithCancel(t.Context())
	w := &running{r, cancel, make(chan error, 1)}
	go func() { w.done <- r.runner.Run(ctx) }()
	synctest.Wait()
	return w
}

// stop ends Run and demands that it ended well.
func (w *running) stop(t *testing.T) {
	w.cancel()
	synctest.Wait()
	select {
	case err := <-w.done:
		require.NoError(t, err)
	default:
		t.Fatal("Run goes on after its context has ended")
	}
}

// at has the source of r call edit at the start of each read, with the number of ticks before it.
func (r *rig) at(edit func(tick int)) {
	s := r.sources[0]
	s.before = func() { edit(len(s.windows) - 1) }
}

func TestRunTicksAtTheBoundariesOfTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newRig(t, nil), 17*time.Second+3*time.Nanosecond)
		time.Sleep(3 * time.Minute)
		w.stop(t)
		require.Equal(t, []string{"12:01:00", "12:02:00", "12:03:00"}, clock(w.seen.Decisions()))
	})
}

func TestRunTicksAtItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *adapters.Config) { c.Interval = 20 * time.Second })
		w := start(t, r, 0)
		time.Sleep(61 * time.Second)
		w.stop(t)
		require.Equal(t, []string{"12:00:20", "12:00:40", "12:01:00"}, clock(w.seen.Decisions()))
	})
}

func TestRunDoesNotPileUpBehindASlowTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, func(c *adapters.Config) { c.Logger = logger(&log) })
		r.at(func(tick int) {
			if tick == 1 {
				time.Sleep(150 * time.Second) // 12:02 ends at 12:04:30
			}
		})
		w := start(t, r, 0)
		time.Sleep(390 * time.Second)
		w.stop(t)
		require.Equal(t, []string{"12:01:00", "12:02:00", "12:05:00", "12:06:00"}, clock(w.seen.Decisions()))
		require.Contains(t, log.String(), `level=WARN msg="tick took longer than the interval" took=2m30s waited=0s interval=1m0s missed=2`)
	})
}

func TestRunGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, func(c *adapters.Config) { c.Logger = logger(&log) })
		r.at(func(tick int) {
			r.sources[0].err, r.plant.fleetErr, r.plant.tryErr = nil, nil, nil
			switch tick {
			case 0:
				r.sources[0].err = errDown
			case 1:
				r.plant.fleetErr = errDown
			case 2:
				r.plant.ready, r.plant.tryErr = 1, errDown
			}
		})
		w := start(t, r, 0)
		time.Sleep(250 * time.Second)
		w.stop(t)
		require.Len(t, r.seen.Decisions(), 3, "all but the one without a fleet")
		require.Greater(t, r.plant.ready, 1, "the last tick could apply its decision")
		for _, want := range []string{
			`level=ERROR msg=tick error="signal \"visits\": reading `,
			`level=ERROR msg=tick error="looking at the fleet: the system is down"`,
			`level=ERROR msg=tick error="applying 1 -> `,
			`level=INFO msg=decision decision.replicas=`,
		} {
			require.Contains(t, log.String(), want)
		}
	})
}

func TestRunStopsBetweenTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newRig(t, nil), 0)
		time.Sleep(30 * time.Second)
		w.stop(t)
		require.Empty(t, w.seen.Decisions())
	})
}

func TestRunFinishesTheTickInProgressWithinTheGrace(t *testing.T) {
	for _, c := range []struct {
		name   string
		grace  time.Duration
		after  time.Duration // from the end of the context to that of Run
		traces int           // decisions
		log    string
	}{
		{"long enough", 10 * time.Second, 5 * time.Second, 1, `level=INFO msg=decision`},
		{"too short", 2 * time.Second, 2 * time.Second, 0, `level=INFO msg="stopped in the middle of a tick"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				r := newRig(t, func(cfg *adapters.Config) { cfg.Logger, cfg.Grace = logger(&log), c.grace })
				r.sources[0].slow, r.plant.ready = 20*time.Second, 1
				w := start(t, r, 0)
				time.Sleep(75 * time.Second) // the tick of 12:01:00 reads until 12:01:20
				w.cancel()
				begin := time.Now()
				require.NoError(t, <-w.done)
				require.Equal(t, c.after, time.Since(begin))
				require.Len(t, r.sources[0].windows, 1)
				require.Len(t, r.seen.Decisions(), c.traces)
				require.Len(t, r.plant.applied, c.traces)
				require.NotContains(t, log.String(), "level=ERROR", "to be stopped is no error")
				require.Contains(t, log.String(), c.log)
			})
		})
	}
}

func TestRunWithAContextThatHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRig(t, nil)
	require.NoError(t, r.runner.Run(ctx))
	require.Empty(t, r.sources[0].windows)
}

func TestRunIsRefusedWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, newRig(t, nil), 0)
		require.ErrorIs(t, w.runner.Run(t.Context()), adapters.ErrRunning)
		w.stop(t)
		again := start(t, w.rig, 0)
		time.Sleep(61 * time.Second)
		again.stop(t)
		require.Len(t, again.seen.Decisions(), 1, "a runner that was stopped runs again")
	})
}

// logger writes lines without the time.
func logger(w *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}
