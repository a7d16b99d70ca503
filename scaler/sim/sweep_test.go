package sim

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/scaler"
)

func axes(t *testing.T, texts ...string) []Axis {
	t.Helper()
	var list []Axis
	for _, text := range texts {
		a, err := ParseAxis(text)
		require.NoError(t, err)
		list = append(list, a)
	}
	return list
}

// A sweep is what Compare says of each combination by itself, whatever the number of workers.
func TestSweepEqualsItsTwin(t *testing.T) {
	c := waves(t)
	list := axes(t, "penalty=5,20,80", "calm=0.01,0.3", "boot=1m,4m")
	want, err := Sweep(context.Background(), c, list)
	require.NoError(t, err)
	require.Len(t, want.Points, 12)
	k := 0
	for _, penalty := range []float64{5, 20, 80} {
		for _, calm := range []float64{0.01, 0.3} {
			for _, boot := range []time.Duration{time.Minute, 4 * time.Minute} {
				one := c
				one.Options.Penalty, one.Options.Boot = penalty, boot
				one.Config.Calm = calm
				one.Config, err = EngineConfig(one.Config, one.Trace, one.Options)
				require.NoError(t, err)
				r, err := Compare(context.Background(), one, []string{Headroom})
				require.NoError(t, err)
				got := want.Points[k]
				require.Equal(t, r.Results[0].Scores, got.Scores)
				require.Equal(t, r.Ratio(r.Results[0]), got.Ratio)
				k++
			}
		}
	}
	for _, workers := range []int{1, 2, 5, 100} {
		got, err := sweep(context.Background(), c, list, workers)
		require.NoError(t, err)
		require.Equal(t, want.Points, got.Points, "%d at a time", workers)
	}
}

// The order of the values of an axis changes the order of the points, and nothing else.
func TestSweepIsTheSameInAnyOrder(t *testing.T) {
	c := waves(t)
	list := axes(t, "engine.penalty=2,20,50", "forecast.spikes=false,true")
	byName := func(r *SweepResult) map[string]SweepPoint {
		m := map[string]SweepPoint{}
		for _, p := range r.Points {
			m[string(p.Values[0])+string(p.Values[1])] = p
		}
		return m
	}
	straight, err := Sweep(context.Background(), c, list)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		shuffled := []Axis{{list[0].Path, rapid.Permutation(list[0].Values).Draw(r, "penalties")}, {list[1].Path, rapid.Permutation(list[1].Values).Draw(r, "spikes")}}
		got, err := sweep(context.Background(), c, shuffled, rapid.IntRange(1, 4).Draw(r, "workers"))
		require.NoError(r, err)
		require.Equal(r, byName(straight), byName(got))
		require.Equal(r, shuffled[0].Values[0], got.Points[1].Values[0], "the last axis changes fastest")
	})
}

// What a path moves: both sides, the engine, or the plant.
func TestSidesOfAnAxis(t *testing.T) {
	c := waves(t)
	at := func(text string) Case {
		list := axes(t, text)
		got, err := c.at(list, []json.RawMessage{list[0].Values[0]})
		require.NoError(t, err)
		return got
	}
	minutes := func(n int) scaler.Duration { return scaler.Duration(n) * scaler.Duration(time.Minute) }

	got := at("boot=5m")
	require.Equal(t, 5*time.Minute, got.Options.Boot)
	require.Equal(t, minutes(5), got.Config.Boot)
	got = at("engine.boot=5m")
	require.Equal(t, 2*time.Minute, got.Options.Boot)
	require.Equal(t, minutes(5), got.Config.Boot)
	got = at("plant.boot=5m")
	require.Equal(t, 5*time.Minute, got.Options.Boot)
	require.Equal(t, minutes(2), got.Config.Boot)

	got = at("delay=90s") // late by whole steps, as the plant is
	require.Equal(t, 90*time.Second, got.Options.Lag)
	require.Equal(t, minutes(2), got.Config.Delay)
	got = at("plant.lag=90s")
	require.Equal(t, 90*time.Second, got.Options.Lag)
	require.Zero(t, got.Config.Delay)

	got = at("preset=economy")
	require.Equal(t, 10.0, got.Options.Penalty)
	require.Equal(t, 10.0, got.Config.Penalty)
	got = at("engine.preset=economy")
	require.Equal(t, 20.0, got.Options.Penalty)
	require.Equal(t, 10.0, got.Config.WithDefaults().Penalty)
	require.Equal(t, 50.0, at("plant.penalty=50").Options.Penalty)

	got = at("signals[0].capacity=9")
	require.Equal(t, 9.0, got.Options.Capacity)
	require.Equal(t, 9.0, got.Config.Signals[0].Capacity)
	require.True(t, at("plant.scale_to_zero=true").Options.ScaleToZero)
	require.Equal(t, SignalUtilisation, at("plant.signal=utilisation").Options.Signal)
	require.Equal(t, 2*time.Minute, at(`plant.boot_times="lognormal:2m,5m"`).Options.BootTimes.Median)
	require.Equal(t, minutes(3), at(`kinds[0]={"name":"spot","rise":"3m"}`).Config.Kinds[0].Rise)
	require.True(t, at("forecast.spikes=true").Config.Forecast.Spikes)

	require.Equal(t, 4.0, c.Options.Capacity, "the case stays as it is")
	require.Equal(t, 4.0, c.Config.Signals[0].Capacity)
	require.Empty(t, c.Config.Kinds)
}

