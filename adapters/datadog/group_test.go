package datadog_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// still is an Actuator whose fleet stays as it is.
type still struct{}

func (still) Fleet(context.Context) (policy.Fleet, error)   { return policy.Fleet{Ready: 10}, nil }
func (still) Apply(context.Context, *scaler.Decision) error { return nil }

// inProcess has a handler answer, that much later, without a network, so that time can be a test's own.
func inProcess(h http.Handler, latency time.Duration) *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})}
}

// fleet is a Group of workloads that all ask the same organisation.
func fleet(t *testing.T, held *store, n int, spread float64) (*adapters.Group, *datadog.Client) {
	cfg := clientConfig(1, "http://x", inProcess(held, 200*time.Millisecond))
	cfg.Limiter = nil // as it is by default
	c := newClient(t, cfg)
	group := adapters.GroupConfig{Spread: spread}
	for i := range n {
		e, err := scaler.New(scaler.Config{
			Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Forecast: scaler.Forecast{Compact: true}, Delay: scaler.Duration(20 * time.Second), MaxAge: scaler.Duration(5 * time.Minute),
		})
		require.NoError(t, err)
		s, err := c.Source(datadog.SourceConfig{Query: queryOf(i), Step: time.Minute, Delay: 20 * time.Second})
		require.NoError(t, err)
		group.Workloads = append(group.Workloads, adapters.Config{
			Name: fmt.Sprint(i), Engine: e, Sources: []adapters.Source{s}, Actuator: still{}, Backfill: 26 * time.Hour,
		})
	}
	g, err := adapters.NewGroup(group)
	require.NoError(t, err)
	return g, c
}

// TestAFleetCostsTwoRequestsAMinute runs seventy workloads, all at once and spread over the minute, from their backfill through a minute
// in which Datadog is down, and demands that each knows each minute.
func TestAFleetCostsTwoRequestsAMinute(t *testing.T) {
	for _, spread := range []float64{0, 1} {
		t.Run(fmt.Sprintf("spread %v", spread), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				held := &store{endless: true, series: map[string]map[int64]*float64{}, refuse: map[string]bool{}, heavy: map[string]int{}}
				g, c := fleet(t, held, 70, spread)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- g.Run(ctx) }()
				before := 0
				cost := func(minutes int) int {
					time.Sleep(time.Duration(minutes) * time.Minute)
					synctest.Wait()
					asked := held.requests() - before
					before += asked
					return asked
				}
				fresh := func() {
					t.Helper()
					for _, r := range g.Runners() {
						in := r.Report().Inputs[0]
						require.NoError(t, in.Err)
						require.LessOrEqual(t, time.Since(in.Newest), 3*time.Minute, "workload %s", r.Name())
					}
				}
				begin := cost(2)
				require.LessOrEqual(t, begin, 2*3+2*3, "pages of a day for each batch, and the first minutes")
				fresh()
				each := cost(10)
				require.LessOrEqual(t, each, 2*10+1)
				fresh()

				held.mu.Lock()
				held.refuse[queryOf(3)] = true
				held.mu.Unlock()
				bad := cost(10)
				require.LessOrEqual(t, bad, 3*10+13, "one more, and once the search for it")
				held.mu.Lock()
				delete(held.refuse, queryOf(3))
				held.endless = false
				for i := range 70 {
					held.heavy[queryOf(i)] = http.StatusServiceUnavailable
				}
				held.mu.Unlock()
				down := cost(5)
				held.mu.Lock()
				held.endless = true
				clear(held.heavy)
				held.mu.Unlock()
				after := cost(10)
				fresh()
				t.Logf("spread %v: %d requests to begin, %d in 10 minutes, %d with a bad query, %d in 5 minutes of outage, %d in the 10 minutes after it; %+v",
					spread, begin, each, bad, down, after, c.Usage())
				require.LessOrEqual(t, down, 60)
				require.LessOrEqual(t, after, 2*10+4)
				cancel()
				require.NoError(t, <-ended)
			})
		})
	}
}
