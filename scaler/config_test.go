package scaler

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDefaultsAreValid(t *testing.T) {
	c := Config{}.WithDefaults()
	require.NoError(t, c.Validate())
	require.Equal(t, c, c.WithDefaults(), "defaults of defaults")
	require.Equal(t, Duration(time.Minute), c.Step)
	require.Equal(t, Duration(4*time.Minute), Config{Delay: Duration(30 * time.Second)}.WithDefaults().Hold, "delay of a step, the decision's step, two of boot")
	require.Equal(t, Duration(150*time.Second), Config{Delay: Duration(10 * time.Second)}.WithDefaults().MaxAge, "a sample that is as late as announced is fresh")
}

func TestConfigParsesBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t).WithDefaults()
		require.NoError(t, c.Validate())
		b, err := json.Marshal(c)
		require.NoError(t, err)
		back, err := ParseConfig(b)
		require.NoError(t, err)
		require.Equal(t, c, back.WithDefaults())
		require.Equal(t, c.Fingerprint(), back.Fingerprint())
	})
}

// drawConfig draws a valid configuration.
func drawConfig(t *rapid.T) Config {
	seconds := func(name string, lo, hi int) Duration {
		return Duration(time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * time.Second)
	}
	c := Config{
		Step: seconds("step", 10, 600), Boot: seconds("boot", 1, 900), Delay: seconds("delay", 0, 120),
		Penalty: rapid.Float64Range(1.5, 200).Draw(t, "penalty"), Release: rapid.Float64Range(1, 4).Draw(t, "release"),
		Slack: rapid.Float64Range(0, 0.9).Draw(t, "slack"), ReactiveTarget: rapid.SampledFrom([]float64{0, 0, 0.5, 1}).Draw(t, "reactive"),
		Min: rapid.IntRange(1, 5).Draw(t, "min"), StepUp: rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "up"), StepDown: rapid.SampledFrom([]int{0, 0, 2}).Draw(t, "down"),
		MaxEvents: rapid.IntRange(1, 9).Draw(t, "events"), Kinds: []Kind{{Name: "tv", Lift: 2}},
		Policy: rapid.SampledFrom([]string{"", "", "band-wide", "hpa-50-0m"}).Draw(t, "policy"), Exclude: rapid.SampledFrom([][]string{nil, nil, {"band"}, {"hpa"}}).Draw(t, "exclude"),
		Calm: rapid.Float64Range(0, 0.5).Draw(t, "calm"), Change: rapid.Float64Range(0, 1).Draw(t, "change"),
	}
	if rapid.Bool().Draw(t, "bounded") {
		c.Max = c.Min + rapid.IntRange(0, 40).Draw(t, "room")
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "signals") {
		c.Signals = append(c.Signals, Signal{Name: string(rune('a' + i)), Capacity: rapid.Float64Range(0.1, 50).Draw(t, "capacity")})
	}
	if name := rapid.SampledFrom(append([]string{"", "", ""}, slices.Sorted(maps.Keys(todays))...)).Draw(t, "today"); name != "" {
		today := withToday(t, todays[name], "").Today
		if len(today.AtCapacity) > len(c.Signals) {
			today.AtCapacity = today.AtCapacity[:1]
			today.WPA.Metrics = today.WPA.Metrics[:1]
		}
		c.Today = today
	}
	return c
}

