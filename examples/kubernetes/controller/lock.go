package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var (
	errYield = errors.New("others go first, because this copy has other shards")
	errBusy  = errors.New("the lease runs out by itself: workloads of the shard are still being stopped")
)

// lock is a lease as the election of client-go uses it, and moves the fence with what is known of it.
type lock struct {
	resourcelock.Interface
	fence  *fence
	renew  time.Duration     // RenewDeadline
	others func() (held int) // shards that this copy has
	log    *slog.Logger
	abort  func() // ends the election

	mu       sync.Mutex
	holder   string // as it was seen last
	declined int    // how often this copy let others go first
}

// Get implements resourcelock.Interface.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err != nil {
		if !apierrors.IsNotFound(err) {
			l.warn(ctx, "get", err)
		}
		return record, raw, err
	}
	if record.HolderIdentity != l.Identity() { // the lease was deleted and somebody was faster, or the clock stood still
		if l.fence.lost(); l.fence.busy() {
			l.abort() // and does not begin again where the other one has gone on
		}
	}
	l.see(record.HolderIdentity)
	return record, raw, nil
}

// Create implements resourcelock.Interface.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, &record, "create", l.Interface.Create)
}

// Update implements resourcelock.Interface.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, &record, "update", l.Interface.Update)
}

func (l *lock) write(ctx context.Context, record *resourcelock.LeaderElectionRecord, verb string, write func(context.Context, resourcelock.LeaderElectionRecord) error) error {
	if record.HolderIdentity == "" { // it is given back
		if l.fence.busy() {
			return errBusy
		}
		l.fence.lost()
	} else if !l.fence.held() && l.yield() {
		return errYield
	}
	sent := time.Now()
	if err := write(ctx, *record); err != nil {
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			l.warn(ctx, verb, err)
		}
		return err
	}
	l.see(record.HolderIdentity)
	if record.HolderIdentity != "" {
		l.mu.Lock()
		l.declined = 0
		l.mu.Unlock()
		l.fence.renewed(sent.Add(l.renew))
	}
	return nil
}

// yield says whether somebody else shall have a lease that is free: a copy lets pass as many periods as it has shards, so
// that it goes to the one that has fewest.
func (l *lock) yield() bool {
	held := l.others()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.declined >= held {
		return false
	}
	l.declined++
	return true
}

func (l *lock) see(holder string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder = holder
}

// seen returns who held the lease when it was looked at last, "" for nobody.
func (l *lock) seen() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder
}

func (l *lock) warn(ctx context.Context, verb string, err error) {
	if ctx.Err() == nil {
		l.log.WarnContext(ctx, "lease", "error", fmt.Errorf("%s leases %s: %w", verb, l.Describe(), err))
	}
}
