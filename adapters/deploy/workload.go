package deploy

import (
	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// Workload is what one engine scales.
type Workload struct {
	// Name stands in logs, metrics and reports, and in the names of files: letters, digits, and ., _ and - between them.
	Name string `json:"name"`
	Settings
}

// Settings are those of a workload. A zero field means the value in brackets.
type Settings struct {
	// Engine decides.
	Engine scaler.Config `json:"engine,omitzero"`
	// Feeds are where demand comes from: one for each signal of the engine.
	Feeds []Feed `json:"feeds,omitempty"`
	// Actuator has the fleet.
	Actuator Actuator `json:"actuator,omitzero"`
	// Observers are told of decisions, each under a name [nobody is].
	Observers []Observer `json:"observers,omitempty"`
	// Store keeps snapshots [none: a restart begins with the backfill].
	Store Store `json:"store,omitzero"`

	// Mode is what becomes of decisions: act, dry-run or shadow [act].
	Mode adapters.Mode `json:"mode,omitempty"`
	// Interval is the time between decisions, 1s up to the engine's step [the step].
	Interval Duration `json:"interval,omitempty"`
	// Offset is how long after each multiple of the interval there is a decision [when the interval has become complete].
	Offset Duration `json:"offset,omitempty"`
	// Backfill is how much history is read before the first decision [192h].
	Backfill Duration `json:"backfill,omitempty"`
	// Overlap is how late a sample may come and still be read [10 steps].
	Overlap Duration `json:"overlap,omitempty"`
	// Location is the place whose clock the daily pattern, windows and schedules follow, such as Europe/Berlin [UTC].
	Location string `json:"location,omitempty"`

	// Retry says how often a call that failed is made again within an interval.
	Retry Retry `json:"retry,omitzero"`
	// ActLimit is the name of the limit that calls of the actuator wait for [none].
	ActLimit string `json:"act_limit,omitempty"`
	// SaveEvery is the time from one snapshot to the next [10m].
	SaveEvery Duration `json:"save_every,omitempty"`
	// Strict wants a snapshot that can be used, and decides nothing without [false].
	Strict bool `json:"strict,omitempty"`
	// Grace is how long a decision that is being made may take at the end [5s].
	Grace Duration `json:"grace,omitempty"`
}

// Retry says how often a call is made.
type Retry struct {
	// Attempts is how often at most [3].
	Attempts int `json:"attempts,omitempty"`
	// First is the wait before the second attempt [500ms].
	First Duration `json:"first,omitempty"`
}

// Feed is where the samples of one signal come from.
type Feed struct {
	// Signal is the name of that signal of the engine.
	Signal string `json:"signal"`
	// SwitchAfter is how many reads in a row of an input must fail before the next one is read [3].
	SwitchAfter int `json:"switch_after,omitempty"`
	// Inputs are read in this order until one answers: one at least, each under a name.
	Inputs []Input `json:"inputs,omitempty"`
}

// Input is one series, and exactly one of the kinds of systems that it comes from.
type Input struct {
	// Name stands in logs, errors and reports.
	Name string `json:"name"`

	Datadog    *DatadogInput    `json:"datadog,omitempty" kind:""`
	Prometheus *PrometheusInput `json:"prometheus,omitempty" kind:""`
	Webhook    *WebhookInput    `json:"webhook,omitempty" kind:""`
	// Current is a number that is true now, such as what KEDA's metrics-api scaler reads.
	Current *CurrentInput `json:"current,omitempty" kind:""`
	File    *FileInput    `json:"file,omitempty" kind:""`
	Other   *Other        `json:"other,omitempty" kind:""`

	// Delay is how long after the end of an interval its sample may still change; what is younger is not taken. The delay of
	// the engine should be as long [0s, or what an other source says].
	Delay Duration `json:"delay,omitempty"`
	// MaxAge is the age of the newest sample beyond which the next input is read [the max_age of the engine].
	MaxAge Duration `json:"max_age,omitempty"`
	// Timeout is how long a read may take [half of the interval, shared out among the inputs of the feed].
	Timeout Duration `json:"timeout,omitempty"`
	// Limit is the name of the limit that each attempt waits for [none].
	Limit string `json:"limit,omitempty"`
}

// Actuator is exactly one of the ways to look at a fleet and to change it.
type Actuator struct {
	Webhook *WebhookActuator `json:"webhook,omitempty" kind:""`
	File    *FileActuator    `json:"file,omitempty" kind:""`
	// Memory is a fleet that exists nowhere else, for trials.
	Memory *MemoryActuator `json:"memory,omitempty" kind:""`
	Other  *Other          `json:"other,omitempty" kind:""`

	// Record is the file in which each order is written down, as a line of JSON [none].
	Record string `json:"record,omitempty"`
}

// Observer is exactly one of those that can be told of decisions.
type Observer struct {
	// Name is what a cluster's part refers to.
	Name string `json:"name"`

	// Datadog sends decisions, forecasts and reasons to an agent, by the client that the program gives to Build.
	Datadog *DatadogObserver `json:"datadog,omitempty" kind:""`
	// File is the file to which each decision is appended, as a line of JSON.
	File string `json:"file,omitempty" kind:""`
	// Recommendations hands out the newest decision by HTTP, for KEDA's metrics-api scaler among others.
	Recommendations *Recommendations `json:"recommendations,omitempty" kind:""`
	Other           *Other           `json:"other,omitempty" kind:""`
}

// Store is one of the places for snapshots, or none.
type Store struct {
	// Directory is where the file NAME.snapshot is, where NAME is that of the workload. It must exist.
	Directory string `json:"directory,omitempty" kind:""`
	Other     *Other `json:"other,omitempty" kind:""`
}
