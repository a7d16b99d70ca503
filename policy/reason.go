// Package policy turns the distribution of demand and the fleet of today into a number of replicas.
//
// It counts in replicas and steps, knows no clock and no forecaster, and every stage that changes the number says so with
// a Step: the explanation of a decision is the record of its computation.
package policy

// Rule names the stage that a Step records.
type Rule uint8

// The rules. Their numbers stay as they are; a decision lists them in the order in which they were applied. The texts of String are stable: dashboards filter on them.
const (
	RuleNone      Rule = iota
	RuleNeed           // what the shadow policies that have cost least would have now
	RulePinned         // what the pinned policy would have now
	RuleCalm           // so small a release is not worth a change
	RuleHold           // nothing is released between an order and its arrival
	RuleEvent          // an announced event needs more than ordinary demand does
	RuleReactive       // the operator's floor on observed demand
	RuleStepUp         // the limit on replicas added at once
	RuleStepDown       // the limit on replicas removed at once
	RuleStale          // the newest sample is too old, or from the future: nothing is released
	RuleNoData         // no sample yet: the fleet stays
	RuleClock          // the time lies before that of the last decision: the fleet stays
	RuleMin            // the configured minimum
	RuleMax            // the configured maximum
	RuleAdvice         // advice only: the fleet stays
	RuleUnit           // replicas come in whole units: one per zone, or a multiple
	RuleZero           // demand has been idle for as long as a cold start costs
	RuleDoubt          // demand fell to nothing, and other signals or the forecast deny it: nothing is released
	RuleFallback       // no measurement for so long that the operator's count holds
	RuleFlap           // too many changes of direction in an hour: the release waits
	RuleWindowMin      // the minimum of a window of the day
	RuleWindowMax      // the maximum of a window of the day
	RuleFreeze         // a window in which the fleet does not move this way
	RulePause          // an operator has paused the engine: the fleet stays
	numRules
)

var ruleNames = [numRules]string{
	"none", "need", "pinned", "calm", "hold", "event", "reactive-floor", "step-up-limit", "step-down-limit", "stale", "no-data", "clock-back", "min", "max", "advice",
	"unit", "zero", "doubt", "fallback", "flap-budget", "window-min", "window-max", "freeze", "pause",
}

// String returns the stable name of the rule.
func (r Rule) String() string {
	if r < numRules {
		return ruleNames[r]
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler with the name of the rule.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Step records that a rule changed the number of replicas from Before to After.
type Step struct {
	Rule   Rule `json:"rule"`
	Before int  `json:"before"`
	After  int  `json:"after"`
}

// MaxSteps is the number of steps a Trail can hold; each rule appears at most once in a decision.
const MaxSteps = int(numRules)

// Trail is the record of the rules that changed a decision, in order.
type Trail struct {
	steps [MaxSteps]Step
	n     int
}

// Apply records that rule sets the count to after, if that is a change, and returns after.
func (t *Trail) Apply(rule Rule, before, after int) int {
	if before != after && t.n < MaxSteps {
		t.steps[t.n] = Step{rule, before, after}
		t.n++
	}
	return after
}

// Mark records that rule decided to leave the count at n.
func (t *Trail) Mark(rule Rule, n int) {
	if t.n < MaxSteps {
		t.steps[t.n] = Step{rule, n, n}
		t.n++
	}
}

// Steps returns the recorded steps; the slice is part of the Trail.
func (t *Trail) Steps() []Step { return t.steps[:t.n] }

// Reset empties the trail.
func (t *Trail) Reset() { t.n = 0 }
