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
// For each lead time four experts forecast the target step: the newest value, the fast level, the level moved by the
// daily profile, and a regression on all of the above straight to the target. They are mixed by their discounted errors at
// that lead. A second regression predicts how large the error will be, and a histogram of scaled errors, by context, gives
// its distribution: quantiles come from what really happened, never from a model's own variance, and are monotone and not
// symmetric.
//
// Announced events add to that. The response of an event is a delayed gamma curve over the exact second of its start, and
// its size, relative to ordinary demand, is log-normal around what its Kind says. In steps where an event is expected to
// bring more than half of ordinary demand, levels are clipped, and profiles, regressions and errors learn nothing, so that
// a spot on Tuesday does not haunt next Tuesday.
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
