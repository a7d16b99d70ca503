package scaler

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// Decision is the answer of the engine with the record of how it came about. It holds no references into the engine and
// can be copied; Recommend fills it in place without allocating.
type Decision struct {
	Time     time.Time     // the caller's time
	Replicas int           // ready and starting replicas should become this many
	Advised  int           // what Replicas would be if Config.Advice did not leave the fleet alone; else the same
	Unpinned int           // what a fleet has that the engine steers with no policy pinned, see Costs; 0 without Config.Today and Config.Policy
	Ready    int           // replicas that serve, as observed
	Starting int           // replicas on order, as observed
	Lead     time.Duration // from Time to the step in which replicas ordered now serve

	Signal   string                      // the signal with the largest need
	Capacity float64                     // demand that one replica carries, unit of that signal
	Observed float64                     // value of the newest closed step of that signal; NaN for a gap or before the first sample
	Demand   [forecast.NumLevels]float64 // its quantiles at forecast.Levels, Lead from now; NaN before the first sample
	Need     policy.Band                 // between these counts the fleet is left alone
	Penalty  float64                     // price of unserved demand over price of a replica; see Fractile

	Leader string // the shadow policy that has cost least in the layer of replicas that the count turns on (see policy.Shadow, Leaders); "" before the first sample
	Costs  Costs  // what it, HPA and the fleet have cost

	Age   time.Duration // since the newest sample's time (known gaps left out), of the signal whose newest sample is oldest; negative if it lies ahead, 0 before the first
	Late  time.Duration // by how much later than Config.MaxAge allows samples regularly come; they are fresh all the same
	Stale bool          // the newest sample of some signal is too old or more than a step ahead, or there is none
	Event bool          // an announced event has an effect within the horizon

	Next    forecast.Upcoming // the announced event that is nearest to the step in which an order serves; zero without Event
	Experts [3]ExpertShare    // with the largest weights in the forecast of Signal, largest first; weight 0 before the first sample
	Held    time.Duration     // how long from Time what was ordered stays, where the rule hold has decided; else 0

	Sizing Sizing // the nodes that carry the replicas, where Config.Sizes has sizes

	trail   policy.Trail
	grounds grounds // of the explanation
}

// Steps returns the rules that changed the count, in order: the first starts from the ordered count (Ready + Starting),
// the last ends at Replicas. No steps means that everything agreed on what is there. The slice belongs to d.
func (d *Decision) Steps() []policy.Step { return d.trail.Steps() }

// Change returns how many replicas to order (positive) or to release (negative).
func (d *Decision) Change() int { return d.Replicas - d.Ready - d.Starting }

// Quantile returns the demand at the lead time that is exceeded with probability 1-level, interpolated between the levels
// of the forecast; NaN before the first sample.
func (d *Decision) Quantile(level float64) float64 {
	const last = forecast.NumLevels - 1
	for i, l := range forecast.Levels {
		if level > l {
			continue
		}
		if i == 0 {
			return d.Demand[0]
		}
		part := (level - forecast.Levels[i-1]) / (l - forecast.Levels[i-1])
		return d.Demand[i-1] + float64(part*(d.Demand[i]-d.Demand[i-1]))
	}
	return d.Demand[last]
}

// String returns the decision on one line, such as
//
//	12 -> 15 replicas (need 12 -> 15): demand at 20:57:00 is 118 (half), 143 (.95); a replica carries 10
func (d Decision) String() string {
	var b strings.Builder
	ordered := d.Ready + d.Starting
	if d.Replicas == ordered {
		fmt.Fprintf(&b, "%d replicas stay", ordered)
	} else {
		fmt.Fprintf(&b, "%d -> %d replicas", ordered, d.Replicas)
	}
	for i, s := range d.Steps() {
		sep := ", "
		if i == 0 {
			sep = " ("
		}
		fmt.Fprintf(&b, "%s%s %d -> %d", sep, s.Rule, s.Before, s.After)
	}
	if len(d.Steps()) > 0 {
		b.WriteByte(')')
	}
	if math.IsNaN(d.Demand[0]) {
		if slices.ContainsFunc(d.Steps(), func(s policy.Step) bool { return s.Rule == policy.RuleNoData }) {
			b.WriteString(": no sample yet")
		}
		return b.String()
	}
	fmt.Fprintf(&b, ": %s at %s is %.4g (half), %.4g (.95); a replica carries %.4g", d.Signal, d.Time.Add(d.Lead).Format(time.TimeOnly), d.Quantile(.5), d.Quantile(.95), d.Capacity)
	if d.Costs.Leader.Day > 0 {
		fmt.Fprintf(&b, "; %s leads (%.4g replica-hours in a day, hpa %.4g)", d.Leader, d.Costs.Leader.Day, d.Costs.HPA.Day)
	}
	if d.Stale {
		fmt.Fprintf(&b, "; newest sample is %v old", d.Age)
	}
	return b.String()
}

