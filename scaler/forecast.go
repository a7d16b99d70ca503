package scaler

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Forecast says how demand is forecast. The defaults suit what people and cron jobs do; forecast/fit finds better ones in
// a history where there are any.
type Forecast struct {
	// Seasons are the periods after which demand repeats itself, whole seconds, negative for none [1h, 24h, 168h].
	Seasons forecast.Seasons `json:"seasons,omitzero"`
	// Smoothing are the gains of the Holt-Winters experts [0.03, 0.1, 0.3, 0.85].
	Smoothing forecast.Smoothing `json:"smoothing,omitzero"`
	// Bin is the width of the bins in which seasons are looked at for lead times of at least one bin, 1m to 24h [15m].
	Bin Duration `json:"bin,omitempty"`
	// Holidays are local days that go like Sundays, at most 1024.
	Holidays []forecast.Date `json:"holidays,omitempty"`
	// Without names experts to leave out, not all of the fast ones.
	Without []forecast.Expert `json:"without,omitempty"`
	// Spikes raises forecasts while a crowd arrives that nobody announced, once that has been worth it in this series. It
	// seldom is: what the forecast learns of its errors after a surprise does the same.
	Spikes bool `json:"spikes,omitempty"`
	// Compact trades accuracy at long lead times and the resolution of seasons for less than half of the memory.
	Compact bool `json:"compact,omitempty"`
}

// maxHolidays bounds the list of holidays: three centuries of a country that has many would be too long.
const maxHolidays = 1024

func (f Forecast) withDefaults() Forecast {
	f.Seasons = f.Seasons.WithDefaults()
	f.Smoothing = f.Smoothing.WithDefaults()
	if f.Bin == 0 {
		f.Bin = Duration(15 * time.Minute)
	}
	f.Holidays = slices.Clone(f.Holidays)
	f.Without = slices.Clone(f.Without)
	return f
}

// faults reports what is wrong with f, which has its defaults.
func (f *Forecast) faults(fault func(ok bool, field, value, wanted string)) {
	season := func(d, hi Duration, field string) bool {
		ok := d < 0 || d >= Duration(time.Minute) && d <= hi && d%Duration(time.Second) == 0
		fault(ok, "forecast.seasons."+field, d.String(), fmt.Sprintf("%v to %v in whole seconds, or negative for none", Duration(time.Minute), hi))
		return ok
	}
	s, day := f.Seasons, Duration(24*time.Hour)
	ok := season(s.Short, day, "short")
	ok = season(s.Main, 32*day, "main") && ok
	ok = season(s.Long, 366*day, "long") && ok
	if ok && s.Main > 0 {
		fault(s.Short < s.Main, "forecast.seasons.short", s.Short.String(), "less than the main season, "+s.Main.String())
		fault(s.Long < 0 || s.Long > s.Main && s.Long%s.Main == 0, "forecast.seasons.long", s.Long.String(), "a whole multiple of the main season, "+s.Main.String()+", or negative for none")
	}
	gain := func(v float64, field string) {
		fault(v > 0 && v <= 1, "forecast.smoothing."+field, strconv.FormatFloat(v, 'g', -1, 64), "above 0, up to 1")
	}
	gain(f.Smoothing.Level, "level")
	gain(f.Smoothing.Main, "main")
	gain(f.Smoothing.Long, "long")
	gain(f.Smoothing.AR, "ar")
	fault(f.Bin >= Duration(time.Minute) && f.Bin <= Duration(24*time.Hour), "forecast.bin", f.Bin.String(), "1m0s to 24h0m0s")
	fault(len(f.Holidays) <= maxHolidays, "forecast.holidays", strconv.Itoa(len(f.Holidays)), fmt.Sprintf("at most %d", maxHolidays))
	for i, d := range f.Holidays {
		fault(d.Check() == nil, fmt.Sprintf("forecast.holidays[%d]", i), d.String(), "a day of the calendar between 1700 and 2250")
	}
	left := map[forecast.Expert]bool{}
	for i, e := range f.Without {
		fault(e < forecast.NumExperts && !left[e], fmt.Sprintf("forecast.without[%d]", i), e.String(), "an expert that is not named before")
		left[e] = true
	}
	fast := false
	for e := forecast.ByPersistence; e <= forecast.ByRegression; e++ {
		fast = fast || !left[e]
	}
	fault(fast, "forecast.without", fmt.Sprintf("%v", f.Without), "at least one of the experts from persistence to regression left")
}
