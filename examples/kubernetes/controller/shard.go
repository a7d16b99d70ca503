package controller

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"

	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/prometheus"
)

// shardOf returns the shard of a workload. It depends on nothing but the name, so that all copies agree.
func shardOf(workload string, shards int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(workload)) // which cannot fail
	return int(h.Sum32() % uint32(shards))
}

// shard is some of the workloads, and the lease that goes with them.
type shard struct {
	c     *controller
	index int
	log   *slog.Logger
	fence fence
	lock  *lock

	blocked atomic.Bool // leases of another number of shards are held

	mu       sync.Mutex
	assembly *deploy.Assembly       // nil while it does not run here
	decided  bool                   // all its workloads were ticked
	meters   []*prometheus.Observer // of these
}

func (c *controller) newShard(index int) *shard {
	s := &shard{c: c, index: index, log: c.cfg.Logger.With("shard", index)}
	s.lock = &lock{
		Interface: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: c.cfg.Namespace, Name: c.leaseName(index)},
			Client:     c.cfg.Client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: c.cfg.Identity},
		},
		fence: &s.fence, renew: c.cfg.RenewDeadline, others: c.held, log: s.log,
	}
	return s
}

// leaseName has the number of shards in it, because a shard of another number is another part of the workloads.
func (c *controller) leaseName(index int) string {
	return fmt.Sprintf("%s-%d-of-%d", c.cfg.Name, index, c.cfg.Shards)
}

// The states of an election.
const (
	waiting int32 = iota
	leading
	over
)

// run elects, and drives the workloads while this copy is elected, until ctx ends and the lease is given back.
func (s *shard) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.elect(ctx); err != nil {
			return err
		}
	}
	return nil
}

// elect takes part in one election and serves its term.
//
// The lease is renewed for as long as the workloads take to stop, and given back only then.
func (s *shard) elect(ctx context.Context) error {
	electing, stop := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), logr.Discard())) // lock says what is worth it
	defer stop()
	s.lock.abort = stop
	var state atomic.Int32
	defer context.AfterFunc(ctx, func() {
		if state.CompareAndSwap(waiting, over) {
			stop()
		}
	})()
	served := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: s.lock, LeaseDuration: s.c.cfg.LeaseDuration, RenewDeadline: s.c.cfg.RenewDeadline, RetryPeriod: s.c.cfg.RetryPeriod,
		ReleaseOnCancel: true, Name: s.lock.Describe(),
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) {
				if !state.CompareAndSwap(waiting, leading) {
					return
				}
				defer close(served)
				defer stop()
				term, end := context.WithCancel(held)
				defer end()
				defer context.AfterFunc(ctx, end)()
				s.serve(term)
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("election: %w", err)
	}
	elector.Run(electing)
	if !state.CompareAndSwap(waiting, over) && state.Load() == leading {
		<-served
	}
	s.fence.lost()
	return nil
}

// serve drives the workloads of the shard until ctx ends.
func (s *shard) serve(ctx context.Context) {
	s.fence.work(true)
	defer s.fence.work(false)
	s.log.InfoContext(ctx, "lease acquired", "lease", s.lock.Describe())
	defer func() { s.log.InfoContext(ctx, "lease ends", "lost", !s.fence.held()) }()
	if !s.alone(ctx) {
		return
	}
	for ctx.Err() == nil {
		document, changed := s.c.file.current()
		s.drive(ctx, document, changed)
	}
}

// drive runs one version of the document until ctx ends or there is another.
func (s *shard) drive(ctx context.Context, document *deploy.Deployment, changed <-chan struct{}) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	mine := s.c.part(document, s.index)
	idle := len(mine.Config.Workloads) == 0
	if idle { // nothing of this document
		s.show(nil, true)
	}
	var assembly *deploy.Assembly
	if !idle {
		var err error
		var meters []*prometheus.Observer
		assembly, err = mine.Build(s.c.parts(&s.fence, &meters))
		s.mu.Lock()
		s.meters = meters
		s.mu.Unlock()
		if err != nil { // it could be built when it was read
			s.log.ErrorContext(ctx, "deployment", "error", err)
			idle = true
		}
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		defer stop()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	})
	if idle {
		<-ctx.Done()
	} else {
		s.decide(ctx, assembly)
		if err := assembly.Run(ctx); err != nil {
			s.log.ErrorContext(ctx, "run", "error", err)
		}
	}
	s.show(nil, false)
	stop()
	watching.Wait()
}

// decide has all workloads decide now and not at the end of an interval: the predecessor may have died in the middle of a spot.
func (s *shard) decide(ctx context.Context, assembly *deploy.Assembly) {
	s.show(assembly, false)
	now := time.Now()
	err := errors.Join(assembly.Sync(ctx, now), assembly.Group.Tick(ctx, now))
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "first decision", "error", err)
	}
	s.show(assembly, ctx.Err() == nil)
}

func (s *shard) show(assembly *deploy.Assembly, decided bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assembly, s.decided = assembly, decided
}

// look returns what runs here, nil for nothing, and whether it has decided.
func (s *shard) look() (assembly *deploy.Assembly, decided bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assembly, s.decided
}

// alone says whether nobody holds leases of another number of shards, whose parts overlap with this one; the lease is given
// back then, a period later, and the election begins anew. Both sides write their lease before they look for the
// other's, and the server answers from one history, so that at least one of them sees the other.
func (s *shard) alone(ctx context.Context) bool {
	rival, err := s.c.rival(ctx)
	s.blocked.Store(rival != "")
	if err == nil && rival == "" {
		return true
	}
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "workloads are not driven: the leases of another number of shards must end before", "lease", rival, "error", err)
	}
	wait := time.NewTimer(s.c.cfg.RetryPeriod)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
	return false
}

// rival returns a lease of another number of shards that is held, "" for none.
func (c *controller) rival(ctx context.Context) (string, error) {
	leases, err := c.cfg.Client.CoordinationV1().Leases(c.cfg.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("list leases in %s: %w", c.cfg.Namespace, err)
	}
	for i := range leases.Items {
		l := &leases.Items[i]
		var index, shards int
		rest, ok := strings.CutPrefix(l.Name, c.cfg.Name+"-")
		if n, _ := fmt.Sscanf(rest, "%d-of-%d", &index, &shards); !ok || n != 2 || shards == c.cfg.Shards {
			continue
		}
		if l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity == "" || l.Spec.RenewTime == nil || l.Spec.LeaseDurationSeconds == nil {
			continue
		}
		// Its clock may be another one, so that twice the duration is waited for.
		if time.Since(l.Spec.RenewTime.Time) < 2*time.Duration(*l.Spec.LeaseDurationSeconds)*time.Second {
			return l.Name, nil
		}
	}
	return "", nil
}
