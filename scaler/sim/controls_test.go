package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// spots is a case of two days of minutes whose demand jumps for some minutes at each announced event.
func spots(t *testing.T) Case {
	t.Helper()
	demand := make([]float64, 2*24*60)
	for i := range demand {
		demand[i] = float64(100 + i%7)
	}
	var events []forecast.Event
	for k, i := 0, 37; i+5 < len(demand); k, i = k+1, i+90+k%11 {
		events = append(events, forecast.Event{ID: string(rune('A' + k)), Kind: "spot", Start: at(int64(i * 60)), Weight: float64(1 + k),
			Labels: []forecast.Label{{Key: "network", Value: string(rune('a' + k%3))}}})
		for j := range 4 {
			demand[i+j] += 300
		}
	}
	tr := minutes(t, demand...)
	c := Case{Trace: tr, Events: events, Options: DefaultOptions(tr)}
	c.Options.Capacity = 10
	var err error
	c.Config, err = EngineConfig(scaler.Config{}, tr, c.Options)
	require.NoError(t, err)
	return c
}

func TestControls(t *testing.T) {
	c := spots(t)
	kept := slices.Clone(c.Events)
	done, total := 0, 0
	c.Options.Progress = func(d, of int) {
		require.GreaterOrEqual(t, d, done)
		done, total = d, of
	}
	controls, err := Controls(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, total, done)
	require.Equal(t, (1+18+5)*c.Trace.Len(), total)
	require.Equal(t, kept, c.Events, "the case is the caller's")
	by := map[string]Control{}
	var names []string
	for _, control := range controls {
		by[control.Name] = control
		names = append(names, control.Name)
	}
	require.Equal(t, []string{
		"undisturbed", "no plan", "as many phantoms beside the plan", "a plan of phantoms", "labels and weights shuffled",
		"announced 1 min too early", "announced 1 min too late", "announced 5 min too early", "announced 5 min too late",
		"announced 15 min too early", "announced 15 min too late", "announced 60 min too early", "announced 60 min too late",
		"announced for the next day", "metrics missing for an hour around each day's peak",
		"metrics one step later, engine not told", "ten times the metric delay, engine not told", "ten times the metric delay, engine told",
	}, names)

	c.Options.Progress = nil
	plain, err := Compare(context.Background(), c, []string{Headroom, KubeHPA})
	require.NoError(t, err)
	harm := func(r Result) Harm { return Harm{plain.Ratio(r), r.Unserved, r.EventUnserved} }
	require.Equal(t, Control{"undisturbed", harm(plain.Results[0]), harm(plain.Results[1])}, controls[0])
	for _, control := range controls[1:14] {
		require.Equal(t, controls[0].HPA, control.HPA, "%s: HPA knows of no plan", control.Name)
		require.NotEqual(t, controls[0].Headroom, control.Headroom, control.Name)
	}
	// Without its plan the engine is as if there was none, and is judged by the true events all the same.
	without := c
	without.Events = nil
	r, err := without.Play(context.Background(), Headroom)
	require.NoError(t, err)
	require.Equal(t, plain.Ratio(r), by["no plan"].Headroom.Ratio)
	require.Greater(t, by["no plan"].Headroom.EventUnserved, .5)
	require.Greater(t, by["announced 60 min too late"].Headroom.EventUnserved, .5, "this plan is of no use")

	late := c
	late.Options.Lag = 10 * time.Minute
	r, err = late.Play(context.Background(), KubeHPA)
	require.NoError(t, err)
	require.Equal(t, harm(r), by["ten times the metric delay, engine told"].HPA)
	require.Equal(t, harm(r), by["ten times the metric delay, engine not told"].HPA)
	require.Less(t, by["ten times the metric delay, engine told"].Headroom.Ratio, by["ten times the metric delay, engine not told"].Headroom.Ratio)

	again, err := Controls(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, controls, again)
	c.Options.Seed++
	again, err = Controls(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, controls[0], again[0])
	require.NotEqual(t, controls[3], again[3], "phantoms are drawn")

	c.Events = nil
	few, err := Controls(context.Background(), c)
	require.NoError(t, err)
	require.Len(t, few, 5, "no plan that could be wrong")

	c.Config.Penalty = -1
	_, err = Controls(context.Background(), c)
	require.ErrorContains(t, err, ": headroom: config: penalty")
}

