package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/headroom-go/headroom/adapters"
)

// Store keeps a snapshot in memory, for tests and for Runners that follow each other in one process. The zero value is empty.
// It is safe for concurrent use.
type Store struct {
	mu    sync.Mutex
	saved []byte
}

var _ adapters.Store = (*Store)(nil)

// Load implements adapters.Store. Its only error is that of a context that has ended.
func (s *Store) Load(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.saved), nil
}

// Save implements adapters.Store. Its only error is that of a context that has ended.
func (s *Store) Save(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved = slices.Clone(b)
	return nil
}
