// Package ingest reads the demand of a trace from the files that monitoring systems write, and puts it on a regular grid of
// steps for package sim.
//
// Formats are recognised by content, never by the name of the file; gzip by its first bytes. They are
//
//   - CSV with a header line, separated by commas, semicolons or tabs: one column of values, a column per series (as Grafana
//     joins series by time), or rows of several series told apart by columns of text;
//   - JSON objects with the same fields, one a line or in an array;
//   - OpenMetrics and Prometheus text with timestamps (OpenMetrics 1.0, section "Text format"), and the lines of `promtool
//     tsdb dump`;
//   - the JSON of Prometheus' query_range (HTTP API, "Range queries"), and what `promtool query range -o json` prints;
//   - the JSON of Datadog's v1 query ("Query timeseries points") and v2 timeseries ("Query timeseries data across multiple
//     products").
//
// Times are RFC 3339, date and time with or without a zone, or seconds, milliseconds, microseconds or nanoseconds since
// 1970. A null is a hole, which is not zero. Demand that is negative or infinite is an error.
//
// A file of the contract of package sim, `timestamp,value`, needs none of this: sim.OpenTrace reads it as it stands, on no
// grid. Open says so (Contract) where it is given one.
//
// # Memory
//
// A file is read several times instead of being kept: once for its series, once for the distance of its times, and once
// for each call of Each. What has to be kept is 24 bytes a point of a series whose times are not in order, 8 bytes a step of
// a sum, and the whole answer of Datadog's v2.
package ingest
