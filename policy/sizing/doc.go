// Package sizing chooses the size of machines: what one of each size carries, what it costs, and when a change of size pays.
//
// A Catalog lists sizes with prices and resources. What a replica, or a node, of a size carries follows from a Law learned online (how
// much of each resource a unit of demand takes), from the utilisation that an objective on waiting or latency allows (Queue,
// Latency) and from how pods fill a node (Pack). Ask prices a size by the newsvendor's count at its own capacity and
// price; Choice holds on to a size until another has been cheaper by more than the change costs, and says so in money.
//
// Units: demand as the engine's signals have it, memory in GiB, network in Gbit/s, prices in one currency per hour, times in
// seconds unless a time.Duration says otherwise. Nothing here reads a clock, and no step allocates.
package sizing
