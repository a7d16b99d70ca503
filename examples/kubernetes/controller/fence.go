package controller

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ErrDeposed says that nothing was changed, because the lease may be somebody else's.
var ErrDeposed = errors.New("the lease of the shard is not known to be held; nothing is changed")

// fence lets pass what begins while a lease is held, and calls it back before the lease can be somebody else's.
//
// Others count the LeaseDuration from when they see a renewal, which is after it was sent: until RenewDeadline after sending
// nobody else can hold the lease, and what is left of LeaseDuration then is for calls that the server has and that cannot
// be called back.
type fence struct {
	mu      sync.Mutex
	until   time.Time // by the clock of this machine, monotonic; zero where the lease is not held
	last    time.Time // the latest that until was
	working bool      // the workloads of the shard run
}

// renewed opens the fence until then.
func (f *fence) renewed(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.until = until; !until.IsZero() {
		f.last = until
	}
}

// lost shuts it.
func (f *fence) lost() { f.renewed(time.Time{}) }

// work marks that workloads run, or do no more.
func (f *fence) work(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.working = on
}

// busy says whether workloads run.
func (f *fence) busy() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.working
}

// overdue says for how long workloads have run on without the lease.
func (f *fence) overdue() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.working {
		return 0
	}
	return time.Since(f.last)
}

// held says whether the lease is known to be.
func (f *fence) held() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.until)
}

// pass calls what changes something, if it may be changed.
func (f *fence) pass(ctx context.Context, change func(ctx context.Context) error) error {
	f.mu.Lock()
	until := f.until
	f.mu.Unlock()
	if !time.Now().Before(until) {
		return ErrDeposed
	}
	ctx, cancel := context.WithDeadlineCause(ctx, until, ErrDeposed)
	defer cancel()
	return change(ctx)
}

// fenced is an Actuator behind a fence.
type fenced struct {
	adapters.Actuator
	fence *fence
}

var _ adapters.Bounding = fenced{}

// Apply implements adapters.Actuator.
func (a fenced) Apply(ctx context.Context, d *scaler.Decision) error {
	return a.fence.pass(ctx, func(ctx context.Context) error { return a.Actuator.Apply(ctx, d) })
}

// Fleet implements adapters.Actuator. Anybody may look.
func (a fenced) Fleet(ctx context.Context) (policy.Fleet, error) { return a.Actuator.Fleet(ctx) }

// Bounds implements adapters.Bounding.
func (a fenced) Bounds() bool {
	b, ok := a.Actuator.(adapters.Bounding)
	return ok && b.Bounds()
}

// fencedStore is a Store behind a fence.
type fencedStore struct {
	adapters.Store
	fence *fence
}

// Save implements adapters.Store. Who holds the lease is who writes: where somebody has written meanwhile, such as a predecessor
// in its last moment or a hand that put a label on, this takes the place of it.
func (s fencedStore) Save(ctx context.Context, b []byte) error {
	return s.fence.pass(ctx, func(ctx context.Context) error {
		err := s.Store.Save(ctx, b)
		if !errors.Is(err, kubernetes.ErrTaken) {
			return err
		}
		_, _ = s.Load(ctx) // it notes the version; that what is there is damaged is a reason more
		return s.Store.Save(ctx, b)
	})
}
