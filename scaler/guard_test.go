package scaler

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// drawGuard switches on some of the guard.
func drawGuard(t *rapid.T, c *Config) {
	ways := []string{"", "up", "down", "both"}
	c.Zones, c.Multiple = rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "zones"), rapid.SampledFrom([]int{0, 0, 2}).Draw(t, "multiple")
	unit := c.unit()
	if c.StepUp > 0 {
		c.StepUp = max(c.StepUp, int(unit))
	}
	if c.StepDown > 0 {
		c.StepDown = max(c.StepDown, int(unit))
	}
	if c.Max > 0 {
		c.Max = max(c.Max, unit.Up(c.Min))
	}
	most := c.Max
	if most == 0 {
		most = 40
	}
	c.Guard = Guard{
		Stale: rapid.SampledFrom([]string{"", "down", "both"}).Draw(t, "stale"), Fallback: rapid.IntRange(0, most).Draw(t, "fallback"),
		FallbackAfter: Duration(time.Duration(rapid.IntRange(0, 20).Draw(t, "after")) * time.Minute), FallbackMay: rapid.SampledFrom(ways).Draw(t, "may"),
		Doubt: Duration(time.Duration(rapid.IntRange(0, 20).Draw(t, "doubt")) * time.Minute), Reversals: rapid.IntRange(0, 3).Draw(t, "reversals"),
	}
	if rapid.Bool().Draw(t, "zero") {
		c.Zero = Zero{Below: 0.5, ColdStart: 0.2}
	}
	for range rapid.IntRange(0, 3).Draw(t, "windows") {
		clock := rapid.SampledFrom([]string{"00:00", "00:20", "01:00", "02:30", "23:00"})
		w := Window{Start: clock.Draw(t, "start"), End: clock.Draw(t, "end"), Freeze: rapid.SampledFrom(ways).Draw(t, "freeze"), Min: rapid.IntRange(0, most).Draw(t, "least")}
		if rapid.Bool().Draw(t, "capped") {
			w.Max = rapid.IntRange(max(1, w.Min), most).Draw(t, "most")
		}
		if rapid.Bool().Draw(t, "fall back") {
			w.Fallback = rapid.IntRange(1, most).Draw(t, "to")
		}
		if rapid.Bool().Draw(t, "on some days") {
			w.Days = []string{"mon", "wed"}
		}
		c.Windows = append(c.Windows, w)
	}
}

// has says whether a rule changed the decision.
func has(d *Decision, rule policy.Rule) bool {
	return slices.ContainsFunc(d.Steps(), func(s policy.Step) bool { return s.Rule == rule })
}

func TestGuardedDecisionsKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		drawGuard(rt, &cfg)
		l := newLoop(t, cfg)
		cfg = l.engine.Config()
		l.plant = policy.NewPlant(cfg.bootSteps(), 5, 0)
		unit := cfg.unit()
		most := math.MaxInt
		if cfg.Max > 0 {
			most = unit.Down(cfg.Max)
		}
		type turn struct {
			at int64
			up bool
		}
		var turns []turn
		way, decisions := 0, 0
		story(rt, l, func(f policy.Fleet, d *Decision) {
			ordered, n := f.Ordered(), d.Replicas
			held := l.engine.guard.held
			frozen := has(d, policy.RuleFreeze)
			at := ordered
			for _, s := range d.Steps() {
				require.Equal(rt, at, s.Before)
				at = s.After
			}
			require.Equal(rt, at, n)

			require.False(rt, held.FreezeUp && n > ordered || held.FreezeDown && n < ordered, "%s", d)
			if !frozen {
				require.LessOrEqual(rt, n, most)
				if n < unit.Up(cfg.Min) {
					require.True(rt, cfg.Zero.Below > 0 && (has(d, policy.RuleZero) || n == 0 && ordered == 0), "%s", d)
					require.False(rt, d.Event && n < ordered, "an event is no time for zero: %s", d)
				}
				require.GreaterOrEqual(rt, n, min(held.Min, most), "%s", d)
				if n != ordered && (!d.Stale || n >= ordered) {
					require.Zero(rt, n%int(unit), "%s", d)
				}
			}
			if cfg.StepUp > 0 && n > ordered && !has(d, policy.RuleMin) && !has(d, policy.RuleWindowMin) {
				require.LessOrEqual(rt, n, ordered+cfg.StepUp, "%s", d)
			}
			if cfg.StepDown > 0 && n < ordered && ordered <= most && !has(d, policy.RuleWindowMax) {
				require.GreaterOrEqual(rt, n, ordered-cfg.StepDown, "%s", d)
			}
			if d.Stale && n < ordered && ordered <= most {
				require.True(rt, has(d, policy.RuleFallback), "stale data never scales down unless the fallback says so: %s", d)
				require.False(rt, d.Event)
			}
			// The budget stands in the way of releases alone.
			for _, s := range d.Steps() {
				if s.Rule == policy.RuleFlap {
					require.Equal(rt, ordered, s.After)
					require.Less(rt, s.Before, ordered)
				}
			}
			if n != ordered {
				w := 1
				if n < ordered {
					w = -1
				}
				if way != 0 && w != way {
					turns = append(turns, turn{l.now.UnixNano(), w > 0})
				}
				way = w
			}
			if k := cfg.Guard.Reversals; k > 0 && len(turns) > k+1 && cfg.Max == 0 && len(cfg.Windows) == 0 {
				require.GreaterOrEqual(rt, turns[len(turns)-1].at-turns[len(turns)-2-k].at, int64(time.Hour))
			}

			// The same question gets the same answer, and so it does from a snapshot.
			if decisions++; decisions%20 != 0 {
				return
			}
			b, err := l.engine.AppendBinary(nil)
			require.NoError(rt, err)
			copied, err := Restore(l.engine.Config(), b)
			require.NoError(rt, err)
			var again Decision
			require.NoError(rt, copied.Recommend(&again, l.now, f))
			require.Equal(rt, n, again.Replicas, "%s, then %s", d, &again)
		})
	})
}

func TestGuardedConfigsParseBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		drawGuard(t, &c)
		c.Preset = rapid.SampledFrom([]string{"", "economy", "balanced", "performance"}).Draw(t, "preset")
		c = c.WithDefaults()
		require.NoError(t, c.Validate())
		require.Equal(t, c, c.WithDefaults())
		b, err := json.Marshal(c)
		require.NoError(t, err)
		back, err := ParseConfig(b)
		require.NoError(t, err)
		require.Equal(t, c, back.WithDefaults())
		require.Equal(t, c.Fingerprint(), back.Fingerprint())
	})
}

func TestFaultsOfTheGuardAreNamed(t *testing.T) {
	fields := func(c Config) (out []string) {
		var f Faults
		require.ErrorAs(t, c.WithDefaults().Validate(), &f)
		for _, x := range f {
			require.NotEmpty(t, x.Value, x.Field)
			require.NotEmpty(t, x.Wanted, x.Field)
			out = append(out, x.Field)
		}
		return out
	}
	require.ElementsMatch(t, []string{
		"preset", "guard.stale", "guard.fallback", "guard.fallback_after", "guard.fallback_may", "guard.doubt", "guard.reversals",
		"zero.below", "zero.cold_start", "zero.after", "zones", "multiple",
		"windows[0].days[0]", "windows[0].days[2]", "windows[0].from", "windows[0].until", "windows[0].start", "windows[0].end", "windows[0].freeze", "windows[0].min", "windows[0].max", "windows[0].fallback",
		"windows[1].until", "windows[1].start", "windows[1].max", "windows[2].from",
	}, fields(Config{
		Preset: "cheap", Max: 50, Zones: 17, Multiple: -1,
		Guard: Guard{Stale: "up", Fallback: 51, FallbackAfter: -1, FallbackMay: "sideways", Doubt: -1, Reversals: 61},
		Zero:  Zero{Below: 2, ColdStart: -1, After: -1},
		Windows: []Window{
			{Days: []string{"monday", "tue", "tue"}, From: "27.11.", Until: "2026-13-01", Start: "8:00", End: "25:00", Freeze: "yes", Min: -1, Max: 51, Fallback: -1},
			{From: "2026-02-02", Until: "2026-02-01", Start: "24:00", End: "01:00", Min: 3, Max: 2},
			{From: "1969-12-31", Start: "01:00", End: "02:00"},
		},
	}))
	require.ElementsMatch(t, []string{"step_up", "step_down", "max"}, fields(Config{Zones: 3, Multiple: 2, Min: 7, Max: 11, StepUp: 5, StepDown: 1}))
	require.ElementsMatch(t, []string{"windows"}, fields(Config{Windows: slices.Repeat([]Window{{Start: "01:00", End: "02:00"}}, maxWindows+1)}))
	require.ElementsMatch(t, []string{"zero.below"}, fields(Config{Zero: Zero{Below: math.NaN()}}))
	_, err := ParseConfig([]byte(`{"guard": {"doubt": 5}, "windows": [{"days": "mon", "begin": "08:00"}], "zero": 3}`))
	require.ErrorContains(t, err, `guard.doubt is 5; wanted a duration in quotes`)
	require.ErrorContains(t, err, `windows[0].days is a text; wanted a list`)
	require.ErrorContains(t, err, `windows[0].begin is unknown; wanted one of days, from`)
	require.ErrorContains(t, err, `zero is a number; wanted an object`)
}

