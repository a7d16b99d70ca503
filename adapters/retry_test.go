package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// passing is an error that says that it may pass, and when.
type passing struct {
	temporary bool
	wait      time.Duration
}

func (p passing) Error() string       { return fmt.Sprintf("temporary %v", p.temporary) }
func (p passing) Temporary() bool     { return p.temporary }
func (p passing) Wait() time.Duration { return p.wait }

func TestAttemptRepeatsWhatMayPass(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	cases := []struct {
		name  string
		fails []error // of the calls, one after the other; then they succeed
		calls int
		least time.Duration // that it takes
		most  time.Duration
		err   string
	}{
		{"it succeeds", nil, 1, 0, 0, ""},
		{"it passes", []error{passing{true, 0}}, 2, 500 * time.Millisecond, 1500 * time.Millisecond, ""},
		{"it passes late", []error{passing{true, 0}, passing{true, 0}}, 3, 1500 * time.Millisecond, 4500 * time.Millisecond, ""},
		{"it does not pass in time", []error{passing{true, 0}, passing{true, 0}, passing{true, 0}}, 3, 1500 * time.Millisecond, 4500 * time.Millisecond, "3 attempts, the last: temporary true"},
		{"it will not pass", []error{passing{false, 0}}, 1, 0, 0, "temporary false"},
		{"at first it seemed to pass", []error{passing{true, 0}, passing{false, 0}}, 2, 500 * time.Millisecond, 1500 * time.Millisecond, "2 attempts, the last: temporary false"},
		{"an error that says nothing", []error{io.EOF}, 1, 0, 0, "EOF"},
		{"a connection that is refused", []error{fmt.Errorf("reading: %w", refused)}, 2, 500 * time.Millisecond, 1500 * time.Millisecond, ""},
		{"an answer that breaks off", []error{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)}, 2, 500 * time.Millisecond, 1500 * time.Millisecond, ""},
		{"a timeout of the source's own", []error{fmt.Errorf("reading: %w", context.DeadlineExceeded)}, 2, 500 * time.Millisecond, 1500 * time.Millisecond, ""},
		{"it says when", []error{passing{true, 7 * time.Second}}, 2, 7 * time.Second, 7 * time.Second, ""},
		{"it says when, too late", []error{passing{true, 11 * time.Second}}, 1, 0, 0, "temporary true"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				begin := time.Now()
				err := Retry{Attempts: 3, First: time.Second}.attempt(t.Context(), 10*time.Second, nil, func(context.Context) error {
					if calls++; calls <= len(c.fails) {
						return c.fails[calls-1]
					}
					return nil
				})
				if took := time.Since(begin); took < c.least || took > c.most {
					t.Errorf("it took %v; wanted %v to %v", took, c.least, c.most)
				}
				require.Equal(t, c.calls, calls)
				if c.err == "" {
					require.NoError(t, err)
					return
				}
				require.EqualError(t, err, c.err)
				require.ErrorIs(t, err, c.fails[calls-1])
			})
		})
	}
}

func TestAttemptEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("asking: %w", ctx.Err())
		}
		begin := time.Now()
		err := Retry{Attempts: 3, First: time.Second}.attempt(t.Context(), 10*time.Second, nil, hang)
		require.EqualError(t, err, "nothing within 10s: asking: context deadline exceeded")
		require.Equal(t, 10*time.Second, time.Since(begin))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err = Retry{Attempts: 3, First: time.Second}.attempt(ctx, 10*time.Second, nil, hang)
		require.EqualError(t, err, "asking: context canceled", "it is not the time that was too short")
		require.Equal(t, 11*time.Second, time.Since(begin))

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begin = time.Now()
		err = Retry{Attempts: 3, First: time.Second}.attempt(ctx, 10*time.Second, nil, func(context.Context) error { return passing{true, 0} })
		require.ErrorAs(t, err, new(passing), "what was tried is told, and not that it was given up")
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
	})
}

func TestAttemptWaitsForTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(4*time.Second), 1)
		calls := 0
		call := func(context.Context) error {
			calls++
			return nil
		}
		attempt := func() error {
			return Retry{Attempts: 3, First: time.Second}.attempt(t.Context(), 10*time.Second, limiter, call)
		}
		begin := time.Now()
		for range 3 {
			require.NoError(t, attempt())
		}
		require.Equal(t, 8*time.Second, time.Since(begin))

		limiter.ReserveN(time.Now(), 1) // others have taken the next four turns
		limiter.ReserveN(time.Now(), 1)
		limiter.ReserveN(time.Now(), 1)
		limiter.ReserveN(time.Now(), 1)
		begin = time.Now()
		err := attempt()
		require.ErrorContains(t, err, "waiting for the rate limit: ")
		require.Zero(t, time.Since(begin), "it is known beforehand that there is no turn in time")
		require.Equal(t, 3, calls)
		require.False(t, errors.Is(err, context.DeadlineExceeded))
	})
}

func TestAttemptDoublesTheWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		err := Retry{Attempts: 6, First: time.Second}.attempt(t.Context(), time.Hour, nil, func(context.Context) error {
			at = append(at, time.Now())
			return passing{true, 0}
		})
		require.Error(t, err)
		require.Len(t, at, 6)
		middle, other := time.Second, false
		for i := 1; i < len(at); i++ {
			wait := at[i].Sub(at[i-1])
			if wait < middle/2 || wait > middle*3/2+time.Nanosecond {
				t.Errorf("wait %d is %v; wanted %v give or take half of it", i, wait, middle)
			}
			other = other || wait != middle
			middle *= 2
		}
		require.True(t, other, "the waits are not at random")
	})
}
