package prometheus

import (
	"math"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// metric is one metric of all observers: its name, type and help, and what adds its lines for one of them.
type metric struct {
	name, kind, help string
	add              func(l *lines, r *record)
}

// shownLevels are the quantiles of the forecast that are shown; each level is a series for each engine.
var shownLevels = []float64{.05, .5, .9, .95, .99}

// metrics are all of them, in the order in which they are written. Units are base units, as Prometheus' naming rules want
// (documentation, "Metric and label naming").
var metrics = []metric{
	{"headroom_decisions_total", "counter", "Decisions of the engine.", func(l *lines, r *record) { l.add(float64(r.decisions)) }},
	{"headroom_changes_total", "counter", "Decisions that order replicas (up) or release some (down).", func(l *lines, r *record) {
		l.add(float64(r.ups), "direction", "up")
		l.add(float64(r.downs), "direction", "down")
	}},
	{"headroom_rules_total", "counter", "How often this rule had a say in a decision.", func(l *lines, r *record) {
		for i := int(policy.RuleNone) + 1; ; i++ {
			name, ok := ruleName(i)
			if !ok {
				return
			}
			l.add(float64(r.rules[i]), "rule", name)
		}
	}},
	gauge("headroom_decision_timestamp_seconds", "Time of the newest decision, in seconds since 1970.", func(d *scaler.Decision) float64 { return float64(d.Time.UnixMilli()) / 1000 }),
	gauge("headroom_replicas_desired", "Ready and starting replicas that there should be.", func(d *scaler.Decision) float64 { return float64(d.Replicas) }),
	gauge("headroom_replicas_advised", "What headroom_replicas_desired would be if the engine did not only give advice.", func(d *scaler.Decision) float64 { return float64(d.Advised) }),
	gauge("headroom_replicas_ready", "Replicas that serve, as observed.", func(d *scaler.Decision) float64 { return float64(d.Ready) }),
	gauge("headroom_replicas_starting", "Replicas on order, as observed.", func(d *scaler.Decision) float64 { return float64(d.Starting) }),
	gauge("headroom_replicas_need_low", "Fewer replicas than this are too few.", func(d *scaler.Decision) float64 { return float64(d.Need.Low) }),
	gauge("headroom_replicas_need_high", "More replicas than this are too many.", func(d *scaler.Decision) float64 { return float64(d.Need.High) }),
	gauge("headroom_lead_seconds", "Time until replicas ordered now serve.", func(d *scaler.Decision) float64 { return d.Lead.Seconds() }),
	{"headroom_demand_observed", "gauge", "Demand in the newest step of the signal with the largest need; absent where it was not measured.", func(l *lines, r *record) {
		l.measured(r.newest.Observed, "signal", r.newest.Signal)
	}},
	{"headroom_demand_forecast", "gauge", "Demand when replicas ordered now serve, exceeded with a probability of 1-level.", func(l *lines, r *record) {
		for _, level := range shownLevels {
			l.measured(r.newest.Quantile(level), "signal", r.newest.Signal, "level", number(level))
		}
	}},
	{"headroom_replica_capacity", "gauge", "Demand that one replica carries.", func(l *lines, r *record) {
		l.add(r.newest.Capacity, "signal", r.newest.Signal)
	}},
	gauge("headroom_penalty", "Price of unserved demand over price of a replica.", func(d *scaler.Decision) float64 { return d.Penalty }),
	gauge("headroom_sample_age_seconds", "Age of the newest sample, of the signal that is furthest behind.", func(d *scaler.Decision) float64 { return d.Age.Seconds() }),
	gauge("headroom_sample_lateness_seconds", "By how much later than allowed samples regularly come.", func(d *scaler.Decision) float64 { return d.Late.Seconds() }),
	gauge("headroom_stale", "1 while a signal has no sample that is new enough.", func(d *scaler.Decision) float64 { return one(d.Stale) }),
	gauge("headroom_event", "1 while an announced event is near or under way.", func(d *scaler.Decision) float64 { return one(d.Event) }),
	{"headroom_leader", "gauge", "1 for the shadow policy that has cost least.", func(l *lines, r *record) {
		if r.newest.Leader != "" {
			l.add(1, "policy", r.newest.Leader)
		}
	}},
	{"headroom_cost_replica_seconds", "gauge", "Cost over the last hour, day or week, exponentially forgotten, unserved demand included: of the fleet (own) and of what would have decided in its place.", func(l *lines, r *record) {
		costs := &r.newest.Costs
		l.spent(costs.Own, "own")
		l.spent(costs.Leader, "leader")
		l.spent(costs.HPA, "hpa")
		for _, c := range []struct {
			spent policy.Spent
			name  string
		}{{costs.Pinned, "pinned"}, {costs.Today, "today"}, {costs.Unpinned, "unpinned"}} {
			if c.spent != (policy.Spent{}) {
				l.spent(c.spent, c.name)
			}
		}
	}},
}

// reported are the metrics of what a Runner reports; an observer that is told of decisions alone has none of them.
var reported = []metric{
	{"headroom_ticks_total", "counter", "Ticks of the Runner, with or without a decision.", func(l *lines, r *record) {
		l.add(float64(r.ticks))
	}},
	{"headroom_failed_ticks_total", "counter", "Ticks of the Runner in which something went wrong.", func(l *lines, r *record) {
		l.add(float64(r.failed))
	}},
	input("headroom_input_used", "1 for the input that the signal relies on.", func(in *adapters.InputReport, _ time.Time) float64 { return one(in.Used) }),
	input("headroom_input_failures", "Reads of the input that have failed in a row.", func(in *adapters.InputReport, _ time.Time) float64 { return float64(in.Failures) }),
	input("headroom_input_sample_age_seconds", "Age of the newest sample of the input; absent before the first.", func(in *adapters.InputReport, now time.Time) float64 {
		if in.Newest.IsZero() {
			return math.NaN()
		}
		return now.Sub(in.Newest).Seconds()
	}),
	{"headroom_shadow_cost_replica_seconds", "gauge", "Cost in shadow mode since the Runner began, unserved demand included: of the fleet that is there, and of the Runner's own.", func(l *lines, r *record) {
		if r.shadow.Steps > 0 {
			l.add(r.shadow.There.Cost*time.Hour.Seconds(), "fleet", "there")
			l.add(r.shadow.Own.Cost*time.Hour.Seconds(), "fleet", "own")
		}
	}},
}

// input is a metric with one value of each input, as of now.
func input(name, help string, value func(in *adapters.InputReport, now time.Time) float64) metric {
	return metric{name, "gauge", help, func(l *lines, r *record) {
		for i := range r.inputs {
			l.measured(value(&r.inputs[i], r.tick), "signal", r.inputs[i].Signal, "input", r.inputs[i].Input)
		}
	}}
}

// gauge is a metric with one value of the newest decision.
func gauge(name, help string, value func(*scaler.Decision) float64) metric {
	return metric{name, "gauge", help, func(l *lines, r *record) { l.add(value(&r.newest)) }}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// measured adds v unless it is NaN: what was not measured is absent.
func (l *lines) measured(v float64, labels ...string) {
	if !math.IsNaN(v) {
		l.add(v, labels...)
	}
}

func (l *lines) spent(s policy.Spent, name string) {
	for _, w := range []struct {
		hours  float64
		window string
	}{{s.Hour, "hour"}, {s.Day, "day"}, {s.Week, "week"}} {
		l.add(w.hours*time.Hour.Seconds(), "policy", name, "window", w.window)
	}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
