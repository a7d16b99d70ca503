package sim

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

func TestParsePolicies(t *testing.T) {
	for list, want := range map[string][]string{
		"all":              {"headroom", "clairvoyant", "static_best", "hpa", "hpa_best", "hpa_seasonal", "hpa_seasonal_best", "hpa_behavior", "hpa_legacy", "kpa", "wpa", "lcp"},
		"hpa":              {"hpa"},
		" hpa , headroom ": {"hpa", "headroom"},
		"hpa,hpa":          {"hpa"},
		"hpa,all":          {"hpa", "headroom", "clairvoyant", "static_best", "hpa_best", "hpa_seasonal", "hpa_seasonal_best", "hpa_behavior", "hpa_legacy", "kpa", "wpa", "lcp"},
		"static_best,hpa":  {"static_best", "hpa"},

		"hpa_seasonal_best,hpa_best,hpa_seasonal": {"hpa_seasonal_best", "hpa_best", "hpa_seasonal"},
	} {
		got, err := ParsePolicies(list)
		require.NoError(t, err)
		require.Equal(t, want, got, list)
	}
	for _, list := range []string{"", "hpa,", "magic", "HPA"} {
		_, err := ParsePolicies(list)
		require.ErrorContains(t, err, "wanted all, or some of headroom,clairvoyant,static_best,hpa,hpa_best,hpa_seasonal,hpa_seasonal_best,hpa_behavior,hpa_legacy,kpa,wpa,lcp", list)
	}
}

// waves is a case of a few hours with events; its numbers are exact in float64.
func waves(t *testing.T) Case {
	demand := make([]float64, 300)
	for i := range demand {
		demand[i] = float64(20 + (i/20)%3*8 + i%5)
	}
	demand[200], demand[201], demand[50] = 200, 120, hole
	tr := minutes(t, demand...)
	o := DefaultOptions(tr)
	o.Capacity = 4
	c := Case{Trace: tr, Options: o, Events: []forecast.Event{{ID: "a", Kind: "spot", Start: at(200 * 60)}}}
	var err error
	c.Config, err = EngineConfig(scaler.Config{}, tr, o)
	require.NoError(t, err)
	return c
}

func TestCompare(t *testing.T) {
	c := waves(t)
	var done, total int
	c.Options.Progress = func(d, of int) {
		require.GreaterOrEqual(t, d, done)
		done, total = d, of
	}
	got, err := Compare(context.Background(), c, Policies())
	require.NoError(t, err)
	require.Equal(t, 12*300, total)
	require.Equal(t, total, done)
	require.Len(t, got.Results, 12)
	for i, name := range Policies() {
		r := got.Results[i]
		require.Equal(t, name, r.Name)
		require.Len(t, r.Ordered, 300)
		require.GreaterOrEqual(t, got.Ratio(r), 1.0, name)
		same, ok := got.Result(name)
		require.True(t, ok)
		require.Equal(t, r.Name, same.Name)
		// What a policy scores is what its counts score.
		again := score(c.Trace, c.Events, c.Options, r.Ordered, r.Ready)
		if name == Clairvoyant {
			require.Greater(t, r.Cost, again.Cost, "the ups")
			again.Cost = r.Cost
		}
		require.Equal(t, again, r.Scores)
	}
	_, ok := got.Result("magic")
	require.False(t, ok)

	done = 0
	alone, err := Compare(context.Background(), c, []string{KubeHPA})
	require.NoError(t, err)
	require.Equal(t, got.Optimum.Cost, alone.Optimum.Cost, "the optimum is computed whatever is asked for")
	require.Len(t, alone.Results, 1)
	require.Equal(t, got.Ratio(got.Results[3]), alone.Ratio(alone.Results[0]))
}

