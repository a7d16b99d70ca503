// Package scalertest runs scenario scripts: a text says what happens to a workload, the engine decides in a closed loop
// with a simulated fleet, and the text holds the decisions that are expected. The engine's own golden scenarios are such
// scripts, and so can be a user's.
//
// # The script
//
// A script is a sequence of blocks, separated by blank lines. A block is a line with a command, optional lines of input,
// a line of four dashes, and the expected output. Lines that begin with # are comments and stay. The commands:
//
//	config                        the following lines are the engine's configuration as JSON; comes first
//	start TIME [replicas=N]       the time of the first step (RFC 3339) and the fleet that is ready then; comes second
//	feed STEPS [base=X] [season=X] [noise=X] [ramp=X] [spike=X] [at=N] [width=N] [fixed=X] [quiet]
//	                              STEPS steps of demand, a decision after each. base stays until it is changed; season is
//	                              the amplitude of a daily sine as a share of base; noise the standard deviation as a
//	                              share; ramp is added per step; spike is added for width steps from step at on. quiet
//	                              prints the summary alone. Signals after the first get as many replicas' worth,
//	                              or fixed=X whatever the demand
//	gap STEPS                     STEPS steps without samples; decisions go on
//	announce ID at=D [kind=K] [window=D] [duration=D] [weight=X]
//	                              an event at D (a duration such as 90s) from now
//	withdraw ID
//	pause [D]                     the fleet stays, for a duration or until resume
//	resume
//	clock D                       one decision at D from now (negative: the clock was set back), then the time goes on
//	boot D [reported]             later orders take D to serve, or "never" come; reported: the fleet says so
//	lose                          what is on the way is lost
//	capacity X                    a replica carries X times what the configuration says, and the engine is not told. Signals
//	                              after the first measure what is used, and rise
//	peek [ready=N] [starting=N]   what the engine would say now, for this fleet or another
//	whatif [ready=N] [starting=N] [next=X] [demand=X] [penalty=X] [withdraw=ID] [announce=ID at=D kind=K weight=X]
//	                              what it would say if things were so
//	restart                       the engine is written to a snapshot and restored from it
//	why                           the last decision in three sentences
//	explain                       the last decision as JSON
//
// Output has one line for each decision that changes the count, or that leaves it for other reasons than the decision
// before did, and after feed and gap one line that sums up the fleet, the changes and what went unserved.
package scalertest
