// Package sizes simulates fleets whose machines may be of several sizes: which size, as well as how many.
//
// A Case is a trace, the terms of package sim, and the Machines that can be had. All costs are money, in the currency of the
// machines' prices: nodes cost their price from the order on, unserved demand costs Case.Worth a unit and hour, and each node
// that is taken out may cost something too. Optimum is the cheapest path of (size, count) for somebody who knows the whole
// trace, Mixed a lower bound for any fleet whatever, also one of several sizes at a time. Fixed plays the policies of package
// sim with one size for all of the trace, the size found in hindsight. Run plays a Controller that may have nodes of several sizes: the
// engine that chooses among them (NewSizer), or the size rules of others (NewVertical). Compare does all of it.
//
// What package sim says about steps, holes, the first fleet, lag and the scored part of a trace holds here too.
package sizes
