package adapters

import (
	"context"

	"github.com/headroom-go/headroom/scaler"
)

// Observer is told of every decision, those included that leave the fleet as it is.
//
// Decision is called after the decision was applied, or failed to be. d is the caller's: an Observer copies what it wants
// to keep (*d copies as a value) and changes nothing. What goes wrong inside an Observer stays there; it does not stop
// the loop. It is called by one goroutine at a time and should return soon, because the loop waits for it.
//
// An Observer that is a Reporter or a Stopper too is told of more.
type Observer interface {
	Decision(ctx context.Context, d *scaler.Decision)
}

// Reporter is an Observer that wants to know of every tick, those included that came to no decision.
//
// Report is called at the end of the tick, after Decision. r belongs to the Runner and is used again: a Reporter copies
// what it wants to keep, r.Inputs too.
type Reporter interface {
	Report(ctx context.Context, r *Report)
}

// Stopper is an Observer that wants to know when there will be no more decisions, for example to send what it holds back.
//
// Stop is called once, when Run ends, and returns before ctx does.
type Stopper interface {
	Stop(ctx context.Context)
}
