package adapters

import (
	"slices"
	"time"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Report is everything that happened in one tick.
type Report struct {
	Workload string        // Config.Name
	Mode     Mode          // Config.Mode
	Time     time.Time     // of the tick
	Took     time.Duration // by the clock of the machine
	Inputs   []InputReport // of all signals, in their order and that of preference

	Decision scaler.Decision // its Time is zero if there was none
	Fleet    policy.Fleet    // as the actuator has it; in shadow mode the decision is about another one
	Applied  bool            // the actuator took the decision
	Saved    bool            // the store took a snapshot
	Shadow   Comparison      // in shadow mode; else zero

	Err error // everything that went wrong, joined; nil if nothing did
}

// InputReport is what one tick had from one input.
type InputReport struct {
	Signal   string
	Input    string    // Input.Name
	Read     bool      // it was asked
	Used     bool      // the signal relies on it; no input is where all fail or are old
	New      int       // samples that the signal did not have yet
	Newest   time.Time // of its newest number so far; zero before the first
	Old      bool      // which is older than its MaxAge, or there is none
	Failures int       // reads in a row that have failed
	Err      error     // of this tick
}

// clone returns a copy of r that shares nothing with it.
func (r *Report) clone() Report {
	out := *r
	out.Inputs, out.Fleet.Nodes = slices.Clone(r.Inputs), slices.Clone(r.Fleet.Nodes)
	return out
}