// A Decision that nobody filled, such as an actuator's test gives one, has a JSON form too.
func TestAnEmptyDecisionMarshals(t *testing.T) {
	b, err := json.Marshal(&Decision{})
	require.NoError(t, err)
	require.Contains(t, string(b), `"fractile":0`)
}

func TestPresetsAreNamesForPenalties(t *testing.T) {
	for preset, want := range map[string][2]float64{"": {20, 0.95}, "economy": {10, 0.9}, "balanced": {20, 0.95}, "performance": {50, 0.98}} {
		c := Config{Preset: preset}
		l := newLoop(t, c)
		d := l.step(8)
		require.Equal(t, want[0], d.Penalty)
		require.Equal(t, want[1], d.Fractile())
		b, err := json.Marshal(d)
		require.NoError(t, err)
		var out struct{ Fractile float64 }
		require.NoError(t, json.Unmarshal(b, &out))
		require.Equal(t, want[1], out.Fractile)
		require.Equal(t, Config{Penalty: want[0]}.Fingerprint(), c.Fingerprint(), "a name decides as its number does")
		c.Penalty = 7
		require.Equal(t, 7., c.WithDefaults().Penalty, "an explicit penalty wins")
	}
}

func TestAPauseLeavesTheFleetAlone(t *testing.T) {
	l := newLoop(t, Config{Policy: "hpa-50-0m", Min: 4})
	for range 20 {
		l.step(10)
	}
	l.engine.Pause(l.now.Add(5 * time.Minute))
	for range 4 {
		d := l.step(30)
		require.Equal(t, 20, d.Replicas)
		require.Equal(t, 60, d.Advised)
		require.True(t, has(d, policy.RulePause))
	}
	var d Decision
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 1}))
	require.Equal(t, 1, d.Replicas, "not even the minimum moves it")
	require.NoError(t, l.engine.Peek(&d, l.now.Add(-time.Second), policy.Fleet{Ready: 1}))
	require.Equal(t, 1, d.Replicas, "nor does a clock that is set back")
	require.Equal(t, 60, l.step(30).Replicas, "its time is over")
	l.engine.Pause(time.Time{})
	require.Equal(t, 60, l.step(10).Replicas)
	b, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	l.engine, err = Restore(l.engine.Config(), b)
	require.NoError(t, err)
	l.now = l.now.Add(1000 * time.Hour)
	require.Equal(t, 60, l.step(10).Replicas, "until it is resumed")
	l.engine.Resume()
	require.Equal(t, 20, l.step(10).Replicas)
}

// An upward emergency must not wait for the budget of reversals: with and without it the count rises alike.
func TestTheBudgetNeverDelaysAnOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		l := newLoop(t, Config{Policy: "hpa-50-0m", Guard: Guard{Reversals: 1}})
		free, err := New(Config{Policy: "hpa-50-0m"})
		require.NoError(rt, err)
		rng := rand.New(rand.NewPCG(seed, 1))
		for range 200 {
			v := float64(rng.IntN(40))
			require.NoError(rt, free.Observe(0, forecast.Sample{Time: l.now, Value: v}))
			d := l.step(v)
			var other Decision
			require.NoError(rt, free.Recommend(&other, l.now, policy.Fleet{Ready: d.Ready, Starting: d.Starting}))
			if other.Change() > 0 {
				require.Equal(rt, other.Replicas, d.Replicas)
			}
			require.GreaterOrEqual(rt, d.Replicas, other.Replicas, "it only keeps more")
		}
	})
}

