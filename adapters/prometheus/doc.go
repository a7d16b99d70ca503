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
package prometheus
