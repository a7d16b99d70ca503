package adapters_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// fault makes a wrong answer out of the right one.
type fault func(ctx context.Context, dst, right []forecast.Sample, from, to time.Time) ([]forecast.Sample, error)

// faulty is a Source that is right until it is broken; answer then alters what it has, or fails.
type faulty struct {
	right  *script
	answer fault
	broken bool
}

func (f *faulty) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if !f.broken {
		return f.right.Read(ctx, dst, from, to)
	}
	right, err := f.right.Read(ctx, nil, from, to)
	if err != nil {
		return dst, err
	}
	return f.answer(ctx, dst, right, from, to)
}

// fails is a fault that is an error.
func fails(err error) fault {
	return func(_ context.Context, dst, _ []forecast.Sample, _, _ time.Time) ([]forecast.Sample, error) {
		return dst, err
	}
}

// alters is a fault of the samples since noon.
func alters(edit func(s forecast.Sample) []forecast.Sample) fault {
	return func(_ context.Context, dst, right []forecast.Sample, _, _ time.Time) ([]forecast.Sample, error) {
		for _, s := range right {
			if s.Time.Before(noon) {
				dst = append(dst, s)
			} else {
				dst = append(dst, edit(s)...)
			}
		}
		return dst, nil
	}
}

func value(v float64) fault {
	return alters(func(s forecast.Sample) []forecast.Sample { return []forecast.Sample{{Time: s.Time, Value: v}} })
}

func shifted(by time.Duration) fault {
	return alters(func(s forecast.Sample) []forecast.Sample {
		return []forecast.Sample{{Time: s.Time.Add(by), Value: s.Value}}
	})
}

