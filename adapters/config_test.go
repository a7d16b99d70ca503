package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
)

func TestNewRunnerReportsEveryFault(t *testing.T) {
	engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits"}, {Name: "jobs"}}})
	require.NoError(t, err)
	source := newScript(t, time.Minute)
	good := func() adapters.Config {
		return adapters.Config{Engine: engine, Sources: []adapters.Source{source, source}, Actuator: &plant{}}
	}
	cases := []struct {
		name  string
		edit  func(*adapters.Config)
		wants []string // faults; none for a good configuration
	}{
		{"good", func(*adapters.Config) {}, nil},
		{"shorter interval", func(c *adapters.Config) { c.Interval = time.Second }, nil},
		{"everything", func(c *adapters.Config) {
			*c = adapters.Config{
				Sources: []adapters.Source{nil, source}, Observers: []adapters.Observer{nil}, Backfill: -1, Overlap: -2,
				Mode: "on", SaveEvery: -3, Grace: -4, Retry: adapters.Retry{Attempts: -5, First: -6},
			}
		}, []string{
			"actuator is nil; wanted an actuator",
			"sources[0] is nil; wanted a source",
			"observers[0] is nil; wanted an observer",
			`mode is "on"; wanted "act", "dry-run" or "shadow"`,
			"backfill is -1ns; wanted more than 0s, up to 8784h0m0s",
			"overlap is -2ns; wanted 0s (10 steps) or more",
			"save_every is -3ns; wanted 0s (10m0s) or more",
			"grace is -4ns; wanted 0s (5s) or more",
			"retry.attempts is -5; wanted 0 (3) or more",
			"retry.first is -6ns; wanted 0s (500ms) or more",
			"engine is nil; wanted an engine",
		}},
		{"too few sources", func(c *adapters.Config) { c.Sources = c.Sources[:1] }, []string{
			`sources is a list of 1; wanted one for each signal of the engine: ["visits" "jobs"]`,
		}},
		{"interval beyond the step", func(c *adapters.Config) { c.Interval = 61 * time.Second }, []string{
			"interval is 1m1s; wanted 1s to 1m0s, the engine's step",
		}},
		{"interval of nothing", func(c *adapters.Config) { c.Interval = -time.Minute }, []string{
			"interval is -1m0s; wanted 1s to 1m0s, the engine's step",
		}},
		{"a source is missing", func(c *adapters.Config) { c.Sources[1] = nil }, []string{"sources[1] is nil; wanted a source"}},
		{"feeds", func(c *adapters.Config) {
			c.Sources, c.Feeds = nil, []adapters.Feed{
				{Inputs: []adapters.Input{{Source: source}}},
				{Inputs: []adapters.Input{{Source: source, Name: "a"}, {Source: source, Name: "b", Delay: time.Hour}}, SwitchAfter: 1},
			}
		}, nil},
		{"feeds beside sources", func(c *adapters.Config) {
			c.Feeds = []adapters.Feed{{Inputs: []adapters.Input{{Source: source}}}}
		}, []string{
			"sources is a list of 2; wanted none, since there are feeds",
			`feeds is a list of 1; wanted one for each signal of the engine: ["visits" "jobs"]`,
		}},
		{"everything about feeds", func(c *adapters.Config) {
			late := timed{source, adapters.Timing{Delay: 20 * time.Second}}
			c.Sources, c.Feeds = nil, []adapters.Feed{
				{SwitchAfter: -1},
				{Inputs: []adapters.Input{
					{Name: "a", Source: late, Delay: 10 * time.Second}, {Source: source, Delay: -1, MaxAge: -2, Timeout: -3}, {Name: "a", Source: source, Delay: 25 * time.Hour}, {Name: "c"},
				}},
			}
		}, []string{
			"feeds[0].switch_after is -1; wanted 0 (3) or more reads",
			"feeds[0].inputs is an empty list; wanted at least one input",
			"feeds[1].inputs[0].delay is 10s; wanted at least 20s, which the source itself waits",
			`feeds[1].inputs[1].name is ""; wanted a name of its own, since there are several inputs`,
			"feeds[1].inputs[1].delay is -1ns; wanted 0s (as the source says) to 24h0m0s",
			"feeds[1].inputs[1].max_age is -2ns; wanted 0s (as the source or the engine says) or more",
			"feeds[1].inputs[1].timeout is -3ns; wanted 0s (a share of half the interval) or more",
			`feeds[1].inputs[2].name is "a"; wanted a name of its own, since there are several inputs`,
			"feeds[1].inputs[2].delay is 25h0m0s; wanted 0s (as the source says) to 24h0m0s",
			"feeds[1].inputs[3].source is nil; wanted a source",
		}},
		{"offset beyond the interval", func(c *adapters.Config) { c.Offset = time.Minute }, []string{
			"offset is 1m0s; wanted 0s (as the feeds have it) to less than 1m0s, the interval",
		}},
		{"a shadow of an engine that chooses sizes", func(c *adapters.Config) {
			sized, err := scaler.New(scaler.Config{Sizes: scaler.Sizes{Catalog: sizing.Catalog{{Name: "c2", Family: "c", CPU: 2, Memory: 4, Prices: []sizing.Price{{Hour: 0.1}}}}}})
			require.NoError(t, err)
			c.Mode, c.Engine, c.Sources = adapters.ModeShadow, sized, c.Sources[:1]
		}, []string{`mode is "shadow"; wanted "act" or "dry-run", since the engine chooses sizes and the fleet of a shadow has one`}},
		{"backfill of years", func(c *adapters.Config) { c.Backfill = 9000 * time.Hour }, []string{
			"backfill is 9000h0m0s; wanted more than 0s, up to 8784h0m0s",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := good()
			c.edit(&cfg)
			_, err := adapters.NewRunner(cfg)
			if c.wants == nil {
				require.NoError(t, err)
				return
			}
			var faults scaler.Faults
			require.ErrorAs(t, err, &faults)
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			require.Equal(t, c.wants, got)
			require.ErrorContains(t, err, "runner: config: ")
		})
	}
}
