package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// Recorder is an Observer that keeps every decision. The zero value is ready. It is safe for concurrent use, and grows
// without bound.
type Recorder struct {
	mu        sync.Mutex
	decisions []scaler.Decision
}

var _ adapters.Observer = (*Recorder)(nil)

// Decision implements adapters.Observer.
func (r *Recorder) Decision(_ context.Context, d *scaler.Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decisions = append(r.decisions, *d)
}

// Decisions returns a copy of what was recorded, oldest first.
func (r *Recorder) Decisions() []scaler.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.decisions)
}
