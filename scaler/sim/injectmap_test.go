package sim

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// injected is a small case and its map.
func injected(t *testing.T) (Case, Injection, *InjectionMap) {
	t.Helper()
	c := waves(t)
	in := DefaultInjection()
	in.Every, in.Decay = 30*time.Minute, 2*time.Minute
	m, err := MapInjection(context.Background(), c, in, []time.Duration{0, 5 * time.Minute}, []time.Duration{time.Minute, 4 * time.Minute, 10 * time.Minute})
	require.NoError(t, err)
	return c, in, m
}

// Each way of a cell is what a run of its own says.
func TestMapInjectionEqualsItsTwin(t *testing.T) {
	c, in, m := injected(t)
	require.Len(t, m.Cells, 6)
	require.Equal(t, 10, m.Events)
	for k, cell := range m.Cells {
		in.Rise = []time.Duration{0, 5 * time.Minute}[k/3]
		require.Equal(t, in.Rise, cell.Rise)
		p, err := Inject(c.Trace, in, in.Moments(c.Trace))
		require.NoError(t, err)
		one := c
		one.Trace, one.Options.Boot = p.Trace, cell.Boot
		one.Config, err = EngineConfig(c.Config, p.Trace, one.Options)
		require.NoError(t, err)
		optimum, err := one.Play(context.Background(), Clairvoyant)
		require.NoError(t, err)

		for i, name := range injectionWays {
			cfg, events := one.Config, c.Events
			switch name {
			case Announced:
				events = append(append(events[:0:0], p.Planned...), c.Events...)
				cfg.Kinds = append(cfg.Kinds, p.kind())
			case PlanAlone:
				events = append(append(events[:0:0], p.Planned...), c.Events...)
			case Detection:
				cfg.Forecast.Spikes = true
			case KubeHPA, KubeHPABest:
				other := one
				other.Events = p.True
				r, err := other.Play(context.Background(), name)
				require.NoError(t, err)
				requireWay(t, r, optimum, cell.Ways[i])
				continue
			}
			// Events that are announced at once: their order does not matter then.
			engine, err := NewEngineController(cfg, events, c.Options.Announce)
			require.NoError(t, err)
			r, err := Run(context.Background(), p.Trace, p.True, one.Options, engine)
			require.NoError(t, err)
			requireWay(t, r, optimum, cell.Ways[i])
		}
		for _, way := range cell.Ways {
			require.LessOrEqual(t, cell.Ways[cell.Winner].Cost, way.Cost)
		}
	}
}

func requireWay(t *testing.T, want, optimum Result, got InjectionWay) {
	t.Helper()
	require.Equal(t, want.Cost, got.Cost, got.Name)
	require.Equal(t, want.EventUnserved, got.EventUnserved, got.Name)
	require.Equal(t, want.Cost/optimum.Cost, got.Ratio, got.Name)
}

func TestJudge(t *testing.T) {
	costs := func(v ...float64) []Scores {
		s := make([]Scores, len(v))
		for i, c := range v {
			s[i].Cost = c
		}
		return s
	}
	var c InjectionCell
	c.judge(costs(10, 20, 30, 25, 40, 50, 60)) // the optimum first
	require.Equal(t, Announced, c.Ways[c.Winner].Name)
	require.InDelta(t, 0.2, c.Margin, 1e-12)
	require.InDelta(t, 0.2, c.Plan, 1e-12)
	require.Equal(t, 2.0, c.Ways[0].Ratio)

	c.judge(costs(10, 50, 30, 25, 25, 50, 24))
	require.Equal(t, KubeHPABest, c.Ways[c.Winner].Name)
	require.InDelta(t, 1.0/25, c.Margin, 1e-12)
	require.InDelta(t, -1, c.Plan, 1e-12)

	c.judge(costs(0, 20, 20, 20, 20, 20, 20))
	require.Equal(t, HeadRoom, c.Ways[c.Winner].Name, "of equally cheap ones what needs least")
	require.Zero(t, c.Margin)
	require.True(t, math.IsNaN(c.Ways[0].Ratio))
}