func guarded() Config {
	return Config{
		Signals: []Signal{{Name: "a", Capacity: 10}, {Name: "b", Capacity: 3}}, MaxEvents: 4, Zones: 3, Zero: Zero{Below: 0.5},
		Guard:   Guard{Fallback: 9, Doubt: Duration(5 * time.Minute), Reversals: 2},
		Windows: []Window{{Start: "08:00", End: "18:00", Min: 12, Max: 60, Freeze: "down", Fallback: 15}, {Days: []string{"sun"}, Start: "22:00", End: "04:00", Freeze: "both"}},
	}
}

func TestTheGuardAllocatesNothing(t *testing.T) {
	l := newLoop(t, guarded())
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		l.step(wave(rng, i))
	}
	var d Decision
	now := l.now
	require.Zero(t, testing.AllocsPerRun(500, func() { _ = l.engine.Recommend(&d, now, policy.Fleet{Ready: 9}); now = now.Add(7 * time.Minute) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { l.engine.Pause(now); l.engine.Resume() }))
}

func TestAGuardedEngineContinuesFromASnapshot(t *testing.T) {
	run := func(restart int) (out []byte) {
		l := newLoop(t, guarded())
		l.plant = policy.NewPlant(2, 6, 0)
		rng := rand.New(rand.NewPCG(9, 9))
		for i := range 600 {
			if i == restart {
				b, err := l.engine.AppendBinary(nil)
				require.NoError(t, err)
				l.engine, err = Restore(l.engine.Config(), b)
				require.NoError(t, err)
			}
			v := wave(rng, i)
			switch {
			case i%200 < 15:
				v = 0
			case i%200 < 40:
				v = math.NaN()
			case i%20 < 10:
				v /= 3
			}
			b, err := json.Marshal(l.step(v))
			require.NoError(t, err)
			out = append(out, b...)
		}
		return out
	}
	want := run(-1)
	for _, at := range []int{0, 1, 205, 214, 220, 239, 300, 405} {
		require.True(t, bytes.Equal(want, run(at)), "restored at step %d", at)
	}
}

func TestDefaultsOfTheGuard(t *testing.T) {
	after := func(c Config) time.Duration { return c.WithDefaults().Guard.FallbackAfter.Std() }
	require.Zero(t, after(Config{}), "there is nothing to fall back to")
	require.Equal(t, 10*time.Minute, after(Config{Guard: Guard{Fallback: 5}}))
	windows := []Window{{Start: "01:00", End: "02:00"}, {Start: "01:00", End: "02:00", Fallback: 4}, {Start: "01:00", End: "02:00"}}
	require.Equal(t, 10*time.Minute, after(Config{Windows: windows}))
	require.Equal(t, 10*time.Minute, after(Config{Windows: windows, Guard: Guard{Fallback: 5}}))
	require.Zero(t, after(Config{Windows: windows[:1]}))
	require.Equal(t, time.Minute, after(Config{Guard: Guard{Fallback: 5, FallbackAfter: Duration(time.Minute)}}))

	cold := func(c Config) float64 { return c.WithDefaults().Zero.ColdStart }
	require.Zero(t, cold(Config{}), "it never goes to zero")
	c := Config{Boot: Duration(6 * time.Minute), Zero: Zero{Below: 0.5}}
	full := c.WithDefaults()
	require.InDelta(t, 20*full.lead().Hours(), cold(c), 1e-12, "a replica's worth goes unserved for a lead time")
	c.Zero.ColdStart = 3
	require.Equal(t, 3., cold(c))

	kept := Config{Windows: windows}.WithDefaults()
	kept.Windows[0].Min = 7
	require.Zero(t, windows[0].Min, "a configuration shares no list with another")

	edges := Config{Max: 50, Zones: maxZones, Multiple: 1, Guard: Guard{Fallback: 50, FallbackAfter: maxGuard, Doubt: maxWait, Reversals: policy.MaxReversals}, Zero: Zero{Below: 1, ColdStart: 1e5, After: maxGuard}}
	require.NoError(t, edges.WithDefaults().Validate(), "the ends of what is allowed")
}
