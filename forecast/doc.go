// Package forecast predicts the distribution of demand at a lead time from a stream of samples and announced events.
//
// # The model
//
// A Series puts samples on a grid of fixed steps. Each closed step goes once, in constant time, through everything below;
// nothing is ever refitted.
//
// What is known of ordinary demand: its newest value, three exponentially weighted levels, profiles by time of day, by
// time of week and by minute of the hour, and the largest values of the last hour. All counted in units, which the engine
// sets to what one replica carries.
//
// For each lead time six experts forecast the target step: the newest value, the fast level, the level moved by the daily
// profile, the daily and the weekly profile by themselves, and a regression on all of the above straight to the target. They are mixed by their discounted errors at
// that lead. A second regression predicts how large the error will be, and a histogram of scaled errors, by context, gives
// its distribution: quantiles come from what really happened, never from a model's own variance, and are monotone and not
// symmetric.
//
// Announced events add to that. Each kind has a response, the share of what an event brings that comes in each ten seconds
// around the exact second of its start, and a regression of the logarithm of its size (in minutes of long-run ordinary
// demand) on weight, labels, time of day, present demand and the last event like it. Both begin as the Kind says and are
// learned from every event that was seen to its end. While an event is near or under way, the probabilities of 72 sizes,
// and of fifteen starts if its start is uncertain, are weighed by each step of demand: when the response comes, or does not,
// the rest of it is forecast accordingly. Overlapping events add.
//
// What events are thought to have brought is taken out of what the base learns; where they brought more than half of
// ordinary demand, profiles, regressions and errors learn nothing, so that a spot on Tuesday does not haunt next Tuesday.
// Demand beyond what any response would explain is not hidden: the levels follow it.
//
// # Time and gaps
//
// Time is always an argument. Steps follow the first sample's phase; a sample may come an eighth of a step early.
// Seasons follow the local civil time of the samples' Location, so daylight saving moves them with people. A step without
// a value is a gap: the phase moves on, each gap takes one step's worth of trust from the levels, and forecasts whose
// target was a gap are never scored. Late samples fill gaps of the history, without a second lesson for the experts. See
// Verdict for duplicates and broken clocks.
//
// # Cost
//
// All memory is allocated by New. Observe costs about a microsecond per closed step and lead, Quantiles a fraction of
// that, more while an announced event is near. The same input gives the same bytes on every processor.
package forecast
