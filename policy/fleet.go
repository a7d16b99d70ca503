package policy

import "time"

// Fleet is what a controller observes of the replicas that serve a workload.
//
// Ready replicas serve now. Starting replicas are ordered and paid for but do not serve yet; they count against the
// need, so that an order is never placed twice. Boot is the observed time from order to ready (a high quantile of it,
// such as the 95th percentile); zero means that the configured boot time holds. The engine follows it as far as it looks
// ahead, Horizon steps or the configured boot time if that is more; how long it holds what was ordered stays as configured.
//
// Nodes says of which sizes the machines are, where an engine chooses them; it is not kept.
type Fleet struct {
	Size     string // VM size or replica flavour, "" if there is only one
	Ready    int
	Starting int
	Boot     time.Duration
	Nodes    []Nodes
}

// Nodes are machines of one size: those that serve, and those that are ordered and do not yet.
type Nodes struct {
	Size            string
	Ready, Starting int
}

// Ordered returns the replicas that are paid for: ready and starting.
func (f Fleet) Ordered() int { return f.Ready + f.Starting }
