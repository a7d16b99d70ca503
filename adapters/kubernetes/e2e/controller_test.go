package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/kubernetes/e2e"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/examples/kubernetes/controller"
	"github.com/headroom-go/headroom/forecast"
)

// demand is what all copies read: a value for each second, in real time.
type demand struct {
	*memory.Source
	now atomic.Int64
}

// newDemand begins with ten minutes of a value, and goes on with it until it is set.
func newDemand(t *testing.T, value int64) *demand {
	source, err := memory.NewSource(memory.SourceConfig{Step: time.Second, Keep: time.Hour})
	require.NoError(t, err)
	d := &demand{Source: source}
	d.now.Store(value)
	next := time.Now().Truncate(time.Second)
	for at := next.Add(-10 * time.Minute); at.Before(next); at = at.Add(time.Second) {
		source.Append(forecast.Sample{Time: at, Value: float64(value)})
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			for ; !next.Add(time.Second).After(time.Now()); next = next.Add(time.Second) {
				source.Append(forecast.Sample{Time: next, Value: float64(d.now.Load())})
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return d
}

// line is the network of one copy.
type line struct {
	cut    atomic.Bool
	before func(r *http.Request) // may cut it
	calls  *calls
}

var errCut = errors.New("the copy is cut off")

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.before != nil {
		l.before(r)
	}
	if l.cut.Load() {
		return nil, errCut
	}
	return l.calls.RoundTrip(r)
}

// controlled is a copy of the controller that runs.
type controlled struct {
	*line
	name  string
	stop  func()
	ended chan error
	logs  *logged
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// control starts a copy in the namespace, as the engine's user.
func (s *space) control(name, document string, d *demand, edit func(*controller.Config, *line)) *controlled {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "headroom.yaml")
	require.NoError(s.t, os.WriteFile(file, []byte(document), 0o600))
	l := &line{calls: &calls{all: map[string]int{}}}
	config := rest.CopyConfig(plane.Config(e2e.Engine))
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { l.calls.next = next; return l })
	c := &controlled{line: l, name: name, ended: make(chan error, 1), logs: &logged{}}
	cfg := controller.Config{
		REST: config, Namespace: s.name, Identity: name, File: file,
		LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 500 * time.Millisecond,
		Parts: deploy.Parts{Sources: map[string]func(deploy.Part) (adapters.Source, error){
			"demand": func(deploy.Part) (adapters.Source, error) { return d.Source, nil },
		}},
		Logger: slog.New(slog.NewTextHandler(c.logs, nil)),
	}
	if edit != nil {
		edit(&cfg, l)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	go func() { c.ended <- controller.Run(ctx, cfg) }()
	s.t.Cleanup(c.end)
	return c
}

// end has it end and waits for it.
func (c *controlled) end() {
	if c.stop == nil {
		return
	}
	c.stop()
	<-c.ended
	c.stop = nil
}

// holder is who has the lease.
func (s *space) holder() string {
	leases, err := admin.CoordinationV1().Leases(s.name).List(s.t.Context(), metav1.ListOptions{})
	if err != nil || len(leases.Items) != 1 || leases.Items[0].Spec.HolderIdentity == nil {
		return ""
	}
	return *leases.Items[0].Spec.HolderIdentity
}

// document is a deployment file of workloads that decide every second.
func document(actuator func(i int) string, n int) string {
	var b strings.Builder
	b.WriteString("version: 1\ndefaults: {engine: {step: 1s, boot: 2s}}\nworkloads:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: web-%03d\n    engine: {signals: [{name: visits, capacity: 10}]}\n    backfill: 10m\n    feeds: [{signal: visits, inputs: [{name: demand, other: {type: demand}}]}]\n    actuator: {other: %s}\n", i, actuator(i))
	}
	return b.String()
}

func (s *space) scaleOf(name string) string {
	return fmt.Sprintf("{type: scale, settings: {kind: Deployment, namespace: %s, name: %s}}", s.name, name)
}

