package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// Retry says how often a call of a Source, an Actuator or a Store is made within one tick. A zero field means the default
// in brackets.
//
// Only what may pass is tried again. An error says so itself, with a method Temporary() bool somewhere in its chain, and
// with Wait() time.Duration how long to wait, which then takes the place of the backoff; a Wait beyond the time that is
// left is not waited for. Of errors that say nothing those pass that come from the network (net.Error) or from an answer
// that broke off (io.ErrUnexpectedEOF). Everything else waits for the next tick, which is a retry too.
type Retry struct {
	// Attempts is how often one call is made at most [3]. 1 never repeats.
	Attempts int
	// First is the wait before the second attempt; each further one is twice as long, and all are longer or shorter by up
	// to half of it at random, so that many workloads do not ask in step [500ms].
	First time.Duration
}

const (
	defaultAttempts = 3
	defaultFirst    = 500 * time.Millisecond
	spread          = 0.5
)

func (r Retry) complete(fault func(field, value, wanted string)) Retry {
	if r.Attempts == 0 {
		r.Attempts = defaultAttempts
	}
	if r.Attempts < 0 {
		fault("retry.attempts", strconv.Itoa(r.Attempts), fmt.Sprintf("0 (%d) or more", defaultAttempts))
	}
	if r.First == 0 {
		r.First = defaultFirst
	}
	if r.First < 0 {
		fault("retry.first", r.First.String(), fmt.Sprintf("0s (%v) or more", defaultFirst))
	}
	return r
}

// attempt calls f until it succeeds, fails for good, or there is no time or no attempt left, and returns its last error. All
// of it takes no longer than timeout. Each call waits for limiter, unless that is nil.
func (r Retry) attempt(ctx context.Context, timeout time.Duration, limiter *rate.Limiter, f func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	calls := 0
	var last error
	_, err := backoff.Retry(limited, func() (struct{}, error) {
		calls++
		if limiter != nil {
			if err := limiter.Wait(limited); err != nil {
				return struct{}{}, backoff.Permanent(fmt.Errorf("waiting for the rate limit: %w", err))
			}
		}
		last = f(limited)
		return struct{}{}, verdict(last)
	}, backoff.WithMaxTries(uint(r.Attempts)), backoff.WithMaxElapsedTime(timeout), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: r.First, RandomizationFactor: spread, Multiplier: 2, MaxInterval: timeout,
	}))
	switch {
	case err == nil:
		return nil
	case last == nil: // the rate limit
		last = err
	case limited.Err() != nil && ctx.Err() == nil:
		last = fmt.Errorf("nothing within %v: %w", timeout, last)
	}
	if calls > 1 {
		last = fmt.Errorf("%d attempts, the last: %w", calls, last)
	}
	return last
}

// verdict returns err as package backoff understands it.
func verdict(err error) error {
	if err == nil {
		return nil
	}
	if !mayPass(err) {
		return backoff.Permanent(err)
	}
	var says interface{ Wait() time.Duration }
	if errors.As(err, &says) && says.Wait() > 0 {
		return &backoff.RetryAfterError{Duration: says.Wait()}
	}
	return err
}

// mayPass says whether the same call may succeed a little later. Errors of package net are asked first: their Temporary has
// another meaning, by which a connection that was refused is for ever.
func mayPass(err error) bool {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var says interface{ Temporary() bool }
	return errors.As(err, &says) && says.Temporary()
}
