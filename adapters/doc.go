// Package adapters is the shell around the engine: where samples come from, where decisions go to, and the loop between.
//
// A Source reads one demand series, an Actuator knows the fleet and changes it, an Observer is told, a Store keeps snapshots.
// None of them holds policy: what to do about a missing sample, a late one or a limit is the engine's business. The Runner
// drives one engine with one Source per signal, and a Group many engines; a program that has a control loop already calls the
// engine itself and needs none of this (see examples/controller).
//
// # Which configuration does what
//
// While samples are missing the shell reads on, and counts: a call that failed is tried again within the tick (Config.Retry),
// the next Input of a Feed is read in the place of one that fails or is too old (Feed.SwitchAfter, Input.MaxAge), and reports
// say who. What becomes of the fleet meanwhile the engine says: scaler.Config.MaxAge is the age from which on nothing is
// released, Guard.Late how much lateness it gets used to, Guard.Fallback, FallbackAfter and FallbackMay the count for a
// fleet that has not been measured for long, and in which direction, Guard.Doubt how long a sudden zero is not believed.
// Pause, windows and limits are the engine's, too, so that a decision always says why.
//
// Mode says what becomes of decisions: they are applied, or only told, or played beside whoever scales the workload today.
//
// # Adapters
//
// Package adaptertest has the conformance suites that every adapter passes; packages memory and file are the adapters
// that need no other system, package prometheus reads demand from a Prometheus server and shows it decisions, and package
// datadog reads demand from Datadog and shows it decisions. Package calendar announces the events of media plans, iCalendar files and cron schedules.
// Package webhook speaks signed JSON with any HTTP server, and takes live announcements.
//
// One rule stands above the others: missing is not zero. Whatever cannot be known is left out, is NaN, or is an error.
package adapters
