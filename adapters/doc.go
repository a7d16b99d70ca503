// Package adapters is the shell around the engine: where samples come from, where decisions go to, and the loop between.
//
// A Source reads one demand series, an Actuator knows the fleet and changes it, an Observer is told. None of them holds
// policy: what to do about a missing sample, a late one or a limit is the engine's business. The Runner drives one engine
// with one Source per signal; a program that has a control loop already calls the engine itself and needs none of this
// (see examples/controller).
//
// Package adaptertest has the conformance suites that every adapter passes; packages memory and file are the adapters
// that need no other system, and package prometheus reads demand from a Prometheus server and shows it decisions.
//
// One rule stands above the others: missing is not zero. Whatever cannot be known is left out, is NaN, or is an error.
package adapters
