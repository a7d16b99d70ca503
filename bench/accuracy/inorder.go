package main

import (
	"context"
	"sync"
)

// inParallel is how many series are forecast at the same time.
const inParallel = 2

// inOrder calls do with 0 to n-1, inParallel of them at a time, and returns the results in that order. done is called once
// for each result that is there, in the same order and never twice at a time. After an error nothing more is begun; what
// was begun is waited for, and the error of the lowest number is returned: the same one in every run. do must return when
// ctx is done.
func inOrder[T any](ctx context.Context, n int, do func(ctx context.Context, i int) (T, error), done func(i int, result T)) ([]T, error) {
	results := make([]T, n)
	errs := make([]error, n)
	ready := make([]bool, n)
	var (
		mu     sync.Mutex
		next   int // the number to begin next
		told   int // the number to tell next
		failed bool
	)
	begin := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if failed || next == n || ctx.Err() != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	end := func(i int, result T, err error) {
		mu.Lock()
		defer mu.Unlock()
		results[i], errs[i], ready[i] = result, err, true
		failed = failed || err != nil
		for ; told < n && ready[told] && errs[told] == nil; told++ {
			done(told, results[told])
		}
	}
	var wg sync.WaitGroup
	for range min(inParallel, n) {
		wg.Go(func() {
			for {
				i, ok := begin()
				if !ok {
					return
				}
				result, err := do(ctx, i)
				end(i, result, err)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}