func TestTheLeaderIsKilledBetweenDecisionAndAction(t *testing.T) {
	s := newSpace(t, append(rights, leaseRights...)...)
	s.deployment("web", 2)
	d := newDemand(t, 20)
	text := document(func(int) string { return s.scaleOf("web") }, 1)
	var killed atomic.Int64
	a := s.control("a", text, d, func(_ *controller.Config, l *line) {
		l.before = func(r *http.Request) {
			if r.Method == http.MethodPatch && d.now.Load() > 20 && killed.CompareAndSwap(0, time.Now().UnixNano()) {
				l.cut.Store(true) // decided, and nothing is said to the API server any more: neither the order nor a farewell
			}
		}
	})
	s.until("a leads", func() bool { return s.holder() == "a" })
	b := s.control("b", text, d, nil)
	s.until("a has decided a few times", func() bool { return strings.Count(a.logs.String(), "decision") >= 0 && a.calls.n.Load() > 20 })
	d.now.Store(90)
	s.until("a is killed", func() bool { return killed.Load() > 0 })
	require.Equal(t, 2, s.wanted("web"), "the order was not placed")
	s.until("b has ordered", func() bool { return s.wanted("web") >= 9 })
	t.Logf("the order of the new leader came %.1f s after the old one was killed; the lease has 3 s", time.Since(time.Unix(0, killed.Load())).Seconds())
	require.Equal(t, "b", s.holder())
	require.Contains(t, b.logs.String(), "lease acquired")
	s.until("they serve", func() bool { return s.ready("web") >= 9 })

	b.end()
	require.Equal(t, "", s.holder(), "who ends gives the lease back")
	maps, err := admin.CoreV1().ConfigMaps(s.name).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	saved := 0
	for i := range maps.Items {
		if strings.HasPrefix(maps.Items[i].Name, "headroom-snapshot-") {
			saved++
		}
	}
	require.Equal(t, 1, saved, "and has saved")
	events, err := admin.CoreV1().Events(s.name).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Deployment,reason=ScaledUp"})
	require.NoError(t, err)
	require.NotEmpty(t, events.Items, "kubectl describe shows who has done it and why")
	t.Log(events.Items[0].Message)

	c := s.control("c", text, d, nil)
	s.until("c leads", func() bool { return s.holder() == "c" })
	s.until("c goes on with the snapshot", func() bool { return strings.Contains(c.logs.String(), "snapshot restored") })
}

// A spot of the calendar raises the floor of an HPA before it starts, and gives it back after it.
func TestASpotAnnouncedToTheController(t *testing.T) {
	s := newSpace(t, append(rights, leaseRights...)...)
	s.deployment("web", 4)
	s.hpa("cpu", "web", 4, 100)
	d := newDemand(t, 22)
	start := time.Now().Add(25 * time.Second).Truncate(time.Second)
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(plan, fmt.Appendf(nil, "events:\n  - {id: tv-1, kind: tv, start: %s, duration: 5s}\n", start.UTC().Format(time.RFC3339)), 0o600))
	text := document(func(int) string { return fmt.Sprintf("{type: floor, settings: {namespace: %s, name: cpu}}", s.name) }, 1)
	text = strings.Replace(text, "boot: 2s", "boot: 4s, kinds: [{name: tv, lift: 60, spread: 0.3, delay: 1s, rise: 2s}]", 1)
	text += fmt.Sprintf("calendars: {every: 1s, lead: 5s, list: [{name: tv, file: %s, kind: tv}]}\n", plan)
	s.control("a", text, d, nil)
	low := func() int { n, _, _ := s.minimum("cpu"); return n }
	s.until("the floor is up", func() bool { return low() > 20 })
	up := time.Now()
	require.True(t, up.Before(start), "before the spot")
	s.until("the replicas serve", func() bool { return s.ready("web") > 20 })
	ready := time.Now()
	t.Logf("the floor of %d was up %.1f s before the spot, and its replicas ready %.1f s before it (boot: 4 s for the engine, 1 s in truth)", low(), start.Sub(up).Seconds(), start.Sub(ready).Seconds())
	time.Sleep(time.Until(start.Add(2 * time.Second)))
	d.now.Store(250)
	time.Sleep(4 * time.Second)
	d.now.Store(22)
	s.until("the base is back", func() bool { _, base, _ := s.minimum("cpu"); return low() == 4 && base == "" })
	t.Logf("the base was back %.1f s after the spot", time.Since(start).Seconds())
}

func TestManyWorkloadsOfTheController(t *testing.T) {
	const n = 500
	s := newSpace(t, append(rights, leaseRights...)...)
	zero := int32(1)
	var making sync.WaitGroup
	for w := range 10 {
		making.Go(func() {
			for i := w; i < n; i += 10 {
				name := fmt.Sprintf("web-%03d", i)
				_, err := admin.AppsV1().Deployments(s.name).Create(t.Context(), &appsv1.Deployment{
					ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DeploymentSpec{Replicas: &zero, Selector: selects(name), Template: pods(name)},
				}, metav1.CreateOptions{})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	making.Wait()
	d := newDemand(t, 7)
	text := strings.Replace(document(func(i int) string { return s.scaleOf(fmt.Sprintf("web-%03d", i)) }, n), "step: 1s, boot: 2s", "step: 10s, boot: 10s, forecast: {compact: true}", 1)
	c := s.control("a", text, d, func(cfg *controller.Config, _ *line) {
		cfg.LeaseDuration, cfg.RenewDeadline, cfg.RetryPeriod = 15*time.Second, 10*time.Second, 2*time.Second
	})
	s.until("all have decided", func() bool { return c.calls.n.Load() > 2*n })
	time.Sleep(12 * time.Second)
	before, calls := used(), c.calls.n.Load()
	const span = 20 * time.Second // two decisions
	time.Sleep(span)
	calls = c.calls.n.Load() - calls
	t.Logf("%d workloads that decide every 10 s: in %v %d calls and %v of CPU, %.1f calls for each decision", n, span, calls, (used() - before).Round(time.Millisecond), float64(calls)/(2*n))
	require.Less(t, calls, int64(3*2*n))
	require.Equal(t, "a", s.holder())
}
