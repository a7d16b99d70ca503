// Package compat holds the rules of other autoscalers, as faithful as their documentation and code allow: as policies of
// their own, as shadows beside the engine, and as baselines of the simulation.
//
// Each rule has a Config that uses the names of the system it comes from, so that whoever moves over can carry the values
// across, and a Recommend that takes the time, what is measured and the fleet, and returns a Decision: the count to order
// and the Reason for it. A baseline must be at its best, so each parameter of the other system is a field. Rules know no
// clock; they allocate when they are made and never when they decide; their State walks what they remember, for snapshots.
//
// What they have in common:
//
//   - Measurements are totals over the whole fleet, NaN where there is none: concurrent requests, cores used, requests per
//     second. A rule that thinks in averages divides by the replicas that it would have asked.
//   - The count is taken to be applied. A caller that applies less shows it in the next Fleet.
//   - A time before that of the last decision changes nothing: the answer is the fleet as it is, with ReasonClock. The same
//     time again is a decision like any other. Times lie between the years 1700 and 2250; others count as ReasonClock too.
//   - Counts are at most the largest int32.
package compat
