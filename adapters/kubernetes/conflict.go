package kubernetes

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// conflicts is how often, and how long apart, a write is tried again that somebody else has crossed: for some five seconds, or as
// long as the context lasts.
var conflicts = wait.Backoff{Steps: 10, Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.2}

// onConflict calls write until it meets no conflict, and returns its last error.
func onConflict(ctx context.Context, write func() error) error {
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, conflicts, func(context.Context) (bool, error) {
		last = write()
		return !conflict(last), nil
	})
	if last != nil {
		return last // which says more
	}
	return err // of a context that had ended already, or nil
}
