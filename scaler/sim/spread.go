package sim

import (
	"context"
	"sync"
	"sync/atomic"
)

// spread calls work for each i from 0 to n-1, by at most so many goroutines at a time, in any order. Each goroutine gets a
// work function of its own from worker, whose memory it keeps from one i to the next. What work hands to played, steps that
// it has done, is summed up and reported by the goroutine that calls spread.
//
// It returns nil when all n are done, or else why not: the first fault of a work function, or the end of ctx. All work has
// stopped by then, also where report panics.
func spread(ctx context.Context, n, workers int, report func(done int), worker func(played func(steps int)) func(ctx context.Context, i int) error) error {
	within, cancel := context.WithCancelCause(ctx) // ends with the first fault, or if report panics
	defer cancel(nil)
	var taken atomic.Int64
	var working sync.WaitGroup
	steps := make(chan int)
	for range min(workers, n) {
		working.Go(func() {
			work := worker(func(played int) {
				select {
				case steps <- played:
				case <-within.Done():
				}
			})
			for i := int(taken.Add(1) - 1); i < n && within.Err() == nil; i = int(taken.Add(1) - 1) {
				if err := work(within, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	go func() {
		working.Wait()
		close(steps)
	}()
	done := 0
	for played := range steps {
		done += played
		report(done)
	}
	if within.Err() != nil {
		return context.Cause(within)
	}
	return nil
}

// counting returns o with a Progress that hands to played how many of n steps a run has done since its last call.
func (o Options) counting(n int, played func(steps int)) Options {
	before := 0
	o.Progress = func(done, total int) {
		now := int(float64(n) * float64(done) / float64(total))
		played(now - before)
		before = now
	}
	return o
}