// TestFaultsHoldTheFleet breaks the source of a fleet that has 40 replicas where 21 would do. On good data they would be
// released; on bad data they stay, or become more, and the decision names the reason. The table that it prints with -v
// says what happened; docs/decisions/2026-11-23-runner.md has it.
func TestFaultsHoldTheFleet(t *testing.T) {
	const there = 40
	guarded := scaler.Guard{Doubt: scaler.Duration(45 * time.Minute)}
	fallback := func(n int, may string) scaler.Guard { return scaler.Guard{Fallback: n, FallbackMay: may} }
	hang := func(ctx context.Context, dst, _ []forecast.Sample, _, _ time.Time) ([]forecast.Sample, error) {
		<-ctx.Done()
		return dst, ctx.Err()
	}
	const (
		held     = "held"
		raised   = "raised"
		released = "released"
	)
	cases := []struct {
		name   string
		guard  scaler.Guard
		answer fault
		want   string // what becomes of the fleet
		rule   string // that must be among those that decided; "" where the data is good
		told   string // what an error says; "" for none
	}{
		{"none", guarded, alters(func(s forecast.Sample) []forecast.Sample { return []forecast.Sample{s} }), released, "", ""},
		{"refused", guarded, fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), held, "stale", "3 attempts, the last: dial tcp: connect: connection refused"},
		{"timeout of its own", guarded, fails(fmt.Errorf("no answer: %w", context.DeadlineExceeded)), held, "stale", "no answer: context deadline exceeded"},
		{"slow", guarded, hang, held, "stale", "nothing within 30s: context deadline exceeded"},
		{"truncated", guarded, fails(fmt.Errorf("reading the answer: %w", io.ErrUnexpectedEOF)), held, "stale", "reading the answer: unexpected EOF"},
		{"NaN", guarded, value(math.NaN()), held, "stale", ""},
		{"nulls, left out", guarded, alters(func(forecast.Sample) []forecast.Sample { return nil }), held, "stale", ""},
		{"infinite", guarded, value(math.Inf(1)), held, "stale", "wanted a finite value of 0 or more"},
		{"negative", guarded, value(-200), held, "stale", "wanted a finite value of 0 or more"},
		{"each time twice", guarded, alters(func(s forecast.Sample) []forecast.Sample { return []forecast.Sample{s, {Time: s.Time, Value: 0}} }), released, "", ""},
		{"newest first", guarded, func(_ context.Context, dst, right []forecast.Sample, _, _ time.Time) ([]forecast.Sample, error) {
			slices.Reverse(right)
			return append(dst, right...), nil
		}, released, "", ""},
		{"its clock is 10 min ahead", guarded, shifted(10 * time.Minute), held, "stale", "ahead of"},
		{"its clock is 15 min behind", guarded, shifted(-15 * time.Minute), held, "stale", "samples refused"},
		{"its clock is 5 min behind", guarded, shifted(-5 * time.Minute), released, "", "samples refused"}, // guard.late: they come time and again
		{"yesterday's data", guarded, shifted(-24 * time.Hour), held, "stale", "samples refused, the first: sample at 1999-12-31"},
		{"yesterday's data alone", guarded, func(_ context.Context, dst, _ []forecast.Sample, from, _ time.Time) ([]forecast.Sample, error) {
			return append(dst, forecast.Sample{Time: from.AddDate(0, 0, -1), Value: 3}), nil
		}, held, "stale", "1 of 1 samples refused"},
		{"zero in an outage", guarded, value(0), held, "doubt", ""},
		{"zero, guard.doubt off", scaler.Guard{}, value(0), released, "", ""},
		{"a hundred times as much", guarded, value(20000), raised, "need", ""},
		{"refused, guard.fallback 60", fallback(60, ""), fails(errDown), raised, "fallback", "the system is down"},
		{"refused, guard.fallback 25, up", fallback(25, "up"), fails(errDown), held, "stale", "the system is down"},
		{"refused, guard.fallback 25", fallback(25, ""), fails(errDown), released, "fallback", "the system is down"},
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "the source\tafter 1 min\t10 min\t30 min\trules\tsaid")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Boot: scaler.Duration(time.Minute), Guard: c.guard})
				require.NoError(t, err)
				source := &faulty{right: newScript(t, time.Minute), answer: c.answer}
				source.right.fill(-24*60, 31, 200)
				plant := &plant{ready: 25}
				r, err := adapters.NewRunner(adapters.Config{Engine: e, Sources: []adapters.Source{source}, Actuator: plant})
				require.NoError(t, err)
				time.Sleep(time.Until(minute(-60)))
				counts := map[int]int{}
				var d scaler.Decision
				var said string
				var order []string // the rules that decided, as they came
				for i := -60; i <= 30; i++ {
					time.Sleep(time.Until(minute(i)))
					if source.broken = i > 0; i == 1 {
						plant.ready = there
					}
					var err error
					d, err = r.Tick(t.Context(), time.Now())
					if i < 1 {
						require.NoError(t, err)
						continue
					}
					require.False(t, d.Time.IsZero(), "there is a decision, whatever the source does")
					if err != nil && said == "" {
						said = err.Error()
					}
					counts[i] = d.Replicas
					for _, s := range rules(&d) {
						if !slices.Contains(order, s) {
							order = append(order, s)
						}
					}
					if c.want != released {
						require.GreaterOrEqual(t, d.Replicas, there, "minute %d: %v", i, &d)
						require.True(t, c.want == raised || d.Replicas == there, "minute %d: %v", i, &d)
					}
					if c.want == held {
						require.Contains(t, rules(&d), c.rule, "each decision names the reason: %v", &d)
						require.NotEmpty(t, d.Explain().Why)
					}
				}
				if c.told == "" {
					require.Empty(t, said)
				} else {
					require.Contains(t, said, c.told)
				}
				if c.rule != "" {
					require.Contains(t, order, c.rule)
				}
				switch c.want {
				case released:
					require.Less(t, d.Replicas, there)
				case raised:
					require.Greater(t, d.Replicas, there)
				}
				if _, text, found := strings.Cut(said, "UTC: "); found && c.told != "" {
					said = text
				}
				fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%.70s\n", c.name, counts[1], counts[10], counts[30], strings.Join(order, " "), strings.TrimPrefix(said, `signal "visits": `))
			})
		})
	}
	require.NoError(t, w.Flush())
	t.Logf("40 replicas; 200 visits, of which a replica carries 10:\n%s", table.String())
}
