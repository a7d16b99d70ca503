package scaler

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// teller tells one decision.
type teller struct {
	d      *Decision
	curve  policy.Curve // of demand when an order serves
	known  bool         // there is such a curve
	rule   policy.Rule  // that had the last word
	before int          // the count before it
}

func newTeller(d *Decision) teller {
	t := teller{d: d}
	t.known = t.curve.Set(forecast.Levels[:], d.Demand[:], d.Capacity)
	t.rule, t.before = d.decider()
	return t
}

func (t *teller) what() string {
	d := t.d
	there := d.Ready + d.Starting
	switch change := d.Change(); {
	case t.rule == policy.RulePause:
		return "Paused: " + are(there) + " kept where " + strconv.Itoa(d.Advised) + " would be right."
	case d.Advised != d.Replicas:
		return "Advice only: " + replicas(d.Advised) + " would be right where " + are(there) + " now, and nothing is done."
	case change > 0:
		return "Order " + replicas(change) + ": " + strconv.Itoa(d.Replicas) + " instead of " + strconv.Itoa(there) + ", in service at " + t.clock(d.Time.Add(d.Lead)) + "."
	case change < 0:
		return "Release " + replicas(-change) + " now: " + strconv.Itoa(d.Replicas) + " instead of " + strconv.Itoa(there) + "."
	case d.Starting > 0:
		return "Keep " + replicas(there) + ", " + strconv.Itoa(d.Starting) + " of them still starting."
	}
	return "Keep " + replicas(there) + "."
}

// capped says whether the maximum stands in the way of a replica that would earn its price.
func (t *teller) capped() bool {
	d := t.d
	if t.rule == policy.RuleWindowMax || t.rule == policy.RuleFreeze && t.before > d.Advised {
		return true
	}
	if d.Advised < int(d.grounds.max) || !t.known {
		return false
	}
	if t.rule == policy.RuleMax {
		return true
	}
	if d.grounds.up < 0 {
		return false
	}
	up := policy.TurnUp(int(d.grounds.up), &t.curve, d.Capacity, d.Penalty, d.grounds.release, int(d.grounds.upAt))
	return t.present(up) > up.Demand
}

// present returns the demand that a Turn is compared with.
func (t *teller) present(turn policy.Turn) float64 {
	if turn.Measured {
		return t.d.Observed
	}
	return t.d.Quantile(.5)
}

func (t *teller) why() string {
	d := t.d
	var b strings.Builder
	switch t.rule {
	case policy.RuleNoData:
		return "There is no sample of " + d.Signal + " yet, and so nothing to go by."
	case policy.RuleClock:
		return "The clock shows " + d.Time.Format(time.TimeOnly) + " but the last decision was made at " + t.at(d.grounds.last).Format(time.TimeOnly) + ", and while the clock is wrong the fleet is left alone."
	case policy.RuleStale:
		b.WriteString(t.stale() + ", and without fresh ones nothing is " + t.held() + ", " + t.though() + ": ")
	case policy.RuleHold:
		b.WriteString("What was ordered is not released before it has come, though " + t.wouldDo(t.before) + ": ")
	case policy.RuleCalm:
		b.WriteString("So small a release is not worth a change, though " + t.wouldDo(t.before) + ": ")
	case policy.RuleEvent:
		b.WriteString(t.event() + ": ")
	case policy.RuleReactive:
		b.WriteString("The configured floor on what is measured (reactive_target) asks for " + replicas(d.Advised) + ": ")
	case policy.RuleStepUp:
		b.WriteString("No more are ordered at once (step_up), though " + are(t.before) + " wanted: ")
	case policy.RuleStepDown:
		b.WriteString("No more are released at once (step_down), though " + t.wouldDo(t.before) + ": ")
	case policy.RuleMin:
		b.WriteString("No fewer are allowed (min), though " + t.wouldDo(t.before) + ": ")
	case policy.RuleNone, policy.RuleNeed, policy.RulePinned, policy.RuleMax:
		if back := t.waits(); back > 0 {
			b.WriteString("Demand has fallen, but nothing is released before it has been low for " + span(back) + ": ")
		}
	default:
		b.WriteString(t.guarded() + ": ")
	}
	if t.capped() && t.rule != policy.RuleFreeze && t.rule != policy.RuleWindowMax {
		b.WriteString("No more are allowed (" + t.max() + "), though demand asks for more: ")
	}
	if !t.known {
		return strings.TrimSuffix(b.String(), ": ") + "."
	}
	b.WriteString(t.demand() + "; " + t.worth() + t.leader() + t.today())
	if d.Stale && t.rule != policy.RuleStale && t.rule != policy.RuleFallback {
		b.WriteString("; " + lower(t.stale()))
	} else if d.Late > 0 {
		b.WriteString("; samples come " + span(d.Late) + " later than max_age allows (set delay)")
	}
	return upper(b.String()) + "."
}

