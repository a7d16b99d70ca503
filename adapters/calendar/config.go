package calendar

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// Announcer is told of events. adapters.Runner and scaler.Engine are Announcers.
type Announcer interface {
	Announce(ev forecast.Event) error
	Withdraw(id string) error
}

// Calendar is one source of events.
type Calendar struct {
	// Name stands for the calendar in reports and in the IDs of events that have none. Required, and unique.
	Name string
	// Loader gets what it holds. Required.
	Loader Loader
	// Read says how it is to be understood; From and To are the Watcher's.
	Read ReadConfig
	// MaxAge is how long a calendar may go unchanged before the report says so [for ever].
	MaxAge time.Duration
}

// Config says what a Watcher keeps in line, and how far it believes it. A zero field means the default in brackets.
type Config struct {
	// Announcer is told. Required.
	Announcer Announcer
	// Calendars are watched. Where two have the same event, the one that stands first counts.
	Calendars []Calendar

	// Horizon is how far ahead events are announced [7 days].
	Horizon time.Duration
	// Lead is how long replicas take from their order to serving. An event that is announced later than that is reported
	// as too late [3m].
	Lead time.Duration
	// Same is the tolerance within which events of the same kind and labels are one event; negative for none [15s].
	Same time.Duration
	// Loss is the share of its coming events, 0 to 1, that a calendar may lose or move at once and be believed; of fewer
	// than three events it may lose all but the last [0.5].
	Loss float64
	// Hold is how long a calendar that lost more is not believed, unless Confirm is called; what it has lost stays
	// announced for so long [6h].
	Hold time.Duration
	// Empty believes a calendar that has become empty [what it had stays announced until Confirm is called].
	Empty bool
	// Ahead is for how long a calendar should know what comes; one that ends before is reported. Negative for any [48h].
	Ahead time.Duration
	// Usual is how many times the weight that is usual for its kind an event may have without being reported [100].
	Usual float64

	// Logger is told what changed, at Info, and what was found for the first time, at Warn [nobody].
	Logger *slog.Logger
}

const (
	maxHorizon = 366 * 24 * time.Hour
	leastLoss  = 3 // a calendar with fewer events loses a great share of them with each
	// past is how long events count after their start: a sale may last that long, by forecast.Event.Check.
	past = 32 * 24 * time.Hour
	// grace is how long after its end an event is still announced: it may be under way, and its response is.
	grace = 10 * time.Minute
)

// complete returns c with its defaults, and every fault that it has.
func (c Config) complete() (Config, scaler.Faults) {
	var faults scaler.Faults
	fault := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	for _, d := range []struct {
		field *time.Duration
		none  time.Duration
	}{{&c.Horizon, 7 * 24 * time.Hour}, {&c.Lead, 3 * time.Minute}, {&c.Same, 15 * time.Second}, {&c.Hold, 6 * time.Hour}, {&c.Ahead, 48 * time.Hour}} {
		if *d.field == 0 {
			*d.field = d.none
		}
	}
	if c.Loss == 0 {
		c.Loss = 0.5
	}
	if c.Usual == 0 {
		c.Usual = 100
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	fault(c.Announcer != nil, "announcer", "nil", "an announcer, such as a Runner")
	fault(c.Horizon > 0 && c.Horizon <= maxHorizon, "horizon", c.Horizon.String(), fmt.Sprintf("more than 0s, up to %v", maxHorizon))
	fault(c.Lead >= 0, "lead", c.Lead.String(), "0s (3m) or more")
	fault(c.Same <= time.Hour, "same", c.Same.String(), "at most 1h")
	fault(c.Loss >= 0 && c.Loss <= 1, "loss", fmt.Sprint(c.Loss), "0 (0.5) to 1")
	fault(c.Hold >= 0, "hold", c.Hold.String(), "0s (6h) or more")
	fault(c.Ahead <= maxHorizon, "ahead", c.Ahead.String(), fmt.Sprintf("at most %v", maxHorizon))
	fault(c.Usual >= 1 && !math.IsInf(c.Usual, 0), "usual", fmt.Sprint(c.Usual), "1 or more, or 0 (100)")
	fault(len(c.Calendars) > 0, "calendars", "empty", "one at least")
	names := make(map[string]bool)
	for i, cal := range c.Calendars {
		at := fmt.Sprintf("calendars[%d]", i)
		fault(cal.Name != "" && len(cal.Name) <= 64, at+".name", fmt.Sprintf("%q", shorten(cal.Name)), "1 to 64 bytes")
		fault(!names[cal.Name], at+".name", fmt.Sprintf("%q, which is that of an earlier one", shorten(cal.Name)), "a name of its own")
		names[cal.Name] = true
		fault(cal.Loader != nil, at+".loader", "nil", "a loader")
		fault(cal.MaxAge >= 0, at+".max_age", cal.MaxAge.String(), "0s (for ever) or more")
		fault(cal.Read.From.IsZero() && cal.Read.To.IsZero(), at+".read.from and to", "set", "neither: the Watcher reads what it announces")
		probe := cal.Read
		probe.From, probe.To = time.Unix(0, 0), time.Unix(1, 0)
		if _, err := probe.complete(cal.Name); err != nil {
			if list, ok := err.(*Faults); ok { //nolint:errorlint // complete returns this type
				for _, f := range list.List {
					fault(false, at+".read."+f.Field, f.Value, f.Wanted)
				}
			}
		}
	}
	return c, faults
}
