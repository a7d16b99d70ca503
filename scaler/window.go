package scaler

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy"
)

// Window is a time of the day, on some days, with what holds in it. Times are those that the clock on the wall shows in the
// location of the time that Recommend is given; the engine loads no zones.
type Window struct {
	// Days on which it begins: sun, mon, tue, wed, thu, fri, sat [every day].
	Days []string `json:"days,omitempty"`
	// From and Until are the first and the last date on which it begins, such as "2026-11-27" [any].
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
	// Start, such as "08:00", and End, such as "18:30" or "24:00", which belongs to the next day if it is not after Start.
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
	// Freeze keeps the fleet from moving "up", "down" or "both", whatever else is wanted, Min and Max included [neither].
	Freeze string `json:"freeze,omitempty"`
	// Min is the smallest count, ready when the window begins [0: none]. Of several windows the largest counts.
	Min int `json:"min,omitempty"`
	// Max is the largest count [0: none]. Of several windows the smallest counts, and Min wins over it.
	Max int `json:"max,omitempty"`
	// Fallback takes the place of Guard.Fallback [0: none]. Of several windows the largest counts.
	Fallback int `json:"fallback,omitempty"`
}

// maxWindows bounds the list of windows: each is looked at in every decision.
const maxWindows = 256

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Ways in which a fleet may move, in configurations.
const (
	wayUp   = "up"
	wayDown = "down"
	wayBoth = "both"
)

// compile turns the text of a window into numbers and reports what is wrong with it, with paths below path.
func (w *Window) compile(path string, most int, unit policy.Unit, fault func(ok bool, field, value, wanted string)) policy.Window {
	out := policy.Window{From: math.MinInt64, Until: math.MaxInt64, Days: 1<<7 - 1, Min: unit.Up(w.Min), Max: w.Max, Fallback: unit.Up(w.Fallback)}
	if w.Max > 0 {
		out.Max = max(unit.Down(w.Max), unit.Up(1))
	}
	if len(w.Days) > 0 {
		out.Days = 0
	}
	for i, day := range w.Days {
		k := slices.Index(weekdays, day)
		fault(k >= 0 && !slices.Contains(w.Days[:i], day), fmt.Sprintf("%sdays[%d]", path, i), strconv.Quote(day), "one of "+strings.Join(weekdays, ", ")+", each once")
		if k >= 0 {
			out.Days |= 1 << k
		}
	}
	date := func(text, field string, none int64) int64 {
		if text == "" {
			return none
		}
		t, err := time.Parse(time.DateOnly, text)
		fault(err == nil, path+field, strconv.Quote(text), "a date such as 2026-11-27")
		if err != nil {
			return none
		}
		return t.Unix() / int64(24*60*60) // dates from the year 1970 on; Validate refuses others
	}
	out.From, out.Until = date(w.From, "from", math.MinInt64), date(w.Until, "until", math.MaxInt64)
	fault(out.From == math.MinInt64 || out.From >= 0, path+"from", w.From, "a date from 1970-01-01 on")
	fault(out.Until >= max(0, out.From), path+"until", w.Until, "a date from 1970-01-01 and from the field from on")
	clock := func(text, field string, end bool) int64 {
		if end && text == "24:00" {
			return 24 * 60 * 60
		}
		t, err := time.Parse("15:04", text)
		fault(err == nil && len(text) == len("15:04"), path+field, strconv.Quote(text), "a time of the day such as 08:00")
		return int64(t.Hour()*3600 + t.Minute()*60)
	}
	out.Start, out.End = clock(w.Start, "start", false), clock(w.End, "end", true)
	if out.End <= out.Start {
		out.End += 24 * 60 * 60
	}
	fault(w.Freeze == "" || w.Freeze == wayUp || w.Freeze == wayDown || w.Freeze == wayBoth, path+"freeze", strconv.Quote(w.Freeze), "up, down or both")
	out.FreezeUp, out.FreezeDown = w.Freeze == wayUp || w.Freeze == wayBoth, w.Freeze == wayDown || w.Freeze == wayBoth
	count := func(n, lo int, field string) {
		fault(n == 0 || n >= lo && n <= most, path+field, strconv.Itoa(n), fmt.Sprintf("0 (none) or %d to %d", lo, most))
	}
	count(w.Min, 1, "min")
	count(w.Max, max(1, w.Min), "max")
	count(w.Fallback, 1, "fallback")
	return out
}

func cloneWindows(windows []Window) []Window {
	out := slices.Clone(windows)
	for i := range out {
		out[i].Days = slices.Clone(out[i].Days)
	}
	return out
}
