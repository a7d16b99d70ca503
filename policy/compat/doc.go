// Package compat holds the rules of other autoscalers, faithful to their documented behaviour and as small structs that
// allocate nothing per decision: as shadows that the engine scores beside its own policy, and as baselines of the
// simulation. A baseline must be at its best, so each parameter is a field with the other project's default.
package compat