func TestSweepFrontIsOfOnePlant(t *testing.T) {
	r, err := Sweep(context.Background(), waves(t), axes(t, "boot=1m,20m", "engine.penalty=2,5,20,100"))
	require.NoError(t, err)
	for _, plant := range [][]SweepPoint{r.Points[:4], r.Points[4:]} {
		var hours, unserved []float64
		var front []bool
		for _, p := range plant {
			hours, unserved, front = append(hours, p.ReplicaHours), append(unserved, p.UnservedHours), append(front, p.Front)
		}
		require.Equal(t, ParetoFront(hours, unserved), front)
		require.Contains(t, front, true)
	}
}

func TestSweepNamesWhatIsWrong(t *testing.T) {
	c := waves(t)
	for text, want := range map[string]string{
		"penalti=5":                `penalti=5: config: penalti is unknown; wanted one of step, boot`,
		"forecast.spices=true":     "forecast.spices=true: config: forecast.spices is unknown; wanted one of seasons",
		"forecast.spikes=maybe":    `forecast.spikes=maybe: config: forecast.spikes is "maybe"; wanted true or false`,
		"boot=5":                   `boot=5: config: boot is 5; wanted a duration in quotes`,
		"calm=0.1,0.7":             "calm=0.7: config: calm is 0.7; wanted",
		"penalty=5,0.5":            "penalty=0.5: config: penalty is 0.5; wanted",
		"penalty=0":                "penalty=0: config: penalty is 0; wanted more than 1",
		"min=1.5":                  "min=1.5: config: min is 1.5; wanted a whole number",
		"penalty.x=1":              `penalty.x=1: penalty.x: there is no "x" in 20; wanted the path of a field`,
		"kinds[1].rise=1m":         "kinds[1].rise=1m: kinds[1].rise: there is no place 1 in a list of 0; wanted at most 0",
		"calm[0]=1":                "calm[0]=1: config: calm is [1]; wanted a number",
		"a..b=1":                   `"a..b": wanted the path of a field`,
		"step=2m":                  "step=2m: config: step is 2m0s; wanted the trace's, 1m0s, or none",
		"plant.boots=1m":           "plant.boots=1m: boots is unknown; wanted one of capacity, boot",
		"plant.progress=1":         "progress is unknown",
		"plant.boot=5":             `plant.boot=5: boot is 5; wanted a duration such as "90s"`,
		"plant.penalty=x":          `plant.penalty=x: penalty is "x"; wanted a value of type float64`,
		"plant.signal=noise":       `plant.signal=noise: signal is "noise": wanted demand or utilisation`,
		"plant.shown=1":            "shown is unknown",
		"plant.capacity=-1":        "plant.capacity=-1: capacity -1: wanted a finite number above 0",
		"engine.boot=-5m":          "engine.boot=-5m: config: boot is -5m0s; wanted",
		"signals[1].capacity=5":    `signals is 2 of them; wanted one, because a trace is one`,
		"policy=the-cheapest":      "policy=the-cheapest: config: policy is",
		"forecast.without=drift":   "forecast.without=drift: config: forecast.without is a text; wanted a list",
		"forecast.seasons=1h":      "forecast.seasons=1h: config: forecast.seasons is a text; wanted an object",
		"plant.scale_to_zero=null": "scale_to_zero is null; wanted a value of type bool",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := Sweep(context.Background(), c, axes(t, text))
			require.ErrorContains(t, err, want)
		})
	}
	_, err := Sweep(context.Background(), c, nil)
	require.ErrorContains(t, err, "no axis: wanted at least one")
	_, err = Sweep(context.Background(), c, axes(t, "penalty=5", "penalty=6"))
	require.ErrorContains(t, err, "penalty: there are two such axes; wanted one")
	_, err = Sweep(context.Background(), c, axes(t, "penalty=2:9001:1", "calm=0.01..0.4 lin 900"))
	require.ErrorContains(t, err, "calm: more than 1000000 combinations")
	_, err = Sweep(context.Background(), c, []Axis{{Path: "penalty", Values: []json.RawMessage{json.RawMessage("{")}}})
	require.ErrorContains(t, err, `penalty: value "{"; wanted JSON`)
}