func TestValidateNamesEveryFault(t *testing.T) {
	c := Config{
		Step: -1, Boot: Duration(48 * time.Hour), Delay: -1, MaxAge: 1, Penalty: 1, Release: 0.5, Slack: 1, Hold: -1, ReactiveTarget: 2,
		Policy: "band", Exclude: []string{"hpa", "band", "hpa", "kpa"}, Calm: 0.6, Change: -1,
		Signals: []Signal{{Name: "a", Capacity: math.Inf(1)}, {Name: "a", Capacity: -1}}, Min: -1, Max: -2, StepUp: -1, StepDown: -1, MaxEvents: 1 << 20,
		Kinds: []Kind{{Name: "", Lift: -1, Spread: 9, WeightPower: 3, Delay: -1, Rise: -1}},
	}
	var f Faults
	require.ErrorAs(t, c.Validate(), &f)
	var fields []string
	for _, x := range f {
		fields = append(fields, x.Field)
		require.NotEmpty(t, x.Value)
		require.NotEmpty(t, x.Wanted)
	}
	require.ElementsMatch(t, []string{
		"step", "boot", "delay", "penalty", "release", "slack", "policy", "exclude", "exclude[2]", "exclude[3]", "calm", "change", "reactive_target", "min", "max", "step_up", "step_down", "max_events",
		"signals[0].capacity", "signals[1].name", "signals[1].capacity",
		"kinds[0].name", "kinds[0].lift", "kinds[0].spread", "kinds[0].weight_power", "kinds[0].delay", "kinds[0].rise",
		"forecast.seasons.short", "forecast.seasons.main", "forecast.seasons.long",
		"forecast.smoothing.level", "forecast.smoothing.main", "forecast.smoothing.long", "forecast.smoothing.ar", "forecast.bin",
	}, fields)
	require.NotContains(t, f.Error(), "\n")

	c = Config{Min: -2, Max: -1}.WithDefaults()
	require.ErrorContains(t, c.Validate(), "2 faults", "a maximum below 1 is wrong whatever the minimum is")

	// Faults that only a sane step lets see.
	c = Config{Step: Duration(time.Second), Boot: Duration(10 * time.Hour), MaxAge: 1, Hold: Duration(time.Hour)}.WithDefaults()
	require.ErrorContains(t, c.Validate(), "lead time of at most 4096 steps")
	require.ErrorContains(t, c.Validate(), "every sample is stale")
	require.ErrorContains(t, c.Validate(), "hold is 1h0m0s")
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown field", `{"steps": "1m"}`, "steps is unknown; wanted one of step, boot"},
		{"unknown field in a list", `{"signals": [{"name": "a"}, {"capacty": 3}]}`, "signals[1].capacty is unknown; wanted one of name, capacity"},
		{"bare duration", `{"boot": 120}`, `boot is 120; wanted a duration in quotes, such as "90s"`},
		{"odd duration", `{"boot": "2 minutes"}`, `boot is "2 minutes"; wanted a duration`},
		{"text for a number", `{"penalty": "20"}`, `penalty is "20"; wanted a number`},
		{"fraction of a replica", `{"min": 1.5}`, "min is 1.5; wanted a whole number"},
		{"null", `{"min": null}`, "min is null; wanted a whole number"},
		{"twice", `{"min": 1, "min": 2}`, "min is there twice; wanted each field once"},
		{"object for a list", `{"signals": {"name": "a"}}`, "signals is an object; wanted a list"},
		{"number in a list of objects", `{"signals": [3]}`, "signals[0] is a number; wanted an object"},
		{"not an object", `[1]`, "the whole is a list; wanted an object"},
		{"object over several lines", "{\"boot\": {\n\"a\":\n1}}", `boot is {"a":1}; wanted a duration`},
		{"line break in a name", `{"a\nb": 1}`, `"a\nb" is unknown`},
		{"broken", "{\n\"min\": 1,,\n}", "line 2: invalid character"},
		{"cut off", `{"min": 1`, "the text ends before the configuration does"},
		{"empty", ``, "the text ends before the configuration does"},
		{"two documents", `{"min": 1} {"min": 2}`, "more text after the closing brace"},
		{"number too large", `{"penalty": 1e999}`, "penalty is 1e999; wanted a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseConfig([]byte(c.text))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := ParseConfig([]byte(`{"steps": "1m", "penalty": [], "kinds": [{"lft": 1}]}`))
	var f Faults
	require.ErrorAs(t, err, &f)
	require.Len(t, f, 3, "all at once: %v", err)
}

func TestFingerprintIsParity(t *testing.T) {
	a := Config{Penalty: 20}
	require.Equal(t, a.Fingerprint(), Config{}.Fingerprint(), "a default that is written out changes nothing")
	require.NotEqual(t, a.Fingerprint(), Config{Penalty: 21}.Fingerprint())
	require.Len(t, a.Fingerprint().String(), 64)
	require.Equal(t, strings.ToLower(a.Fingerprint().String()), a.Fingerprint().String())
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"step": "1m", "signals": [{"name": "a", "capacity": 2}], "kinds": [{"name": "tv"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseConfig(b)
		if err != nil {
			return
		}
		if _, err := New(c); err == nil && c.MaxEvents <= 1000 {
			back, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseConfig(back)
			if err != nil || again.Fingerprint() != c.Fingerprint() {
				t.Fatalf("%s parses back as another configuration: %v", back, err)
			}
		}
	})
}