func TestCompareFails(t *testing.T) {
	c := waves(t)
	_, err := Compare(context.Background(), c, []string{"magic"})
	require.ErrorContains(t, err, `policy "magic": wanted all, or some of`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Compare(ctx, c, Policies())
	require.ErrorIs(t, err, context.Canceled)
	c.Config.Penalty = math.NaN()
	_, err = Compare(context.Background(), c, Policies())
	require.ErrorContains(t, err, "headroom: config: penalty is NaN")
	c.Options.Warmup = 1
	_, err = Compare(context.Background(), c, Policies())
	require.ErrorContains(t, err, "warmup 1")
}

func TestComparisonJSON(t *testing.T) {
	c := waves(t)
	c.Events = nil
	got, err := Compare(context.Background(), c, []string{Static})
	require.NoError(t, err)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	var back map[string]any
	require.NoError(t, json.Unmarshal(text, &back))
	r := got.Results[0]
	require.Equal(t, map[string]any{
		"trace": "test", "step_s": 60.0, "n": 300.0, "capacity": 4.0, "boot_s": 120.0, "penalty": 20.0,
		"policies": []any{map[string]any{
			"name": "static_best", "cost": r.Cost, "ratio": got.Ratio(r), "replica_hours": r.ReplicaHours, "unserved": r.Unserved,
			"violation": r.Violation, "changes_per_day": 0.0, "reversals_per_day": 0.0, "event_unserved": nil,
		}},
	}, back)

	c = waves(t)
	got, err = Compare(context.Background(), c, []string{Static})
	require.NoError(t, err)
	text, err = json.Marshal(got)
	require.NoError(t, err)
	require.Contains(t, string(text), `"event_unserved":0.`)
	require.NotContains(t, string(text), "window_s", "nothing was searched")

	got, err = Compare(context.Background(), c, []string{KubeHPABest})
	require.NoError(t, err)
	text, err = json.Marshal(got)
	require.NoError(t, err)
	require.Regexp(t, `"event_unserved":0\.\d+,"target":0\.85,"window_s":0}`, string(text))
}

func TestComparisonNeverPrintsWhatIsNotANumber(t *testing.T) {
	tr := minutes(t, 0, 0, 0, 0)
	c := Case{Trace: tr, Options: Options{Capacity: 1, ScaleToZero: true}}
	got, err := Compare(context.Background(), c, []string{Clairvoyant, Static, KubeHPA})
	require.NoError(t, err)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.Contains(t, string(text), `"ratio":null`, "the optimum costs nothing")
	var table strings.Builder
	require.NoError(t, got.WriteTable(&table))
	for _, bad := range []string{"NaN", "Inf"} {
		require.NotContains(t, table.String(), bad)
		require.NotContains(t, string(text), bad)
	}

	tr = minutes(t, 1, math.MaxFloat64, math.MaxFloat64, 1) // sums overflow
	c = Case{Trace: tr, Options: Options{Capacity: 1e303, Penalty: 1e300}}
	got, err = Compare(context.Background(), c, []string{Clairvoyant, Static, KubeHPA})
	require.NoError(t, err)
	_, err = json.Marshal(got)
	require.NoError(t, err)
}

func TestComparisonTable(t *testing.T) {
	c := waves(t)
	c.Options.ScoreFrom = at(100 * 60)
	got, err := Compare(context.Background(), c, []string{Clairvoyant, Static, KubeHPA})
	require.NoError(t, err)
	var table strings.Builder
	require.NoError(t, got.WriteTable(&table))
	require.Equal(t, strings.TrimPrefix(wantTable, "\n"), table.String())

	got, err = Compare(context.Background(), c, []string{KubeHPASeasonalBest, Static, KubeHPABest})
	require.NoError(t, err)
	table.Reset()
	require.NoError(t, got.WriteTable(&table))
	_, policies, _ := strings.Cut(table.String(), "\n\n")
	require.Equal(t, strings.TrimPrefix(wantFound, "\n"), policies)
}

const wantTable = `
test: 300 steps of 1m0s, scored from step 100 (1970-01-01T01:40:00Z)
capacity 4 a replica, boot 2m0s, lag 0s, penalty 20; ratio = cost / cost of the clairvoyant optimum

  policy       ratio  cost  replica-hours  unserved  violation  changes/day  reversals/day  events
  clairvoyant  1.000  30.1           28.3    0.000%     0.000%        115.2            7.2    0.0%
  static_best  1.771  53.3           33.3    3.737%     1.000%          0.0            0.0   92.7%
  hpa          2.249  67.7           47.1    3.861%     1.000%        100.8            7.2   95.8%
`

const wantFound = `
  policy             ratio  cost  replica-hours  unserved  violation  changes/day  reversals/day  events
  hpa_seasonal_best  1.859  56.0           31.3    4.608%     8.500%        237.6          158.4   99.6%
  static_best        1.771  53.3           33.3    3.737%     1.000%          0.0            0.0   92.7%
  hpa_best           1.859  56.0           31.3    4.608%     8.500%        237.6          158.4   99.6%

  hpa_seasonal_best  found in hindsight: target 0.85, window 0s
  hpa_best           found in hindsight: target 0.85, window 0s
`

func TestComparisonTellsWhatWasLookedInto(t *testing.T) {
	c := week(t, 3, Options{Capacity: 10, Penalty: 20}, Static)
	c.Days = c.ByDay()[:1]
	c.Pairs = []Paired{{"a", "b", 11, -2.5, -.25, -4, -1, .5}, {"a", "c", 3, 1, math.NaN(), math.NaN(), math.NaN(), 1}}
	c.Controls = []Control{{"undisturbed", Harm{1.5, .01, math.NaN()}, Harm{2, .02, .5}}}
	var table strings.Builder
	require.NoError(t, c.WriteTable(&table))
	for _, want := range []string{
		"\n\n        date  steps",
		"\n\na less b: -2.50 a day (-25.0%), 95% interval -4.00 to -1.00; cheaper on 50% of 11 days\n" +
			"a less c: 1.00 a day (-), no interval from fewer than 7 days; cheaper on 100% of 3 days\n\n",
		"  undisturbed     1.500    1.000%       -  2.000    2.000%   50.0%\n",
	} {
		require.Contains(t, table.String(), want)
	}
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var back map[string]any
	require.NoError(t, json.Unmarshal(text, &back))
	d := c.Days[0]
	require.Equal(t, []any{map[string]any{"date": "2026-03-27", "steps": 12., "optimum": d.Optimum, "policies": []any{map[string]any{
		"name": "static_best", "cost": d.Policies[0].Cost, "unserved": d.Policies[0].Unserved, "changes": 0.}}}}, back["days"])
	require.Equal(t, []any{
		map[string]any{"a": "a", "b": "b", "days": 11., "difference_per_day": -2.5, "part": -.25, "low": -4., "high": -1., "won": .5},
		map[string]any{"a": "a", "b": "c", "days": 3., "difference_per_day": 1., "part": nil, "low": nil, "high": nil, "won": 1.},
	}, back["compare"])
	require.Equal(t, []any{map[string]any{"name": "undisturbed",
		"headroom": map[string]any{"ratio": 1.5, "unserved": .01, "event_unserved": nil},
		"hpa":      map[string]any{"ratio": 2., "unserved": .02, "event_unserved": .5}}}, back["controls"])
}

func TestEngineConfig(t *testing.T) {
	tr := minutes(t, 1, 2, 3)
	o := Options{Capacity: 7, Boot: 90 * time.Second, Penalty: 30, Lag: 61 * time.Second}
	got, err := EngineConfig(scaler.Config{Min: 3, Boot: 1, Penalty: 4, Signals: []scaler.Signal{{Name: "visits", Capacity: 1}}}, tr, o)
	require.NoError(t, err)
	require.Equal(t, scaler.Config{
		Step: scaler.Duration(time.Minute), Boot: scaler.Duration(90 * time.Second), Delay: scaler.Duration(2 * time.Minute),
		Penalty: 30, Min: 3, Signals: []scaler.Signal{{Name: "visits", Capacity: 7}},
	}, got)
	_, err = scaler.New(got)
	require.NoError(t, err)

	o.Boot = 0
	got, err = EngineConfig(scaler.Config{Step: scaler.Duration(time.Minute)}, tr, o)
	require.NoError(t, err)
	require.Equal(t, scaler.Duration(1), got.Boot, "0 would be the default of two minutes")

	o.Penalty = 0
	_, err = EngineConfig(scaler.Config{Step: 1, Signals: make([]scaler.Signal, 2)}, tr, o)
	require.EqualError(t, err, "config: 3 faults: step is 1ns; wanted the trace's, 1m0s, or none | "+
		"signals is 2 of them; wanted one, because a trace is one | penalty is 0; wanted more than 1")
}