func TestSweepEndsWithTheContext(t *testing.T) {
	c := waves(t)
	ctx, cancel := context.WithCancel(context.Background())
	last, total := 0, 0
	c.Options.Progress = func(done, of int) {
		last, total = done, of
		if done > 10*c.Trace.Len() {
			cancel()
		}
	}
	_, err := Sweep(ctx, c, axes(t, "engine.penalty=2:400:1"))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 400*c.Trace.Len(), total, "399 runs and one optimum")
	require.Less(t, last, total)

	c.Options.Progress = func(done, of int) { last, total = done, of }
	_, err = Sweep(context.Background(), c, axes(t, "engine.penalty=2,3"))
	require.NoError(t, err)
	require.Equal(t, 3*c.Trace.Len(), total)
	require.Equal(t, total, last)
}

func TestSweepOutput(t *testing.T) {
	c := waves(t)
	c.Options.Warmup = 0.5
	r, err := Sweep(context.Background(), c, axes(t, "engine.penalty=2,20", "forecast.spikes=false,true"))
	require.NoError(t, err)
	r.Points[0].Ratio = math.NaN()

	var table bytes.Buffer
	require.NoError(t, r.WriteTable(&table))
	require.Contains(t, table.String(), "test: 300 steps of 1m0s, scored from step 150 (1970-01-01T02:30:00Z)\n4 combinations; ratio =")
	require.Regexp(t, `(?m)^ +engine\.penalty +forecast\.spikes +ratio +cost +replica-hours`, table.String())
	require.Regexp(t, `(?m)^ +2 +false +- +[0-9.]+ `, table.String())
	require.Regexp(t, `(?m)^ +20 +true .*%`, table.String())

	var text bytes.Buffer
	require.NoError(t, r.WriteCSV(&text))
	rows, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 5)
	require.Equal(t, []string{"engine.penalty", "forecast.spikes", "cost", "ratio"}, rows[0][:4])
	require.Equal(t, []string{"20", "true"}, rows[4][:2])
	require.Empty(t, rows[1][3])

	b, err := json.Marshal(r)
	require.NoError(t, err)
	var got struct {
		Trace  string
		Step   float64 `json:"step_s"`
		Axes   []Axis
		Points []struct {
			Values []any
			Cost   float64
			Ratio  *float64
			Front  bool
		}
	}
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, "test", got.Trace)
	require.Equal(t, 60.0, got.Step)
	require.Equal(t, r.Axes, got.Axes)
	require.Len(t, got.Points, 4)
	require.Equal(t, []any{20.0, true}, got.Points[3].Values)
	require.Nil(t, got.Points[0].Ratio)
	for i, p := range got.Points {
		require.Equal(t, r.Points[i].Cost, p.Cost)
		require.Equal(t, r.Points[i].Front, p.Front)
	}
}
