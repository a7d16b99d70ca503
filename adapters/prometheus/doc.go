// Package prometheus reads demand from a Prometheus server, or from whatever else answers range queries of its HTTP API,
// and shows decisions to one as metrics.
//
// # What to ask for
//
// A sample of the engine describes the interval that starts at its time; Prometheus computes an expression at a moment,
// from what lies before it. So the value at the end of an interval is the sample of that interval, and the expression looks
// back as far as the interval is long: with a Step of one minute
//
//	sum(rate(http_requests_total{service="shop"}[1m]))
//
// which is total demand, of all replicas together, as one series. The range must hold two scrapes at least.
//
// A gauge on its own, as in sum(visits), is looked up to five minutes back where the end of its series was not marked (it
// is marked when a scrape fails, and not when what was pushed, written remotely or exposed with timestamps stays away),
// and so passes for measured while it is not. sum(last_over_time(visits[1m])) or sum(avg_over_time(visits[1m])) does not.
//
// Never put `or vector(0)` behind the expression: where nothing was measured there is no sample, and that is what the
// engine must know. Where the expression is zero though nothing was measured, as a count of what is scraped is when
// all scrapes fail, SourceConfig.Guard says when it counts.
//
// The first interval after a series began is partial: what was counted before its first scrape is not in it.
//
// # What is shown
//
// An Observer is told of the decisions of one engine, and a Handler shows what its Observers know at /metrics, for example
//
//	headroom_replicas_desired{service="shop"} 12
//	headroom_demand_forecast{service="shop",signal="visits",level="0.95"} 117.3
//	headroom_cost_replica_seconds{service="shop",policy="hpa",window="day"} 52164
//	headroom_changes_total{service="shop",direction="up"} 31
//
// beside what is ready and starting, the observed demand, the age of the samples, and how often each rule decided. An
// alert that the engine is blind is headroom_stale == 1; one that it has stopped, time() - headroom_decision_timestamp_seconds > 300.
package prometheus
