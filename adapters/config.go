package adapters

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/scaler"
)

// Config says what a Runner drives, and how. A zero field means the default in brackets.
//
// How much a fleet is worth and what holds while it cannot be measured is no business of a Runner: see scaler.Config, and
// its Guard for fallback counts.
type Config struct {
	// Name is that of the workload. It stands in logs and reports [none; a Group requires one].
	Name string
	// Engine decides. It belongs to the Runner from NewRunner on: use Runner.Announce, Withdraw, Pause and AppendBinary.
	// Where a Store has a snapshot of it, another engine with the same configuration takes its place.
	Engine *scaler.Engine
	// Sources are the demand series, one for each of the engine's Signals, in their order.
	Sources []Source
	// Feeds stand in the place of Sources where more is to be said: a delay, a fallback, a rate limit. A Source is a feed of
	// one input.
	Feeds []Feed
	// Actuator has the fleet.
	Actuator Actuator
	// Observers are told of every decision, in this order [none].
	Observers []Observer
	// Store keeps snapshots [none: the next process begins with the backfill].
	Store Store

	// Mode is what becomes of decisions [ModeAct].
	Mode Mode
	// Interval is the time between decisions, 1s up to the engine's Step [the engine's Step]. It cannot be longer than
	// the Step, because the engine's lead time allows one step from one decision to the next.
	Interval time.Duration
	// Offset is how long after each multiple of the Interval Run decides, less than the Interval [the Delay of the feeds'
	// first inputs, the longest of them, less whole Intervals: the moment in which an interval has become complete].
	Offset time.Duration
	// Backfill is how much history is read before the first decision, and at most how far back is read after a source
	// was away [8 days]. The longest season that the engine learns is a week: 8 days show it every hour of a week, and
	// that of today's weekday twice. One step is next to nothing.
	Backfill time.Duration
	// Overlap is how late a sample may come and still be read: each window begins that long before the newest sample
	// that was seen [10 steps].
	Overlap time.Duration
	// Location is the place whose clock the daily pattern, windows and schedules follow [the pattern that of the samples, as
	// the sources give them, the others that of the time of the tick].
	Location *time.Location

	// Retry says how often a call that failed is tried again within a tick.
	Retry Retry
	// ActLimiter is what each call of the Actuator waits for; workloads on the same platform share one [any number].
	ActLimiter *rate.Limiter
	// SaveEvery is the time from one snapshot to the next [10m]. Run saves one more when it ends.
	SaveEvery time.Duration
	// Strict makes a snapshot that cannot be had or used an error, and no decision is made [it is reported, and the engine
	// begins anew with the backfill].
	Strict bool
	// Grace is how long a tick may go on when Run is told to end, and then as long again the last snapshot and the
	// observers [5s].
	Grace time.Duration

	// Logger takes what Run has to say: changes at Info, other decisions at Debug, errors at Error [nothing is logged].
	Logger *slog.Logger
}

// Mode is what a Runner does with decisions.
type Mode string

// The modes. All of them read, decide and tell the observers.
const (
	// ModeAct applies decisions.
	ModeAct Mode = "act"
	// ModeDryRun applies nothing: each decision is about the fleet that is there.
	ModeDryRun Mode = "dry-run"
	// ModeShadow applies nothing, and plays beside whoever scales the workload: decisions are about a fleet that the
	// Runner keeps, in which they are carried out. Report.Shadow compares it with the one that is there. It is not for an
	// engine that chooses sizes.
	ModeShadow Mode = "shadow"
)

const (
	defaultBackfill     = 8 * 24 * time.Hour
	defaultOverlapSteps = 10
	defaultSaveEvery    = 10 * time.Minute
	defaultGrace        = 5 * time.Second
	minInterval         = time.Second
	maxBackfill         = 366 * 24 * time.Hour
	maxDelay            = 24 * time.Hour // as scaler.Config.Delay
)