// waits returns for how long demand must be as low as it is now before a replica is released, 0 where none will be or some
// are already.
func (t *teller) waits() time.Duration {
	turn, _, ok := t.d.Less()
	if !ok || t.d.Change() < 0 || t.d.Stale || t.present(turn) >= turn.Demand {
		return 0
	}
	return t.back()
}

// back returns for how long a release looks back.
func (t *teller) back() time.Duration {
	g := &t.d.grounds
	return policy.LooksBack(int(g.down), g.hold, g.step)
}

// demand sets demand against capacity.
func (t *teller) demand() string {
	d := t.d
	carry := replicas(d.Advised) + " " + agree(d.Advised, "carries ", "carry ") + number(float64(d.Advised)*d.Capacity)
	serving, carries := "the "+strconv.Itoa(d.Ready)+" that "+agree(d.Ready, "serves", "serve")+" now ", number(float64(d.Ready)*d.Capacity)
	measured := t.rule == policy.RuleReactive || d.grounds.down >= 0 && policy.Measures(int(d.grounds.down)) && t.rule != policy.RuleEvent
	if measured && !math.IsNaN(d.Observed) {
		s := "the newest value of " + d.Signal + " is " + number(d.Observed) + " and " + carry
		if d.short() && d.Ready != d.Advised {
			s += ", but " + serving + "only " + carries
		}
		return s
	}
	s := "the forecast of " + d.Signal + " for " + t.clock(d.Time.Add(d.Lead)) + " is about " + number(d.Quantile(.5)) + ", 1 time in 20 above " + number(d.Quantile(.95)) + ", and " + carry
	switch {
	case d.short() && d.Ready == 0:
		s += ", but the newest value is " + number(d.Observed) + " and none serves now"
	case d.short():
		s += ", but the newest value is " + number(d.Observed) + " and " + serving + agree(d.Ready, "carries ", "carry ") + carries
	}
	return s
}

// short says whether replicas that serve now are fewer than what was measured last needs.
func (d *Decision) short() bool { return d.Observed > float64(float64(d.Ready)*d.Capacity) }

// worth says in money why it is this count.
func (t *teller) worth() string {
	d := t.d
	last, more := d.Penalty*t.curve.Use(d.Advised), d.Penalty*t.curve.Use(d.Advised+1)
	if d.Advised > 0 && last >= 1 && more <= 1 {
		return "the last replica is worth " + number(last) + " times its price there, one more would be worth " + number(more) + " times"
	}
	return "one too few costs " + number(d.Penalty) + " times as much as one too many"
}

// leader says by which rule, and what it costs.
func (t *teller) leader() string {
	d := t.d
	if d.grounds.down < 0 || t.rule == policy.RuleEvent || t.rule == policy.RuleReactive {
		return ""
	}
	name := policy.Shadow(int(d.grounds.down))
	by := "by the forecast"
	switch {
	case int(d.grounds.down) == policy.Today:
		by = "by the rule that runs today"
	case policy.Measures(int(d.grounds.down)):
		by = "by what is measured"
	}
	s := "; decided " + by + " (" + name
	switch {
	case d.Costs.Pinned != (policy.Spent{}):
		s += ", as configured"
	case d.Costs.Leader.Day > 0 && d.Costs.HPA.Day > 0:
		s += ": a cost of " + number(d.Costs.Leader.Day) + " replica-hours in the last day, Kubernetes HPA " + number(d.Costs.HPA.Day)
	}
	return s + ")" + t.below(name)
}

// below names who decides on the replicas that the policy of that name does not.
func (t *teller) below(name string) string {
	s := ""
	for _, l := range t.d.Leaders(nil) {
		if l.Policy == name {
			continue
		}
		switch {
		case l.From > 1:
			s += ", " + strconv.Itoa(l.From) + " to " + strconv.Itoa(l.To)
		case l.To == 1:
			s += ", the first"
		default:
			s += ", the first " + strconv.Itoa(l.To)
		}
		s += " by " + l.Policy
	}
	return s
}

// today sets the engine beside the rule that runs today.
func (t *teller) today() string {
	c := &t.d.Costs
	if c.Today.Day <= 0 || c.Unpinned.Day <= 0 {
		return ""
	}
	return "; in the last day the rule that runs today costs " + number(c.Today.Day) + " replica-hours, the engine " + number(c.Unpinned.Day)
}

// event names the announced event.
func (t *teller) event() string {
	next := t.d.Next
	if next.ID == "" {
		return "An announced event is near"
	}
	s := "The event " + next.ID
	if next.Kind != "" {
		s += " (" + next.Kind + ")"
	}
	switch {
	case next.Start.After(t.d.Time):
		s += " starts at " + t.second(next.Start)
	default:
		s += " started at " + t.second(next.Start)
	}
	if next.Others > 0 {
		s += " and " + strconv.Itoa(next.Others) + " more " + agree(next.Others, "is", "are") + " near"
	}
	return s
}

