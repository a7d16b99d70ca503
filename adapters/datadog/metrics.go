package datadog

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Metric is what Datadog may be told of a metric (its "metadata").
type Metric struct {
	Name string
	Kind string // gauge or count
	Unit string // Datadog's name of it; "" where it has none
	Help string
	Tags []string // beside those of the Observer
}

// Metrics returns everything that an Observer sends. Names are those of package prometheus with a dot behind headroom, and
// without _total: here a count is what came since the last one.
func Metrics() []Metric {
	var out []Metric
	for i := range ofDecision {
		out = append(out, ofDecision[i].Metric)
	}
	for i := range ofForecast {
		out = append(out, ofForecast[i].Metric)
	}
	for i := range ofReport {
		out = append(out, ofReport[i].Metric)
	}
	return out
}

// Checks returns the names of the service checks that an Observer sends.
func Checks() []string { return []string{checkSamples, checkTick} }

const (
	checkSamples = "headroom.samples" // warning while the newest samples are too old
	checkTick    = "headroom.tick"    // of a Runner: warning when something went wrong, critical when nothing was decided
)

// decided is a metric of a decision.
type decided struct {
	Metric
	send func(p *post, name string, d *scaler.Decision)
}

var ofDecision = []decided{
	{Metric{"headroom.decisions", "count", "", "Decisions of the engine.", nil}, func(p *post, name string, _ *scaler.Decision) { p.count(name) }},
	{Metric{"headroom.changes", "count", "", "Decisions that order replicas (up) or release some (down).", []string{"direction"}}, func(p *post, name string, d *scaler.Decision) {
		if change := d.Change(); change > 0 {
			p.count(name, "direction", "up")
		} else if change < 0 {
			p.count(name, "direction", "down")
		}
	}},
	{Metric{"headroom.rules", "count", "", "How often this rule had a say in a decision.", []string{"rule"}}, func(p *post, name string, d *scaler.Decision) {
		for _, s := range d.Steps() {
			p.count(name, "rule", s.Rule.String())
		}
	}},
	gauge("headroom.replicas_desired", "", "Ready and starting replicas that there should be.", func(d *scaler.Decision) float64 { return float64(d.Replicas) }),
	gauge("headroom.replicas_advised", "", "What headroom.replicas_desired would be if the engine did not only give advice.", func(d *scaler.Decision) float64 { return float64(d.Advised) }),
	gauge("headroom.replicas_ready", "", "Replicas that serve, as observed.", func(d *scaler.Decision) float64 { return float64(d.Ready) }),
	gauge("headroom.replicas_starting", "", "Replicas on order, as observed.", func(d *scaler.Decision) float64 { return float64(d.Starting) }),
	gauge("headroom.replicas_need_low", "", "Fewer replicas than this are too few.", func(d *scaler.Decision) float64 { return float64(d.Need.Low) }),
	gauge("headroom.replicas_need_high", "", "More replicas than this are too many.", func(d *scaler.Decision) float64 { return float64(d.Need.High) }),
	gauge("headroom.lead_seconds", "second", "Time until replicas ordered now serve.", func(d *scaler.Decision) float64 { return d.Lead.Seconds() }),
	signal("headroom.demand_observed", "Demand in the newest step of the signal with the largest need; absent where it was not measured.", func(d *scaler.Decision) float64 { return d.Observed }),
	signal("headroom.demand_unserved", "Estimate of the part of headroom.demand_observed that the replicas which serve could not carry.", func(d *scaler.Decision) float64 {
		return math.Max(0, d.Observed-float64(float64(d.Ready)*d.Capacity)) // NaN where it was not measured
	}),
	signal("headroom.replica_capacity", "Demand that one replica carries.", func(d *scaler.Decision) float64 { return d.Capacity }),
	gauge("headroom.penalty", "", "Price of unserved demand over price of a replica.", func(d *scaler.Decision) float64 { return d.Penalty }),
	gauge("headroom.sample_age_seconds", "second", "Age of the newest sample, of the signal that is furthest behind.", func(d *scaler.Decision) float64 { return d.Age.Seconds() }),
	gauge("headroom.sample_lateness_seconds", "second", "By how much later than allowed samples regularly come.", func(d *scaler.Decision) float64 { return d.Late.Seconds() }),
	gauge("headroom.stale", "", "1 while a signal has no sample that is new enough.", func(d *scaler.Decision) float64 { return one(d.Stale) }),
	gauge("headroom.event", "", "1 while an announced event is near or under way.", func(d *scaler.Decision) float64 { return one(d.Event) }),
	{Metric{"headroom.leader", "gauge", "", "1 for the shadow policy that has cost least.", []string{"policy"}}, func(p *post, name string, d *scaler.Decision) {
		if d.Leader != "" {
			p.gauge(name, 1, "policy", d.Leader)
		}
	}},
	{Metric{"headroom.cost_replica_seconds", "gauge", "second", "Cost over the last day, exponentially forgotten, unserved demand included: of the fleet (own) and of what would have decided in its place.", []string{"policy"}}, func(p *post, name string, d *scaler.Decision) {
		c := &d.Costs
		for _, of := range []struct {
			policy string
			spent  policy.Spent
			always bool
		}{{"own", c.Own, true}, {"leader", c.Leader, true}, {"hpa", c.HPA, true}, {"pinned", c.Pinned, false}, {"today", c.Today, false}, {"unpinned", c.Unpinned, false}} {
			if of.always || of.spent != (policy.Spent{}) {
				p.gauge(name, of.spent.Day*time.Hour.Seconds(), "policy", of.policy)
			}
		}
	}},
}

