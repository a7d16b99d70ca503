package scaler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// lateLoop decides once a minute on samples that are behind by so many minutes more than the newest closed one; a negative
// number means none comes.
type lateLoop struct {
	t   *testing.T
	e   *Engine
	d   Decision
	now time.Time
	fed int // minutes since the beginning
}

func newLateLoop(t *testing.T, cfg Config) *lateLoop {
	e, err := New(cfg)
	require.NoError(t, err)
	return &lateLoop{t: t, e: e, now: time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)}
}

func (l *lateLoop) step(behind int, demand float64, fleet int) *Decision {
	l.now = l.now.Add(time.Minute)
	l.fed++
	if behind >= 0 && l.fed > behind {
		require.NoError(l.t, l.e.Observe(0, forecast.Sample{Time: l.now.Add(-time.Duration(behind+1) * time.Minute), Value: demand}))
	}
	require.NoError(l.t, l.e.Recommend(&l.d, l.now, policy.Fleet{Ready: fleet}))
	return &l.d
}

// Metrics that come later than the configuration says must not hold a fleet at its peak for ever.
func TestSamplesThatAreAlwaysLate(t *testing.T) {
	for _, behind := range []int{1, 2, 5, 10} {
		l := newLateLoop(t, Config{})
		for range behind + arrivals {
			l.step(behind, 10, 40)
		}
		require.False(t, l.d.Stale, "%d behind", behind)
		require.Equal(t, time.Duration(behind)*time.Minute, l.d.Late)
		require.Equal(t, time.Duration(behind+1)*time.Minute, l.d.Age)
		for range 30 {
			l.step(behind, 10, 40)
		}
		require.Less(t, l.d.Replicas, 40, "%d behind: nothing is ever released", behind)
		require.Contains(t, l.d.Explain().String(), "later than max_age allows (set delay)")

		// When they stop, the fleet is held after a step all the same.
		require.False(t, l.d.Stale)
		l.step(-1, 0, 40)
		require.True(t, l.d.Stale, "%d behind", behind)
		require.Equal(t, 40, l.d.Replicas)

		// And what comes in time again is fresh at once, and nothing is late.
		l.step(0, 10, 40)
		require.False(t, l.d.Stale)
		require.Zero(t, l.d.Late)
	}
}

func TestSamplesThatAreNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    Config
		behind int
	}{
		"later than the default allows": {Config{}, 11},
		"yesterday's":                   {Config{}, 1440},
		"later than configured":         {Config{Guard: Guard{Late: Duration(3 * time.Minute)}}, 4},
		"max_age taken literally":       {Config{Guard: Guard{Late: 1}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLateLoop(t, c.cfg)
			for range c.behind + 20 {
				l.step(c.behind, 1, 40)
				require.True(t, l.d.Stale)
				require.Zero(t, l.d.Late)
				require.Equal(t, 40, l.d.Replicas)
			}
		})
	}
}

// One late sample, or two, are the end of an outage and not a rule.
func TestAnOutageThatEndsIsNoRule(t *testing.T) {
	l := newLateLoop(t, Config{})
	for range 60 {
		l.step(0, 10, 40)
	}
	for range 5 {
		l.step(-1, 0, 40)
	}
	for i := range arrivals - 1 {
		l.step(3, 10, 40)
		require.True(t, l.d.Stale, "late sample %d", i+1)
	}
	l.step(3, 10, 40)
	require.False(t, l.d.Stale)
}

// Samples that come later than the shadows remember are not charged to them: what nobody serves would cost them nothing.
func TestARaceOnLateSamplesStandsStill(t *testing.T) {
	l := newLateLoop(t, Config{})
	for range 120 {
		l.step(8, 100, 20)
	}
	require.Zero(t, l.d.Costs.HPA.Day)
	require.Equal(t, "band-wide", l.d.Leader)
	in := newLateLoop(t, Config{})
	for range 120 {
		in.step(2, 100, 20)
	}
	require.Greater(t, in.d.Costs.HPA.Day, 1., "two steps late are within what they remember")
}
