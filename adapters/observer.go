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
type Observer interface {
	Decision(ctx context.Context, d *scaler.Decision)
}