// predicted is a metric of the demand at the lead time, sent with the time that it is about.
type predicted struct {
	Metric
	of func(d *scaler.Decision, demand float64) float64
}

var ofForecast = []predicted{
	{
		Metric{"headroom.demand_forecast", "gauge", "", "Demand at the time of the point, as it was expected when replicas had to be ordered for it; exceeded with a probability of 1-level.", []string{"signal", "level"}},
		func(_ *scaler.Decision, demand float64) float64 { return demand },
	},
	{
		Metric{"headroom.replicas_forecast", "gauge", "", "headroom.demand_forecast in replicas.", []string{"signal", "level"}},
		func(d *scaler.Decision, demand float64) float64 { return demand / d.Capacity },
	},
}

// levels are the quantiles of the forecast that are sent. Datadog bills by the series: package prometheus shows five.
var levels = []float64{.05, .5, .95}

// reported is a metric of what a Runner reports; an Observer that is told of decisions alone has none of them.
type reported struct {
	Metric
	send func(p *post, name string, r *adapters.Report)
}

var ofReport = []reported{
	{Metric{"headroom.ticks", "count", "", "Ticks of the Runner, with or without a decision.", nil}, func(p *post, name string, _ *adapters.Report) { p.count(name) }},
	{Metric{"headroom.failed_ticks", "count", "", "Ticks of the Runner in which something went wrong.", nil}, func(p *post, name string, r *adapters.Report) {
		if r.Err != nil {
			p.count(name)
		}
	}},
	input("headroom.input_used", "", "1 for the input that the signal relies on.", func(in *adapters.InputReport, _ time.Time) float64 { return one(in.Used) }),
	input("headroom.input_failures", "", "Reads of the input that have failed in a row.", func(in *adapters.InputReport, _ time.Time) float64 { return float64(in.Failures) }),
	input("headroom.input_sample_age_seconds", "second", "Age of the newest sample of the input; absent before the first.", func(in *adapters.InputReport, now time.Time) float64 {
		if in.Newest.IsZero() {
			return math.NaN()
		}
		return now.Sub(in.Newest).Seconds()
	}),
	{Metric{"headroom.shadow_cost_replica_seconds", "gauge", "second", "Cost in shadow mode since the Runner began, unserved demand included: of the fleet that is there, and of the Runner's own.", []string{"fleet"}}, func(p *post, name string, r *adapters.Report) {
		if r.Shadow.Steps > 0 {
			p.gauge(name, r.Shadow.There.Cost*time.Hour.Seconds(), "fleet", "there")
			p.gauge(name, r.Shadow.Own.Cost*time.Hour.Seconds(), "fleet", "own")
		}
	}},
}

// gauge is a metric with one value of each decision.
func gauge(name, unit, help string, of func(*scaler.Decision) float64) decided {
	return decided{Metric{name, "gauge", unit, help, nil}, func(p *post, name string, d *scaler.Decision) { p.gauge(name, of(d)) }}
}

// signal is a metric in the unit of the signal that a decision turns on.
func signal(name, help string, of func(*scaler.Decision) float64) decided {
	return decided{Metric{name, "gauge", "", help, []string{"signal"}}, func(p *post, name string, d *scaler.Decision) {
		p.gauge(name, of(d), "signal", d.Signal)
	}}
}

// input is a metric with one value of each input, as of a tick.
func input(name, unit, help string, of func(in *adapters.InputReport, now time.Time) float64) reported {
	return reported{Metric{name, "gauge", unit, help, []string{"signal", "input"}}, func(p *post, name string, r *adapters.Report) {
		for i := range r.Inputs {
			in := &r.Inputs[i]
			p.gauge(name, of(in, r.Time), "signal", in.Signal, "input", in.Input)
		}
	}}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
