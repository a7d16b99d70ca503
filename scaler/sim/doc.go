// Package sim replays a demand trace through an autoscaling policy against a simulated fleet, and scores the policy beside
// others and beside the clairvoyant optimum.
//
// The engine that runs in a simulation is the one that runs live. Demand goes in at the pace it was measured, decisions
// come out one per step, and the plant (policy.Plant, unless Options ask for more) delays them by the boot time. Read a
// trace with OpenTrace, take DefaultOptions, and call Compare, or Run with a Controller of your own.
//
// Package ingest reads what monitoring systems export. A trace that is too long to keep is a Stream: see OpenStream and
// CompareStream.
//
// # The model
//
// One row of a trace is one step; a hole in it is a step whose demand is NaN. Demand d[i] is the load during step i and a
// replica carries Options.Capacity units of it. At the start of step i a controller has seen d[0] .. d[i-1-lag], never
// d[i]. Inside a step, replicas whose boot time is over arrive, then the controller decides, then the step is billed and
// served. Nobody decides at step 0: the fleet starts with ceil(d[0]/capacity)+1 ready replicas (a hole counts as no
// demand, so then with one).
//
// Unserved demand is max(0, d[i] - ready*capacity). A hole is billed and serves nobody, but leaves nothing unserved.
//
// Options make the plant less kind: boot times that scatter, starts that fail, released replicas that drain, a largest fleet,
// an activator for a fleet of none. Optimum says what each means for the clairvoyant.
//
// # The cost
//
// The cost of a policy is the replica-hours it was billed plus Options.Penalty times the replica-hours of demand that
// went unserved. It is best read as a ratio to the cost of the clairvoyant optimum: see Optimum.
//
// # Comparing honestly
//
// Comparison.ByDay says on which days a policy won, Comparison.Compare how sure the difference between two of them is, and
// Controls what a plan or a metric that is wrong does to the engine.
package sim