func TestMapInjectionOutput(t *testing.T) {
	_, _, m := injected(t)
	var table bytes.Buffer
	require.NoError(t, m.WriteTable(&table))
	require.Contains(t, table.String(), "10 events, one every 30m0s: 3 times the demand around them at the peak (give or take 0.5 of it), decay 2m0s, jitter 30s, seed 1\n")
	require.Regexp(t, `(?m)^ +rise +boot 1m0s +boot 4m0s +boot 10m0s\n +0s +[a-z_]+ [0-9.]+% .*\n +5m0s .*%`, table.String())

	var text bytes.Buffer
	require.NoError(t, m.WriteCSV(&text))
	rows, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+6*len(injectionWays))
	require.Equal(t, []string{"rise_s", "boot_s", "way", "cost"}, rows[0][:4])
	require.Equal(t, []string{"300", "600", KubeHPABest}, rows[len(rows)-1][:3])

	b, err := json.Marshal(m)
	require.NoError(t, err)
	var got struct {
		Events int
		Cells  []struct {
			Rise   float64 `json:"rise_s"`
			Boot   float64 `json:"boot_s"`
			Winner string
			Margin float64
			Ways   []struct {
				Name  string
				Cost  float64
				Ratio float64
			}
		}
	}
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, 10, got.Events)
	require.Len(t, got.Cells, 6)
	require.Equal(t, 300.0, got.Cells[3].Rise)
	require.Equal(t, 60.0, got.Cells[3].Boot)
	for i, c := range got.Cells {
		require.Equal(t, m.Cells[i].Ways[m.Cells[i].Winner].Name, c.Winner)
		require.Equal(t, m.Cells[i].Ways[2].Ratio, c.Ways[2].Ratio)
	}
}

func TestMapInjectionSaysWhatItWanted(t *testing.T) {
	c := waves(t)
	minute := []time.Duration{time.Minute}
	_, err := MapInjection(context.Background(), c, DefaultInjection(), nil, minute)
	require.ErrorContains(t, err, "0 rises and 1 boots: wanted at least one of each")
	_, err = MapInjection(context.Background(), c, DefaultInjection(), []time.Duration{-1}, minute)
	require.ErrorContains(t, err, "rise -1ns: wanted 0 to 24h0m0s")
	_, err = MapInjection(context.Background(), c, DefaultInjection(), minute, []time.Duration{48 * time.Hour})
	require.ErrorContains(t, err, "rise 1m0s, boot 48h0m0s: config: boot is 48h0m0s; wanted")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = MapInjection(ctx, c, DefaultInjection(), minute, minute)
	require.ErrorIs(t, err, context.Canceled)
}

// What each way is told.
func TestMeeting(t *testing.T) {
	c := waves(t)
	c.Config.Forecast.Spikes = true // of no account
	in := DefaultInjection()
	p, err := Inject(c.Trace, in, in.Moments(c.Trace))
	require.NoError(t, err)
	for i, name := range injectionWays {
		one, err := c.meeting(p, 5*time.Minute, i)
		require.NoError(t, err)
		require.Equal(t, p.Trace, one.Trace)
		require.Equal(t, p.True, one.Events, "what scores go by")
		require.Equal(t, 5*time.Minute, one.Options.Boot)
		require.Equal(t, 5*time.Minute, one.Config.Boot.Std())
		require.Equal(t, name == Detection, one.Config.Forecast.Spikes, name)
		planned := name == Announced || name == PlanAlone
		require.Len(t, one.Announced, map[bool]int{true: 1 + len(p.Planned), false: 1}[planned], name)
		require.True(t, slices.IsSortedFunc(one.Announced, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) }))
		if name != Announced {
			require.Empty(t, one.Config.Kinds, name)
			continue
		}
		// A minute of rise and four times eight of decay, over 9.3.
		require.Equal(t, []scaler.Kind{{Name: "planted", Rise: forecast.Duration(213 * time.Second)}}, one.Config.Kinds)
	}

	// A trace without events of its own: who is not told the plan is told nothing, not what came.
	none := c
	none.Events = nil
	for i, name := range injectionWays {
		one, err := none.meeting(p, 5*time.Minute, i)
		require.NoError(t, err)
		require.Len(t, one.plan(), map[bool]int{true: len(p.Planned), false: 0}[name == Announced || name == PlanAlone], name)
	}
	own := []scaler.Kind{{Name: "planted", Rise: forecast.Duration(time.Minute)}}
	c.Config.Kinds = own
	for i := range injectionWays {
		one, err := c.meeting(p, 5*time.Minute, i)
		require.NoError(t, err)
		require.Equal(t, own, one.Config.Kinds, "what is configured is left alone")
	}
}
