package adapters

import "context"

// Store keeps the snapshot of one workload, so that what an engine has learned, announced events and a pause outlive the
// process. A snapshot is some 100 kB of bytes that mean nothing to a Store.
//
// Load returns what the newest successful Save has kept. Nothing was kept: nil, and no error; not being able to look, or
// finding it damaged, is an error.
//
// Save keeps b in the place of what was kept before, as a whole or not at all: whatever happens in the middle of it, a
// later Load returns the old bytes or the new ones. It does not keep the slice.
//
// Both honour ctx; with a context that has ended already they return its error and do nothing. They are called by one
// goroutine at a time. Of several processes one at a time may save.
type Store interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, b []byte) error
}
