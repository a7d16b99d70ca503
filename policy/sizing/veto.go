package sizing

import (
	"fmt"
	"time"
)

// Veto says why a change of size that has paid for itself is not made now.
type Veto uint8

// The vetoes, in the order in which they are asked.
const (
	VetoNone       Veto = iota
	VetoEvent           // an announced event is near, or a spike under way: no nodes are exchanged then
	VetoEmergency       // the fleet is too small for its demand: counts go first
	VetoPaused          // somebody has forbidden changes of size
	VetoHorizon         // what it is expected to save while it lasts is less than it costs, times the margin that is asked for
	VetoDisruption      // it would replace a larger part of the fleet than the part of the cost that it saves justifies
	VetoUnknown         // nothing has been learned of the size yet: one node of it is tried first
	VetoBudget          // the week has had as many changes as it may
	NumVetoes           // is their number
)

var vetoNames = [...]string{"none", "event", "emergency", "paused", "horizon", "disruption", "unknown", "budget"}

// String returns the name of the veto.
func (v Veto) String() string {
	if int(v) < len(vetoNames) {
		return vetoNames[v]
	}
	return fmt.Sprintf("veto %d", uint8(v))
}

// MarshalText writes the name.
func (v Veto) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Balanced returns whether a change is worth its disruption: it saves the part savings of what the fleet costs and replaces
// the part disruption of its nodes, and their quotient is at least 1/tolerance (Karpenter's score for consolidation, whose
// tolerance is 2). A change that replaces nothing is always worth it if it saves anything.
func Balanced(savings, disruption, tolerance float64) bool {
	if !(savings > 0) {
		return false
	}
	return float64(savings*tolerance) >= disruption
}

// Terms are what a change of size must meet.
type Terms struct {
	Review    time.Duration // over which sizes are compared; 0 compares them at every step
	Horizon   time.Duration // for which a new size is expected to stay
	Margin    float64       // how many times its price a change must be expected to save by then, 1 or more
	Tolerance float64       // of Balanced; 0 asks nothing of the kind
	Share     float64       // largest share of the nodes that is exchanged at a time, above 0 up to 1
	Canary    bool          // one node first of a size of which nothing has been learned
	Weekly    int           // largest number of changes in seven days, up to 16; 0 for any
	Least     int           // smallest number of nodes, of all sizes together
	Uniform   bool          // all nodes of one size, but while they are exchanged
}

// DefaultTerms are a review once a day, a horizon of a day, one and a half times, a tenth of the nodes, one node first, and three changes a week.
//
// Karpenter's score is not among them. It weighs the part of the cost that is saved against the part of the nodes that is
// replaced, which for a whole fleet is all: it would take half the price to move. Here nodes are exchanged as they come and
// go and a share at a time beyond that, and what the exchange costs is in the price that the choice weighs.
func DefaultTerms() Terms {
	return Terms{Review: 24 * time.Hour, Horizon: 24 * time.Hour, Margin: 1.5, Share: 0.1, Canary: true, Weekly: 3}
}

// Circumstances are what a change of size is asked in.
type Circumstances struct {
	Event     bool // an announced event or a spike is near or under way
	Emergency bool // the fleet does not carry its demand
	Paused    bool
	Learned   bool // something has been learned of the new size
}

// Ask returns the first reason not to change now from one bid to another, of which a change costs price.
func (t Terms) Ask(from, to Bid, price float64, in Circumstances) Veto {
	saves := from.Cost() - to.Cost() // an hour
	switch {
	case in.Event:
		return VetoEvent
	case in.Emergency:
		return VetoEmergency
	case in.Paused:
		return VetoPaused
	case float64(saves*t.Horizon.Hours()) < float64(t.Margin*price):
		return VetoHorizon
	case t.Tolerance > 0 && !Balanced(saves/from.Cost(), 1, t.Tolerance): // a new size replaces every node
		return VetoDisruption
	case t.Canary && !in.Learned:
		return VetoUnknown
	}
	return VetoNone
}