// decisionJSON is the JSON form of a Decision: durations in seconds, demand as level and value, null for NaN.
type decisionJSON struct {
	Time     time.Time     `json:"time"`
	Replicas int           `json:"replicas"`
	Change   int           `json:"change"`
	Ready    int           `json:"ready"`
	Starting int           `json:"starting"`
	LeadS    float64       `json:"lead_s"`
	Signal   string        `json:"signal"`
	Capacity float64       `json:"capacity"`
	Observed *float64      `json:"observed"`
	Demand   []quantile    `json:"demand"`
	Need     [2]int        `json:"need"`
	Penalty  float64       `json:"penalty"`
	Fractile float64       `json:"fractile"`
	Advised  int           `json:"advised"`
	Unpinned int           `json:"unpinned,omitempty"`
	Leader   string        `json:"leader"`
	Leaders  []Lead        `json:"leaders,omitempty"`
	Costs    costsJSON     `json:"costs"`
	AgeS     float64       `json:"age_s"`
	LateS    float64       `json:"late_s,omitempty"`
	Stale    bool          `json:"stale"`
	Event    bool          `json:"event"`
	Steps    []policy.Step `json:"steps"`

	Sizing    *sizingJSON    `json:"sizing,omitempty"`
	Announced *announcedJSON `json:"announced,omitempty"`
	HeldS     float64        `json:"held_s,omitempty"`
	Experts   []ExpertShare  `json:"experts"`
	More      *turnJSON      `json:"more,omitempty"`
	Less      *turnJSON      `json:"less,omitempty"`
	Severity  slog.Level     `json:"severity"`
	Explained Explanation    `json:"explanation"`
}

// costsJSON is Costs without what there is not.
type costsJSON struct {
	Own    spentJSON  `json:"own"`
	Leader spentJSON  `json:"leader"`
	HPA    spentJSON  `json:"hpa"`
	Pinned *spentJSON `json:"pinned,omitempty"`

	Today    *spentJSON `json:"today,omitempty"`
	Unpinned *spentJSON `json:"unpinned,omitempty"`
}

func (c *Costs) json() costsJSON {
	some := func(s policy.Spent) *spentJSON {
		if s == (policy.Spent{}) {
			return nil
		}
		return new(spentJSON(s))
	}
	return costsJSON{spentJSON(c.Own), spentJSON(c.Leader), spentJSON(c.HPA), some(c.Pinned), some(c.Today), some(c.Unpinned)}
}

type spentJSON struct {
	Hour float64 `json:"hour"`
	Day  float64 `json:"day"`
	Week float64 `json:"week"`
}

type quantile struct {
	Level float64 `json:"level"`
	Value float64 `json:"value"`
}

// MarshalJSON implements json.Marshaler. Durations are seconds; "demand" is empty and "observed" null while unknown.
func (d Decision) MarshalJSON() ([]byte, error) {
	out := decisionJSON{
		Time: d.Time, Replicas: d.Replicas, Change: d.Change(), Ready: d.Ready, Starting: d.Starting, LeadS: d.Lead.Seconds(),
		Signal: d.Signal, Capacity: d.Capacity, Demand: []quantile{}, Need: [2]int{d.Need.Low, d.Need.High}, Penalty: d.Penalty, Fractile: d.Fractile(),
		Advised: d.Advised, Unpinned: d.Unpinned, Leader: d.Leader, Costs: d.Costs.json(),
		AgeS: d.Age.Seconds(), LateS: d.Late.Seconds(), Stale: d.Stale, Event: d.Event, Steps: append([]policy.Step{}, d.Steps()...),
	}
	d.explainJSON(&out)
	out.Sizing = d.Sizing.json()
	if !math.IsNaN(d.Observed) {
		out.Observed = &d.Observed
	}
	for i, v := range d.Demand {
		if !math.IsNaN(v) {
			out.Demand = append(out.Demand, quantile{forecast.Levels[i], v})
		}
	}
	return json.Marshal(out)
}
