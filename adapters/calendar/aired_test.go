package calendar_test

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// day is demand by the minute that triples for two minutes at each of those minutes after noon.
func day(spikes ...int) []forecast.Sample {
	var s []forecast.Sample
	for m := range 600 {
		v := 100 + 5*math.Sin(float64(m))
		for _, at := range spikes {
			if m == at || m == at+1 {
				v *= 3
			}
		}
		s = append(s, forecast.Sample{Time: noon.Add(time.Duration(m) * time.Minute), Value: v})
	}
	return s
}

func spots(minutes ...int) []forecast.Event {
	var events []forecast.Event
	for _, m := range minutes {
		events = append(events, forecast.Event{ID: "s", Kind: "tv", Start: noon.Add(time.Duration(m)*time.Minute + 20*time.Second), Duration: 30 * time.Second})
	}
	return events
}

func TestAired(t *testing.T) {
	r := calendar.Aired(spots(60, 200, 595, 3), day(61))
	require.True(t, r.List[0].Seen)
	require.False(t, r.List[1].Seen)
	require.Equal(t, "\"s\" (tv, Sat 7 Mar 15:20:20): demand did not show it: 98.91 before, at most 104.7 then, 148.6 would have told\n", calendar.Airings{List: r.List[1:2]}.String())
	require.False(t, r.List[3].Known, "nothing tells what is ordinary")
	require.Contains(t, r.List[3].String(), "too few samples")
	gap := day(61)
	for i := 60; i < 70; i++ {
		gap[i].Value = math.NaN()
	}
	require.False(t, calendar.Aired(spots(60), gap).List[0].Known, "missing is not zero")

	r = calendar.Aired(spots(60, 200, 290), day(121, 261, 351))
	require.Equal(t, time.Hour, r.Shift)
	require.Contains(t, r.String(), "far more of the plan shows in demand if it is moved by +1h: is its time zone right?")
	require.Zero(t, calendar.Aired(spots(60, 200, 290), day(121)).Shift)
}

func TestAWrongTimeZoneShowsInARealTrace(t *testing.T) {
	const traces = "../../../shared/traces/"
	plan, err := os.ReadFile(traces + "tvads_tatari_spots_a.csv")
	if err != nil {
		t.Skipf("no traces: %v", err)
	}
	trace, err := sim.OpenTrace(traces + "tvads_tatari_web_total_a.csv")
	require.NoError(t, err)
	samples := make([]forecast.Sample, trace.Len())
	for i := range samples {
		samples[i] = forecast.Sample{Time: trace.Times[i], Value: trace.Demand[i]}
	}
	p, err := calendar.Read(plan, "plan", calendar.ReadConfig{To: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	// The second feed airs the same spots at other hours and has almost no effect; moved, it would lie upon the first.
	plain := slices.DeleteFunc(p.Events(), func(ev forecast.Event) bool {
		return !slices.Contains(ev.Labels, forecast.Label{Key: "feed", Value: "1.0"})
	})
	require.NotEmpty(t, plain)
	require.Zero(t, calendar.Aired(plain, samples).Shift)
	require.Zero(t, calendar.Aired(p.Events(), samples).Shift)
	for _, by := range []time.Duration{time.Hour, -time.Hour, 5 * time.Hour, -8 * time.Hour} {
		events := slices.Clone(plain)
		for i := range events {
			events[i].Start = events[i].Start.Add(by)
		}
		require.Equal(t, -by, calendar.Aired(events, samples).Shift)
	}
}
