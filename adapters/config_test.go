package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
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
			}
		}, []string{
			"actuator is nil; wanted an actuator",
			"sources[0] is nil; wanted a source",
			"observers[0] is nil; wanted an observer",
			"backfill is -1ns; wanted more than 0s, up to 8784h0m0s",
			"overlap is -2ns; wanted 0s (10 steps) or more",
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
