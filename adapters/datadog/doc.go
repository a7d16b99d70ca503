// Package datadog reads demand from Datadog's metrics query API, version 1 or 2, with a small client of its own, and sends decisions
// to its agent.
//
// # What to ask for
//
// A sample describes the interval that starts at its time, and Datadog names its buckets so, too. A query must say how long
// they are, or Datadog chooses by the length of the window; with a Step of one minute
//
//	sum:shop.requests{env:prod}.as_rate().rollup(avg, 60).fill(null)
//
// which is total demand, as one series: no `by`. Without fill(null) Datadog may draw a line through a gap; never ask for
// default_zero() or fill(zero): where nothing was measured there is no sample, and that is what the engine must know.
//
// Metrics of an agent are 10 to 30 s old, those of CloudWatch 2 to 3 min through a metric stream and 10 to 20 min through
// the crawler: SourceConfig.Delay leaves out what may still change.
//
// # Many workloads
//
// Queries are limited for each organisation. A Client is made once for it, and Sources of it share requests:
//
//	client, err := datadog.NewClient(datadog.ClientConfig{Site: "datadoghq.eu", Keys: keys})
//	...
//	source, err := client.Source(datadog.SourceConfig{Query: query, Step: time.Minute, Delay: 20 * time.Second})
//
// so that seventy workloads that decide in the same minute cost two requests. Inputs of a Runner need no Limiter for them. What is
// left of the limit is Client.RateLimit.
//
// # What is shown
//
// An Observer sends decisions to an agent, through a client of github.com/DataDog/datadog-go/v5 that is made, configured and closed
// by whoever owns it:
//
//	agent, err := statsd.New("") // DD_AGENT_HOST, or unix:///var/run/datadog/dsd.socket
//	...
//	defer agent.Close() // when Run has returned: it sends what is held back
//	observer, err := datadog.NewObserver(datadog.ObserverConfig{Statsd: agent, Service: "shop", Cluster: "eu"})
//
// Metrics lists what that is, and examples/datadog has a dashboard for it.
package datadog
