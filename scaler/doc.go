// Package scaler is the decision engine: samples and announced events in, a number of replicas out, with the reasons.
//
// An Engine composes one forecaster per signal (package forecast) with the pricing of replicas (package policy). Whoever
// drives it calls Observe for each sample, Announce for each event, and Recommend when a decision is due:
//
//	samples -> Observe -> forecast of demand at the step in which an order would serve
//	        -> need: the count at which one more replica would not earn its price, and the one worth keeping
//	        -> hold: what ordinary demand ordered is not released before it serves
//	        -> event: the plan of each replica over the steps around an announced event; it can only raise
//	        -> reactive floor, step limits, stale guard, minimum and maximum -> Decision
//
// Where Config.Sizes has a catalogue, a last stage decides of which sizes the nodes are that carry the count (Decision.Sizing).
//
// Each stage that changes the count leaves a policy.Step in the Decision: the explanation is the record of the computation.
//
// Feed total demand, such as the requests per second of all replicas together, not their utilisation. Then the answer does
// not depend on how many replicas there were, and the loop cannot oscillate.
//
// "Not enough data", "stale" and "the clock went back" are answers, not errors: the fleet stays, and the Decision says
// why. Errors are for misuse.
package scaler
