package scaler

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
)

const (
	minute = Duration(time.Minute)
	hour   = 60 * minute
	day    = 24 * hour
)

// everything is a Forecast in which no field has its default.
func everything() Forecast {
	return Forecast{
		Seasons:   forecast.Seasons{Short: 30 * minute, Main: 12 * hour, Long: 48 * hour},
		Smoothing: forecast.Smoothing{Level: 0.05, Main: 0.2, Long: 0.4, AR: 0.7},
		Bin:       30 * minute,
		Holidays:  []forecast.Date{{Year: 2026, Month: time.March, Day: 3}, {Year: 2026, Month: time.December, Day: 25}},
		Without:   []forecast.Expert{forecast.ByPersistence, forecast.ByDaysLog},
		Spikes:    true,
		Compact:   true,
	}
}

func TestForecastIsReadFieldByField(t *testing.T) {
	c, err := ParseConfig([]byte(`{"forecast": {
		"seasons": {"short": "30m", "main": "12h", "long": "48h"},
		"smoothing": {"level": 0.05, "main": 0.2, "long": 0.4, "ar": 0.7},
		"bin": "30m",
		"holidays": ["2026-03-03", "2026-12-25"],
		"without": ["persistence", "days_log"],
		"spikes": true,
		"compact": true
	}}`))
	require.NoError(t, err)
	require.Equal(t, everything(), c.Forecast)
	require.NoError(t, c.WithDefaults().Validate())

	c, err = ParseConfig([]byte(`{"forecast": {}}`))
	require.NoError(t, err)
	require.Equal(t, Forecast{
		Seasons:   forecast.Seasons{Short: hour, Main: day, Long: 7 * day},
		Smoothing: forecast.Smoothing{Level: 0.03, Main: 0.1, Long: 0.3, AR: 0.85},
		Bin:       15 * minute,
	}, c.WithDefaults().Forecast)
	require.NoError(t, c.WithDefaults().Validate())
}

func TestForecastRefusesWhatItCannotRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"season": {}}`:                             "forecast.season is unknown; wanted one of seasons, smoothing, bin, holidays, without, spikes, compact",
		`{"seasons": {"day": "24h"}}`:                "forecast.seasons.day is unknown; wanted one of short, main, long",
		`{"seasons": {"main": 24}}`:                  "forecast.seasons.main is 24; wanted a duration in quotes",
		`{"smoothing": {"ar": "0.8"}}`:               `forecast.smoothing.ar is "0.8"; wanted a number`,
		`{"smoothing": 0.8}`:                         "forecast.smoothing is a number; wanted an object",
		`{"bin": 900}`:                               "forecast.bin is 900; wanted a duration in quotes",
		`{"holidays": "2026-12-25"}`:                 "forecast.holidays is a text; wanted a list",
		`{"holidays": ["2026-01-01", "25.12.2026"]}`: `forecast.holidays[1] is "25.12.2026"; wanted a day in quotes, such as "2026-12-25"`,
		`{"holidays": ["2026-02-30"]}`:               `forecast.holidays[0] is "2026-02-30"; wanted a day in quotes`,
		`{"holidays": [20261225]}`:                   "forecast.holidays[0] is 20261225; wanted a day in quotes",
		`{"holidays": [null]}`:                       "forecast.holidays[0] is null; wanted a day in quotes",
		`{"without": ["days", "oracle"]}`:            `forecast.without[1] is "oracle"; wanted the name of an expert in quotes, such as "regression"`,
		`{"without": [5]}`:                           "forecast.without[0] is 5; wanted the name of an expert in quotes",
		`{"spikes": 1}`:                              "forecast.spikes is 1; wanted true or false",
		`{"compact": "yes"}`:                         `forecast.compact is "yes"; wanted true or false`,
		`{"bin": "15m", "bin": "30m"}`:               "forecast.bin is there twice; wanted each field once",
		`[]`:                                         "forecast is a list; wanted an object",
	} {
		_, err := ParseConfig([]byte(`{"forecast": ` + text + `}`))
		require.ErrorContains(t, err, want, text)
		require.Len(t, err, 1, text)
	}
}

// Each bound, from both of its sides.
func TestForecastFaultsAreNamed(t *testing.T) {
	seasons := func(short, main, long Duration) Forecast {
		return Forecast{Seasons: forecast.Seasons{Short: short, Main: main, Long: long}}
	}
	gains := func(level, main, long, ar float64) Forecast {
		return Forecast{Smoothing: forecast.Smoothing{Level: level, Main: main, Long: long, AR: ar}}
	}
	without := func(e ...forecast.Expert) Forecast { return Forecast{Without: e} }
	date := func(y int, m time.Month, d int) Forecast {
		return Forecast{Holidays: []forecast.Date{{Year: 2026, Month: 1, Day: 1}, {Year: y, Month: m, Day: d}}}
	}
	fast := []forecast.Expert{forecast.ByPersistence, forecast.ByLevel, forecast.BySeason, forecast.ByMain, forecast.ByLong, forecast.ByRegression}
	second := Duration(time.Second)
	const short, main, long = "forecast.seasons.short", "forecast.seasons.main", "forecast.seasons.long"
	for i, c := range []struct {
		f      Forecast
		fields []string
	}{
		{everything(), nil},
		{seasons(-1, -1, -1), nil},
		{seasons(minute, 0, 0), nil},
		{seasons(minute-second, 0, 0), []string{short}},
		{seasons(minute+1, 0, 0), []string{short}},
		{seasons(minute+second, 0, 0), nil},
		{seasons(day, 2*day, 4*day), nil},
		{seasons(day+second, 2*day, 4*day), []string{short}},
		{seasons(day-second, day, 0), nil},
		{seasons(day, day, 0), []string{short}},
		{seasons(2*hour, hour, 2*hour), []string{short}},
		{seasons(-1, minute, 2*minute), nil},
		{seasons(-1, minute-second, 2*minute), []string{main}},
		{seasons(0, 32*day, 64*day), nil},
		{seasons(0, 32*day+second, 64*day+2*second), []string{main}},
		{seasons(0, day, 366*day), nil},
		{seasons(0, day, 367*day), []string{long}},
		{seasons(0, day, 36*hour), []string{long}},
		{seasons(0, day, day), []string{long}},
		{seasons(0, 2*day, day), []string{long}},
		{seasons(0, day, 2*day), nil},
		{seasons(0, day, -1), nil},
		{seasons(0, -1, 36*hour), nil},
		{seasons(1, 1, 1), []string{short, main, long}},
		{gains(1, 1, 1, 1), nil},
		{gains(1.01, 1, 1, 1), []string{"forecast.smoothing.level"}},
		{gains(1, -0.1, 1, 1), []string{"forecast.smoothing.main"}},
		{gains(1, 1, 2, 1), []string{"forecast.smoothing.long"}},
		{gains(1, 1, 1, 1.5), []string{"forecast.smoothing.ar"}},
		{Forecast{Bin: minute}, nil},
		{Forecast{Bin: minute - 1}, []string{"forecast.bin"}},
		{Forecast{Bin: day}, nil},
		{Forecast{Bin: day + 1}, []string{"forecast.bin"}},
		{Forecast{Bin: -minute}, []string{"forecast.bin"}},
		{date(1700, 1, 1), nil},
		{date(1699, 12, 31), []string{"forecast.holidays[1]"}},
		{date(2250, 12, 31), nil},
		{date(2251, 1, 1), []string{"forecast.holidays[1]"}},
		{date(2028, 2, 29), nil},
		{date(2026, 2, 29), []string{"forecast.holidays[1]"}},
		{date(0, 0, 0), []string{"forecast.holidays[1]"}},
		{date(2026, 13, 1), []string{"forecast.holidays[1]"}},
		{Forecast{Holidays: many(1024)}, nil},
		{Forecast{Holidays: many(1025)}, []string{"forecast.holidays"}},
		{without(fast[:5]...), nil},
		{without(fast[1:]...), nil},
		{without(fast...), []string{"forecast.without"}},
		{without(forecast.ByDays, forecast.ByClass, forecast.ByDays), []string{"forecast.without[2]"}},
		{without(forecast.NumExperts - 1), nil},
		{without(forecast.NumExperts), []string{"forecast.without[0]"}},
	} {
		err := Config{Forecast: c.f}.WithDefaults().Validate()
		if c.fields == nil {
			require.NoError(t, err, "case %d", i)
			continue
		}
		var f Faults
		require.ErrorAs(t, err, &f, "case %d", i)
		var fields []string
		for _, x := range f {
			fields = append(fields, x.Field)
			require.NotEmpty(t, x.Value, "case %d", i)
			require.NotEmpty(t, x.Wanted, "case %d", i)
		}
		require.Equal(t, c.fields, fields, "case %d", i)
		_, err = New(Config{Forecast: c.f})
		require.ErrorAs(t, err, &f, "case %d", i)
	}
}

// many returns n days in a row.
func many(n int) []forecast.Date {
	dates := make([]forecast.Date, n)
	for i := range dates {
		y, m, d := t0.AddDate(0, 0, i).Date()
		dates[i] = forecast.Date{Year: y, Month: m, Day: d}
	}
	return dates
}

// changes are one change to each field of the forecast, by its path.
var changes = map[string]func(*Forecast){
	"seasons.short":   func(f *Forecast) { f.Seasons.Short = 30 * minute },
	"seasons.main":    func(f *Forecast) { f.Seasons.Main = 12 * hour },
	"seasons.long":    func(f *Forecast) { f.Seasons.Long = 2 * day },
	"no short":        func(f *Forecast) { f.Seasons.Short = -1 },
	"no main":         func(f *Forecast) { f.Seasons.Main = -1 },
	"no long":         func(f *Forecast) { f.Seasons.Long = -1 },
	"smoothing.level": func(f *Forecast) { f.Smoothing.Level = 0.031 },
	"smoothing.main":  func(f *Forecast) { f.Smoothing.Main = 0.11 },
	"smoothing.long":  func(f *Forecast) { f.Smoothing.Long = 0.31 },
	"smoothing.ar":    func(f *Forecast) { f.Smoothing.AR = 0.86 },
	"bin":             func(f *Forecast) { f.Bin = 30 * minute },
	"holidays":        func(f *Forecast) { f.Holidays = []forecast.Date{{Year: 2026, Month: 3, Day: 4}} },
	"without fast":    func(f *Forecast) { f.Without = []forecast.Expert{forecast.ByMain} },
	"without slow":    func(f *Forecast) { f.Without = []forecast.Expert{forecast.ByNaiveMain} },
	"spikes":          func(f *Forecast) { f.Spikes = true },
	"compact":         func(f *Forecast) { f.Compact = true },
}

// dayAhead is an engine whose lead time is in the reach of the slow clock.
func dayAhead(f Forecast) Config {
	return Config{Step: 15 * minute, Boot: 2 * hour, MaxAge: hour, Forecast: f}
}

// A field that is in the configuration is in its fingerprint, and reaches the forecaster: the state that the same samples
// lead to is another one.
func TestEveryFieldOfTheForecastMatters(t *testing.T) {
	learn := func(f Forecast) string {
		l := newLoop(t, dayAhead(f))
		rng := rand.New(rand.NewPCG(3, 4))
		for i := range 4 * 96 {
			l.step(wave(rng, 15*i))
		}
		b, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		return string(b[snapshotHead : len(b)-4])
	}
	for i := range reflect.TypeFor[Forecast]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Forecast]().Field(i).Tag.Get("json"), ",")
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(changes)), func(c string) bool { return strings.HasPrefix(c, name) }), "no change of %s", name)
	}
	prints := map[Fingerprint]string{Config{}.Fingerprint(): "no change"}
	states := map[string]string{learn(Forecast{}): "no change"}
	for name, change := range changes {
		var f Forecast
		change(&f)
		p, s := Config{Forecast: f}.Fingerprint(), learn(f)
		require.NotContains(t, prints, p, "%s has the fingerprint of %s", name, prints[p])
		if other, same := states[s]; same {
			t.Fatalf("%s forecasts as %s does", name, other)
		}
		prints[p], states[s] = name, name
	}
	require.Equal(t, Config{Forecast: Forecast{}.withDefaults()}.Fingerprint(), Config{}.Fingerprint(), "a default that is written out changes nothing")
}

func TestForecastKeepsNoListOfItsCaller(t *testing.T) {
	f := everything()
	e, err := New(Config{Forecast: f})
	require.NoError(t, err)
	f.Holidays[0].Year, f.Without[0] = 1999, forecast.ByLevel
	require.Equal(t, everything(), e.Config().Forecast)
}

func TestForecastParsesBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		none := func(d Duration, name string) Duration {
			if rapid.IntRange(0, 4).Draw(t, "no "+name) == 0 {
				return -1
			}
			return d
		}
		seconds := func(lo, hi Duration, name string) Duration {
			return Duration(rapid.Int64Range(int64(lo)/1e9, int64(hi)/1e9).Draw(t, name)) * Duration(time.Second)
		}
		main := seconds(2*minute, 7*day, "main")
		gain := func(name string) float64 { return rapid.Float64Range(0.01, 1).Draw(t, name) }
		f := Forecast{
			Seasons: forecast.Seasons{
				Short: none(seconds(minute, min(main-Duration(time.Second), day), "short"), "short"), Main: none(main, "main"),
				Long: none(main*Duration(rapid.IntRange(2, 9).Draw(t, "long")), "long"),
			},
			Smoothing: forecast.Smoothing{Level: gain("level"), Main: gain("main gain"), Long: gain("long gain"), AR: gain("ar")},
			Bin:       seconds(minute, day, "bin"),
			Spikes:    rapid.Bool().Draw(t, "spikes"), Compact: rapid.Bool().Draw(t, "compact"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "holidays") {
			y, m, d := t0.AddDate(0, 0, rapid.IntRange(-100_000, 70_000).Draw(t, "day")).Date()
			f.Holidays = append(f.Holidays, forecast.Date{Year: y, Month: m, Day: d})
		}
		for e := range forecast.NumExperts {
			if e != forecast.ByLevel && rapid.Bool().Draw(t, e.String()) {
				f.Without = append(f.Without, e)
			}
		}
		c := Config{Forecast: f}.WithDefaults()
		require.NoError(t, c.Validate())
		b, err := json.Marshal(c)
		require.NoError(t, err)
		back, err := ParseConfig(b)
		require.NoError(t, err)
		require.Equal(t, c, back.WithDefaults())
		require.Equal(t, c.Fingerprint(), back.Fingerprint())
	})
}

// An engine of every form goes on after a snapshot as if nothing had been, and no other form reads it. That of the compact
// form says how much smaller it is.
func TestSnapshotsOfEveryForm(t *testing.T) {
	size := map[string]int{}
	for name, f := range map[string]Forecast{"plain": {}, "compact": {Compact: true}, "everything": everything(), "no seasons": {Seasons: forecast.Seasons{Short: -1, Main: -1, Long: -1}}} {
		cfg := dayAhead(f)
		l := newLoop(t, cfg)
		rng := rand.New(rand.NewPCG(5, 6))
		for i := range 300 {
			l.step(wave(rng, 15*i))
		}
		b, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		size[name] = len(b)
		again, err := Restore(cfg, b)
		require.NoError(t, err, name)
		for other, g := range map[string]Forecast{"plain": {}, "compact": {Compact: true}} {
			if other != name {
				_, err = Restore(dayAhead(g), b)
				require.ErrorIs(t, err, ErrSnapshotFingerprint, "%s read as %s", name, other)
			}
		}
		for i := range 200 {
			sample := forecast.Sample{Time: l.now, Value: wave(rng, 15*(300+i))}
			l.now = l.now.Add(15 * time.Minute)
			l.plant.Arrive()
			var d Decision
			for _, e := range []*Engine{l.engine, again} {
				require.NoError(t, e.Observe(0, sample))
			}
			require.NoError(t, l.engine.Recommend(&l.d, l.now, l.fleet()))
			require.NoError(t, again.Recommend(&d, l.now, l.fleet()))
			require.Equal(t, l.d, d, "%s, %d steps on", name, i)
			l.plant.Order(d.Replicas)
		}
		b, err = l.engine.AppendBinary(nil)
		require.NoError(t, err)
		c, err := again.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, b, c, name)
	}
	require.Less(t, 2*size["compact"], size["plain"], "less than half of the state")
}