func TestPhantomsAreLikeTheEventsButForTheirTime(t *testing.T) {
	c := spots(t)
	ghosts := phantoms(c.Events, c.Trace, rand.New(rand.NewPCG(1, 2)))
	require.Len(t, ghosts, len(c.Events))
	ids, early, all := map[string]bool{}, 0, 0
	for range 50 {
		for i, g := range phantoms(c.Events, c.Trace, rand.New(rand.NewPCG(uint64(all), 2))) {
			ids[g.ID] = true
			require.False(t, g.Start.Before(c.Trace.Times[0]) || g.Start.After(c.Trace.Times[c.Trace.Len()-1]))
			if all++; g.Start.Before(c.Trace.Times[c.Trace.Len()/2]) {
				early++
			}
			g.ID, g.Start = c.Events[i].ID, c.Events[i].Start
			require.Equal(t, c.Events[i], g)
		}
	}
	require.Len(t, ids, len(c.Events))
	require.InDelta(t, .5, float64(early)/float64(all), .05)
}

func TestPlanDisturbances(t *testing.T) {
	c := spots(t)
	kept := slices.Clone(c.Events)
	edit := map[string]Case{}
	for _, d := range planDisturbances() {
		got, err := d.make(c, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(got.Announced, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) }), d.name)
		require.Equal(t, kept, got.Events, d.name)
		edit[d.name] = got
	}
	require.NotNil(t, edit["no plan"].Announced, "nil would be the plan")
	require.Empty(t, edit["no plan"].Announced)
	require.Len(t, edit["as many phantoms beside the plan"].Announced, 2*len(kept))
	for name, by := range map[string]time.Duration{"announced 5 min too early": -5 * time.Minute, "announced 60 min too late": time.Hour, "announced for the next day": 24 * time.Hour} {
		for i, e := range edit[name].Announced {
			require.Equal(t, by, e.Start.Sub(kept[i].Start), name)
		}
	}
	var labels, weights int
	sum := 0.
	for i, e := range edit["labels and weights shuffled"].Announced {
		require.Equal(t, kept[i].ID, e.ID)
		require.Equal(t, kept[i].Start, e.Start)
		k := slices.IndexFunc(kept, func(from forecast.Event) bool { return from.Weight == e.Weight })
		require.Equal(t, kept[k].Labels, e.Labels, "they stay together")
		if e.Weight != kept[i].Weight {
			weights++
		}
		if e.Labels[0] != kept[i].Labels[0] {
			labels++
		}
		sum += e.Weight - kept[i].Weight
	}
	require.Zero(t, sum)
	require.Greater(t, weights, len(kept)/2)
	require.Greater(t, labels, len(kept)/3)
}

func TestWithoutPeaks(t *testing.T) {
	demand := make([]float64, 3*24*60)
	for _, peak := range []int{10, 24*60 + 700, 2*24*60 + 24*60 - 1} {
		demand[peak] = 9
	}
	shown := withoutPeaks(minutes(t, demand...), nil)
	for i, v := range shown {
		gone := i < 40 || i >= 24*60+670 && i < 24*60+730 || i >= 3*24*60-31
		require.Equal(t, gone, math.IsNaN(v), "step %d", i)
		if !gone {
			require.Equal(t, demand[i], v)
		}
	}
	require.Equal(t, 9., demand[10], "the trace is the caller's")

	hourly := steps(t, time.Hour, slices.Concat(make([]float64, 5), []float64{hole, 3}, make([]float64, 41))...)
	shown = withoutPeaks(hourly, slices.Repeat([]float64{7}, 48))
	require.True(t, math.IsNaN(shown[6]), "at least the peak itself")
	require.Equal(t, []float64{7, 7}, []float64{shown[5], shown[7]})
	requireDemand(t, []float64{hole, hole}, withoutPeaks(steps(t, time.Hour, hole, hole), nil))
}

func TestTenfold(t *testing.T) {
	c := spots(t)
	require.Equal(t, 10*time.Minute, tenfold(c))
	c.Options.Lag = 30 * time.Second
	require.Equal(t, 5*time.Minute, tenfold(c))
}

func TestWriteControls(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteControls(&b, []Control{
		{"undisturbed", Harm{1.5, .01, .25}, Harm{2, .02, math.NaN()}},
		{"a plan of phantoms", Harm{math.NaN(), 0, 0}, Harm{}},
	}))
	require.Equal(t, `  control             headroom  unserved  events    hpa  unserved  events
  undisturbed            1.500    1.000%   25.0%  2.000    2.000%       -
  a plan of phantoms         -    0.000%    0.0%  0.000    0.000%    0.0%
`, b.String())
}