// stale says how old the newest sample is.
func (t *teller) stale() string {
	c := &t.d.grounds.cause
	s := "The newest sample of " + c.signal + " is "
	switch {
	case c.never:
		s = "There is no sample of " + c.signal + " yet"
	case c.age < 0:
		s += "from " + span(-c.age) + " ahead of the clock"
	default:
		s += span(c.age) + " old"
	}
	if c.missing > 1 {
		s += " (" + strconv.Itoa(int(c.missing)) + " of " + count(int(c.all), "signal") + " are missing)"
	}
	return s
}

func (t *teller) unless() string {
	d := t.d
	switch t.rule {
	case policy.RuleNoData:
		return "The first sample changes this; until then only min and max do."
	case policy.RuleClock:
		return "Decisions go on at " + t.at(d.grounds.last).Format(time.TimeOnly) + ", or after " + span(2*d.grounds.step) + " if the clock stays where it is now."
	case policy.RuleStale:
		return t.unlessFresh()
	case policy.RuleHold:
		return "Nothing of it is released before " + t.second(d.Time.Add(d.Held)) + "; " + t.more() + "."
	case policy.RuleEvent:
		s := "Without the event " + t.wouldDo(t.before)
		if d.Next.ID != "" {
			s += "; what it needs is looked at every " + strings.TrimPrefix(span(d.grounds.step), "1 ") + " until its effect is over, at " + t.clock(d.Next.End) + " at the latest"
		}
		return s + "."
	case policy.RuleStepUp, policy.RuleStepDown:
		return "The rest follows with the next decisions, unless demand changes."
	}
	if s := t.unlessGuard(); s != "" {
		return upper(s) + "."
	}
	if t.capped() {
		return "A larger " + t.max() + " would change it; " + t.less() + "."
	}
	return upper(t.more()) + "; " + t.less() + "."
}

// more says what would order another replica.
func (t *teller) more() string {
	d := t.d
	turn, ok := d.More()
	switch {
	case d.Advised >= int(d.grounds.max):
		return t.max() + " allows no more"
	case d.grounds.cause.freezeUp != 0:
		return "none is ordered before " + t.clock(t.at(d.grounds.cause.freezeUp)) + " (freeze of a window)"
	case !ok || t.present(turn) > turn.Demand:
		return "more are ordered when demand asks for them"
	}
	s := ordinal(d.Advised+1) + " replica is ordered "
	if n := int(d.grounds.cause.unit); n > 1 {
		s = "another " + strconv.Itoa(policy.Unit(n).Up(d.Advised+1)-d.Advised) + " are ordered together "
	}
	return s + t.turn(turn, "above ", true)
}

// less says what would release one.
func (t *teller) less() string {
	d := t.d
	turn, remain, ok := d.Less()
	switch {
	case d.grounds.cause.zeroBelow > 0 && d.Advised > 0 && d.Advised <= int(d.grounds.min):
		return "all are released when demand has been below " + number(d.grounds.cause.zeroBelow) + " for " + span(d.grounds.cause.zeroAfter)
	case d.Advised <= int(d.grounds.min):
		return "min allows no fewer"
	case d.grounds.cause.freezeDown != 0:
		return "nothing is released before " + t.clock(t.at(d.grounds.cause.freezeDown)) + " (freeze of a window)"
	case d.Stale:
		return "nothing is released before there is a fresh sample"
	case !ok:
		return "fewer are kept when demand falls"
	}
	s := "one is released "
	if n := d.Advised - remain; n > 1 {
		s = strconv.Itoa(n) + " are released together "
	}
	s += t.turn(turn, "below ", false)
	if back := t.back(); back > 0 {
		s += " and has been for " + span(back)
	}
	return s
}

// turn says at which demand something would happen.
func (t *teller) turn(turn policy.Turn, side string, now bool) string {
	s := "when the forecast is " + side + number(turn.Demand)
	if turn.Measured {
		s = "when the newest value is " + side + number(turn.Demand)
	}
	if now {
		s += " (now " + number(t.present(turn)) + ")"
	}
	return s
}

// wouldDo says that n replicas are enough.
func (t *teller) wouldDo(n int) string { return replicas(n) + " would do" }

// at returns an instant in the zone of the decision.
func (t *teller) at(nano int64) time.Time { return time.Unix(0, nano).In(t.d.Time.Location()) }

// clock returns the time of day, with the weekday if it is not today's, and seconds if there are any.
func (t *teller) clock(at time.Time) string { return t.format(at, at.Second() != 0) }

// second is clock with the seconds.
func (t *teller) second(at time.Time) string { return t.format(at, true) }

func (t *teller) format(at time.Time, seconds bool) string {
	at = at.In(t.d.Time.Location())
	layout := "15:04"
	if seconds {
		layout = time.TimeOnly
	}
	if at.YearDay() != t.d.Time.YearDay() || at.Year() != t.d.Time.Year() {
		layout = "Mon " + layout
	}
	return at.Format(layout)
}
