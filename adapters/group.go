package adapters

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// GroupConfig says which workloads a Group drives. A zero field means the default in brackets.
type GroupConfig struct {
	// Workloads have a Name each, and nothing in common but what their configurations share: a Limiter, an Observer or a
	// Source that several have must be safe for concurrent use.
	Workloads []Config
	// Workers is how many ticks may be in progress at the same time [half as many as there are workloads, at least 32]. A
	// workload whose source hangs keeps one of them for half an Interval: so many are enough though all of them hang. A
	// Limiter bounds what a system is asked, and Spread when.
	Workers int
	// Spread is the part of the Interval over which the ticks of the workloads are spread, so that they do not ask their
	// systems all in the same second, 0 to 1 [0: as soon as a worker is free].
	Spread float64
}

const minWorkers = 32

// Group drives many workloads, each with a Runner of its own. Make it with NewGroup. Its methods are safe for concurrent use.
type Group struct {
	runners []*Runner
	named   map[string]*Runner
	workers int
	grace   time.Duration // the longest of the workloads'
}

// NewGroup returns a Group that has read nothing yet. The error wraps scaler.Faults, with every fault of cfg.
func NewGroup(cfg GroupConfig) (*Group, error) {
	g := &Group{named: map[string]*Runner{}, workers: cmp.Or(cfg.Workers, max(minWorkers, len(cfg.Workloads)/2))}
	var faults scaler.Faults
	if cfg.Workers < 0 {
		faults = append(faults, scaler.Fault{Field: "workers", Value: strconv.Itoa(cfg.Workers), Wanted: fmt.Sprintf("0 (half the workloads, at least %d) or more", minWorkers)})
	}
	if !(cfg.Spread >= 0 && cfg.Spread <= 1) {
		faults = append(faults, scaler.Fault{Field: "spread", Value: strconv.FormatFloat(cfg.Spread, 'g', -1, 64), Wanted: "0 to 1"})
	}
	for i, c := range cfg.Workloads {
		path := fmt.Sprintf("workloads[%d].", i)
		if _, twice := g.named[c.Name]; c.Name == "" || twice {
			faults = append(faults, scaler.Fault{Field: path + "name", Value: strconv.Quote(c.Name), Wanted: "a name of its own"})
		}
		g.named[c.Name] = nil
		r, err := NewRunner(c)
		var wrong scaler.Faults
		if errors.As(err, &wrong) {
			for _, f := range wrong {
				f.Field = path + f.Field
				faults = append(faults, f)
			}
			continue
		}
		later := time.Duration(cfg.Spread * float64(r.cfg.Interval) * float64(i) / float64(len(cfg.Workloads)))
		r.cfg.Offset = (r.cfg.Offset + later) % r.cfg.Interval
		g.runners = append(g.runners, r)
		g.named[c.Name] = r
		g.grace = max(g.grace, r.cfg.Grace)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("group: %w", faults)
	}
	return g, nil
}

// Runner returns the Runner of a workload, for what concerns it alone, and false if there is none.
func (g *Group) Runner(name string) (*Runner, bool) {
	r, ok := g.named[name]
	return r, ok
}

// Runners returns all Runners, in the order of the configuration.
func (g *Group) Runners() []*Runner { return slices.Clone(g.runners) }

// Announce tells all workloads of an event; Runner has the one that it concerns alone. The error joins those of the workloads
// that refused it, each with its name; the others know of it all the same.
func (g *Group) Announce(ev forecast.Event) error {
	var faults []error
	for _, r := range g.runners {
		faults = append(faults, r.about(r.Announce(ev)))
	}
	return errors.Join(faults...)
}

// Withdraw takes an event back from all workloads. It returns scaler.ErrUnknownEvent where none has the ID.
func (g *Group) Withdraw(id string) error {
	err := scaler.ErrUnknownEvent
	for _, r := range g.runners {
		if r.Withdraw(id) == nil {
			err = nil
		}
	}
	return err
}

// Pause keeps all fleets as they are, as Runner.Pause does.
func (g *Group) Pause(until time.Time) {
	for _, r := range g.runners {
		r.Pause(until)
	}
}

// Resume ends the Pause of all workloads.
func (g *Group) Resume() {
	for _, r := range g.runners {
		r.Resume()
	}
}

// about names the workload in an error.
func (r *Runner) about(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("workload %q: %w", r.cfg.Name, err)
}

// Tick has every workload decide at time now, as Runner.Tick does, as many at a time as there are Workers. The error joins
// those of the workloads, each with its name; Runner.Report has the decisions.
func (g *Group) Tick(ctx context.Context, now time.Time) error {
	return g.each(func(r *Runner) error {
		_, err := r.Tick(ctx, now)
		return err
	})
}

// each calls f for all runners, as many at a time as there are workers, and joins the errors in the order of the runners.
func (g *Group) each(f func(r *Runner) error) error {
	faults := make([]error, len(g.runners))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(g.workers, len(g.runners)) {
		workers.Go(func() {
			for i := range next {
				faults[i] = g.runners[i].about(f(g.runners[i]))
			}
		})
	}
	for i := range g.runners {
		next <- i
	}
	close(next)
	workers.Wait()
	return errors.Join(faults...)
}

// Run ticks every workload as Runner.Run does, until ctx ends, and then returns nil; each stops as there, all together within
// the longest Grace for what is in progress and another for the snapshots. It returns ErrRunning if one of the
// workloads runs already. What it starts ends before it.
func (g *Group) Run(ctx context.Context) error {
	for i, r := range g.runners {
		if !r.running.TryLock() {
			for _, r := range g.runners[:i] {
				r.running.Unlock()
			}
			return r.about(ErrRunning)
		}
	}
	defer func() {
		for _, r := range g.runners {
			r.running.Unlock()
		}
	}()
	work, done := outlast(ctx, g.grace)
	defer done()
	g.dispatch(ctx, work)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.grace)
	defer cancel()
	return g.each(func(r *Runner) error {
		r.stop(last)
		return nil
	})
}

// due is a workload and when it ticks next.
type due struct {
	at     time.Time
	runner *Runner
}

// dispatch has workers tick what is due until ctx ends, and returns when they have ended.
func (g *Group) dispatch(ctx, work context.Context) {
	queue := make([]due, 0, len(g.runners)) // latest first; those that a worker has are not in it
	now := time.Now()
	for _, r := range g.runners {
		queue = insert(queue, due{r.boundary(now), r})
	}
	jobs, back := make(chan due), make(chan due, len(g.runners))
	var workers sync.WaitGroup
	for range min(g.workers, len(g.runners)) {
		workers.Go(func() {
			for job := range jobs {
				job.at = job.runner.turn(work, job.at)
				back <- job
			}
		})
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		var first due
		var out chan due // nil, to which nothing is sent, while nothing is due
		if n := len(queue); n > 0 {
			if first = queue[n-1]; time.Until(first.at) <= 0 {
				out = jobs
			} else {
				timer.Reset(time.Until(first.at))
			}
		}
		select {
		case <-ctx.Done():
		case <-timer.C:
		case out <- first:
			queue = queue[:len(queue)-1]
		case job := <-back:
			queue = insert(queue, job)
		}
	}
	close(jobs)
	workers.Wait()
}

// insert puts d into a queue, behind those that are due as early.
func insert(queue []due, d due) []due {
	i, _ := slices.BinarySearchFunc(queue, d.at, func(q due, at time.Time) int {
		if q.at.After(at) {
			return -1
		}
		return 1 // those that are due as early lie behind, and are taken before
	})
	return slices.Insert(queue, i, d)
}
