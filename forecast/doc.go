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
// For each lead time experts forecast the target step (type Expert lists them). Six run on the clock of the samples: the
// newest value, the fast level, the level moved by the daily profile, the daily and the weekly profile by themselves, and a
// regression on all of the above straight to the target. Lead times of at least a quarter of an hour (a bin) are also served
// by thirteen that run on a slow clock, once a bin: a day and a week before, with and without the ratio of now to then; the
// profile of the target's class of day, and level and drift times its shape; double-seasonal Holt-Winters; autoregressions on
// the neighbours of now, of yesterday and of last week, and on the same slot of the last eight days; the last three kinds on
// demand and on its logarithm. The experts are mixed by their discounted errors at that lead; one that has nothing to say,
// or something absurd, sleeps.
//
// A second regression predicts how large the error will be, never less than counting would make it, and a histogram of
// scaled errors, by context, gives its distribution; beyond .98 a generalised Pareto tail carries it on. Quantiles come from
// what really happened, never from a model's own variance, and are monotone and not symmetric.
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
// Demand beyond what any response would explain is not hidden: the levels follow it. Crowds that nobody announced can be
// followed too (Config.Spikes), where that has been worth it.
//
// # Time and gaps
//
// Time is always an argument. Steps follow the first sample's phase; a sample may come an eighth of a step early.
// Seasons follow the local civil time of the samples' Location, so daylight saving moves them with people; lags are real
// time. A step without a value is a gap: the phase moves on, each gap takes one step's worth of trust from the levels and
// widens the quantiles a little, and forecasts whose target was a gap are never scored. After two days of silence the levels
// of the slow clock begin at the first value that comes. Counter turns counters into rates. Late samples fill gaps of the history, without a second lesson for the experts. See
// Verdict for duplicates and broken clocks.
//
// # Cost
//
// All memory is allocated by New: 6 kB for one lead time below a bin, 4.3 kB in the compact form, 30 kB with the slow clock at
// quarter-hour bins; a kind of events has its own, from its first event on. Observe costs less than a microsecond per closed
// step and lead, Quantiles a fraction of that, more while an announced event is near (make bench). The same input gives the same bytes on every processor.
package forecast