// complete returns c with its defaults, and every fault that it has.
func (c Config) complete() (Config, scaler.Faults) {
	var faults scaler.Faults
	fault := func(field, value, wanted string) {
		faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
	}
	span := func(d *time.Duration, standard time.Duration, field string) {
		if *d < 0 {
			fault(field, d.String(), fmt.Sprintf("0s (%v) or more", standard))
		} else if *d == 0 {
			*d = standard
		}
	}

	if c.Actuator == nil {
		fault("actuator", "nil", "an actuator")
	}
	for i, s := range c.Sources {
		if s == nil {
			fault(fmt.Sprintf("sources[%d]", i), "nil", "a source")
		}
	}
	for i, o := range c.Observers {
		if o == nil {
			fault(fmt.Sprintf("observers[%d]", i), "nil", "an observer")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch c.Mode {
	case "":
		c.Mode = ModeAct
	case ModeAct, ModeDryRun, ModeShadow:
	default:
		fault("mode", strconv.Quote(string(c.Mode)), fmt.Sprintf("%q, %q or %q", ModeAct, ModeDryRun, ModeShadow))
	}
	if c.Backfill == 0 {
		c.Backfill = defaultBackfill
	}
	if c.Backfill < 0 || c.Backfill > maxBackfill {
		fault("backfill", c.Backfill.String(), fmt.Sprintf("more than 0s, up to %v", maxBackfill))
	}
	if c.Overlap < 0 {
		fault("overlap", c.Overlap.String(), "0s (10 steps) or more")
	}
	span(&c.SaveEvery, defaultSaveEvery, "save_every")
	span(&c.Grace, defaultGrace, "grace")
	c.Retry = c.Retry.complete(fault)
	if c.Engine == nil {
		fault("engine", "nil", "an engine")
		return c, faults
	}

	engine := c.Engine.Config()
	if c.Mode == ModeShadow && len(engine.Sizes.Catalog) > 0 {
		fault("mode", strconv.Quote(string(c.Mode)), fmt.Sprintf("%q or %q, since the engine chooses sizes and the fleet of a shadow has one", ModeAct, ModeDryRun))
	}
	step := engine.Step.Std()
	if c.Interval == 0 {
		c.Interval = step
	}
	if c.Interval < minInterval || c.Interval > step {
		fault("interval", c.Interval.String(), fmt.Sprintf("%v to %v, the engine's step", minInterval, step))
		return c, faults
	}
	if c.Overlap == 0 {
		c.Overlap = defaultOverlapSteps * step
	}
	c.completeFeeds(&engine, fault)
	if c.Offset < 0 || c.Offset >= c.Interval {
		fault("offset", c.Offset.String(), fmt.Sprintf("0s (as the feeds have it) to less than %v, the interval", c.Interval))
	}
	return c, faults
}

// completeFeeds turns Sources into Feeds.
func (c *Config) completeFeeds(engine *scaler.Config, fault func(field, value, wanted string)) {
	feeds, field := c.Feeds, "feeds"
	if len(feeds) == 0 {
		field = "sources"
		for _, s := range c.Sources {
			feeds = append(feeds, Feed{Inputs: []Input{{Source: s}}})
		}
	} else if len(c.Sources) > 0 {
		fault("sources", fmt.Sprintf("a list of %d", len(c.Sources)), "none, since there are feeds")
	}
	if len(feeds) != len(engine.Signals) {
		names := make([]string, len(engine.Signals))
		for i, s := range engine.Signals {
			names[i] = s.Name
		}
		fault(field, fmt.Sprintf("a list of %d", len(feeds)), fmt.Sprintf("one for each signal of the engine: %q", names))
	}
	var longest time.Duration
	c.Feeds = make([]Feed, len(feeds))
	for i := range feeds {
		if field == "sources" && c.Sources[i] == nil {
			continue // that has been said
		}
		c.Feeds[i] = feeds[i].complete(fmt.Sprintf("%s[%d]", field, i), engine, c.Interval, fault)
		if in := c.Feeds[i].Inputs; len(in) > 0 {
			longest = max(longest, in[0].Delay)
		}
	}
	if c.Offset == 0 {
		c.Offset = longest % c.Interval
	}
}
