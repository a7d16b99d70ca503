package adapters

import (
	"context"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Actuator knows the fleet that serves a workload, and changes it.
//
// Fleet returns what is there now. An order counts as Starting from Apply on, whether or not the platform has begun to
// carry it out. A fleet that cannot be looked at is an error, not an empty one.
//
// Apply makes d.Replicas the number of ready and starting replicas. It sets and does not add: to apply the same decision
// twice is to apply it once. It returns when the order is placed, not when the replicas serve. It neither keeps nor
// changes d. After an error the fleet may be the old or the new one, and the next call of Fleet tells.
//
// Both honour ctx; with a context that has ended already they return its error and do nothing. They are called by one
// goroutine at a time.
type Actuator interface {
	Fleet(ctx context.Context) (policy.Fleet, error)
	Apply(ctx context.Context, d *scaler.Decision) error
}

// Bounding is an Actuator that may set a bound for somebody else's count, such as the smallest count of a Kubernetes HPA. The
// fleet that is there then says nothing of the bound: where Bounds is true, a Runner brings it every decision, also one
// that leaves the count as it is.
type Bounding interface {
	Actuator
	Bounds() bool
}

// bounds says whether an actuator wants every decision.
func bounds(a Actuator) bool {
	b, ok := a.(Bounding)
	return ok && b.Bounds()
}
