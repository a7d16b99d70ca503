// Package report writes a comparison of package sim as one HTML file that needs nothing else: no server, no network.
//
// The page shows the trace on a time axis that zooms and pans: demand, the forecast as it was known when orders were made,
// the replicas that were ordered and ready, the events, and under the pointer the decision with its reason. Below are the
// scores of every policy, the picture of replica-hours against unserved demand with the searches in hindsight as curves,
// and where each policy's cost goes.
//
// Make a Log, hand its Decided to sim.Case, call sim.Compare, and write a Page of both. The same comparison gives the same
// bytes. The page draws with uPlot (github.com/leeoniya/uPlot, MIT licence: web/uplot.LICENSE, which the page carries too).
package report
