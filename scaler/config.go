package scaler

import (
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Duration is a time.Duration that reads and writes as text such as "90s".
type Duration = forecast.Duration

// Kind is what is known beforehand of the response to one kind of announced event.
type Kind = forecast.Kind

// Config says everything that a decision depends on, besides the samples, the events and the calls. It is plain data: it
// prints, compares, and parses back equal. A zero field means the default in brackets.
type Config struct {
	// Step is the interval of the demand series and of decisions, 1s to 24h [1m].
	Step Duration `json:"step,omitempty"`
	// Boot is the time from an order until the replica serves, up to 24h [2m]. It counts in whole steps, at least one. A
	// Fleet may report another one.
	Boot Duration `json:"boot,omitempty"`
	// Delay is how much later than its end a step becomes visible as a sample, up to 24h [0s].
	Delay Duration `json:"delay,omitempty"`
	// MaxAge is the age of the newest sample, counted from the start of its step, beyond which nothing is released
	// [1.5 steps + Delay in whole steps]. Where samples regularly come later than that, see Guard.Late.
	MaxAge Duration `json:"max_age,omitempty"`

	// Penalty is the price of one replica's worth of unserved demand over the price of a replica, both for the same
	// time, more than 1 and up to 1e6 [20]. It is the one number that trades money for service.
	Penalty float64 `json:"penalty,omitempty"`
	// Preset is a name for a penalty where there is none: "economy" (10), "balanced" (20) or "performance" (50) [none].
	// Decision.Fractile says what it implies.
	Preset string `json:"preset,omitempty"`
	// Release is how many times Penalty a replica must fall short of to be released by the wide ones of the shadow
	// policies, 1 to 100 [2]: the width of the band inside which they leave their fleets alone.
	Release float64 `json:"release,omitempty"`
	// Policy is the name of a shadow policy that decides whatever it costs (see policy.Shadow), for example "band-wide",
	// "hpa-70-5m" or, if there is one, "today" ["": those that have cost least]. The others go on being scored.
	Policy string `json:"policy,omitempty"`
	// Exclude are the families of shadow policies that may not lead: "band" (on the forecast) or "hpa" (on measurements)
	// [none]. They are scored all the same. "today" may be named, too: that one leads only where it is Policy in any case.
	Exclude []string `json:"exclude,omitempty"`
	// Today is the rule that scales the workload today [none]. It is played beside the engine on the same demand, with a fleet
	// of its own: Decision.Costs says what it costs. Policy "today" makes it decide.
	Today *Today `json:"today,omitempty"`
	// Advice leaves the fleet alone: a decision says in Advised what it would have been [false].
	Advice bool `json:"advice,omitempty"`
	// Calm is the largest share of the fleet that is not worth releasing, more than 0 up to 0.5 [0.04]: from 25 replicas
	// on, one is not. 1e-9 releases any.
	Calm float64 `json:"calm,omitempty"`
	// Change is what a change of the count costs a shadow policy, in replica-hours, more than 0 up to 1000 [0.03].
	Change float64 `json:"change,omitempty"`
	// Slack is what a change must gain before it is made, in replica-steps, while an announced event is near, more than
	// 0 and less than 1 [0.4].
	Slack float64 `json:"slack,omitempty"`
	// Hold is the time for which nothing is released that was ordered within it, and for which a band keeps its largest
	// need, up to 256 steps [the lead time, or as much of it].
	Hold Duration `json:"hold,omitempty"`
	// ReactiveTarget sets a floor of observed demand over (capacity * ReactiveTarget), above 0 up to 1 [0: no floor].
	// It chases what it sees: for spikes shorter than Boot it is pure cost.
	ReactiveTarget float64 `json:"reactive_target,omitempty"`

	// Signals are the demand series, 1 to 16, each with its own capacity; the largest need wins [one, called "demand"].
	Signals []Signal `json:"signals,omitempty"`

	// Min is the smallest count, 1 to 1e6 [1].
	Min int `json:"min,omitempty"`
	// Max is the largest count, Min to 1e6 [0: 1e6, the most that a Fleet may have].
	Max int `json:"max,omitempty"`
	// StepUp is the largest number of replicas ordered at once [0: any].
	StepUp int `json:"step_up,omitempty"`
	// StepDown is the largest number of replicas released at once [0: any].
	StepDown int `json:"step_down,omitempty"`
	// Zones have equally many replicas each, 1 to 16 of them [0: replicas come one by one].
	Zones int `json:"zones,omitempty"`
	// Multiple is how many replicas come and go together, in each zone if there are Zones, 1 to 1000 [1].
	Multiple int `json:"multiple,omitempty"`
	// Zero says when the fleet may go to zero, below Min [never].
	Zero Zero `json:"zero,omitzero"`
	// Guard says what may be done when samples are missing or absurd, and how often the fleet may turn.
	Guard Guard `json:"guard,omitzero"`
	// Windows are times of the day with bounds, freezes and fallback counts of their own, at most 256 [none].
	Windows []Window `json:"windows,omitempty"`

	// MaxEvents is the size of the table of announced events, 1 to 65536 [256].
	MaxEvents int `json:"max_events,omitempty"`
	// Kinds describe the responses to kinds of events, at most 64; a kind that is not here has the defaults of Kind.
	Kinds []Kind `json:"kinds,omitempty"`

	// Sizes are the machines that nodes may be [none: replicas are all that is decided on].
	Sizes Sizes `json:"sizes,omitzero"`

	// Forecast says how demand is forecast.
	Forecast Forecast `json:"forecast,omitzero"`
}

// Signal is one demand series.
type Signal struct {
	// Name stands in decisions and must be unique, up to 64 bytes ["demand"].
	Name string `json:"name,omitempty"`
	// Capacity is the demand that one replica carries, in the unit of the series, more than 0 [1].
	Capacity float64 `json:"capacity,omitempty"`
}

// WithDefaults returns a copy of c in which every zero field that has a default has it.
func (c Config) WithDefaults() Config {
	or := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	or(&c.Step, time.Minute)
	or(&c.Boot, 2*time.Minute)
	if c.Step > 0 {
		or(&c.MaxAge, time.Duration(c.steps(c.Delay)+1)*c.Step.Std()+c.Step.Std()/2)
		or(&c.Hold, min(c.lead(), maxHoldSteps*c.Step.Std()))
	}
	if c.Penalty == 0 {
		c.Penalty, _ = presetPenalty(c.Preset)
	}
	if c.Release == 0 {
		c.Release = 2
	}
	if c.Slack == 0 {
		c.Slack = 0.4
	}
	if c.Calm == 0 {
		c.Calm = 0.04
	}
	if c.Change == 0 {
		c.Change = 0.03
	}
	if c.Min == 0 {
		c.Min = 1
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 256
	}
	signals := make([]Signal, max(1, len(c.Signals)))
	copy(signals, c.Signals)
	for i := range signals {
		if signals[i].Name == "" && len(signals) == 1 {
			signals[i].Name = "demand"
		}
		if signals[i].Capacity == 0 {
			signals[i].Capacity = 1
		}
	}
	c.Signals = signals
	c.Exclude = slices.Clone(c.Exclude)
	kinds := make([]Kind, 0, len(c.Kinds))
	for _, k := range c.Kinds {
		kinds = append(kinds, k.Defaults())
	}
	c.Kinds = kinds
	c.Forecast = c.Forecast.withDefaults()
	c.guardDefaults()
	c.sizesDefaults()
	c.todayDefaults()
	return c
}

// steps returns d in whole steps, rounded up.
func (c *Config) steps(d Duration) int { return int((d + c.Step - 1) / c.Step) }

// bootSteps is the number of steps from an order to service.
func (c *Config) bootSteps() int { return c.steps(c.Boot) }

// lead is the time from the start of the newest visible step to the start of the step in which capacity ordered now
// serves: metric delay, one step for the decision interval, and boot, each in whole steps.
func (c *Config) lead() time.Duration {
	return time.Duration(c.steps(c.Delay)+1+c.bootSteps()) * c.Step.Std()
}
