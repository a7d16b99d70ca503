package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/headroom-go/headroom/adapters"
	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// TestManyWorkloads drives 500 Deployments of one replica each from one process, and says what a minute of that costs.
func TestManyWorkloads(t *testing.T) {
	const n = 500
	s := newSpace(t)
	one := int32(1)
	var making sync.WaitGroup
	for w := range 10 {
		making.Go(func() {
			for i := w; i < n; i += 10 {
				name := fmt.Sprintf("web-%03d", i)
				_, err := admin.AppsV1().Deployments(s.name).Create(t.Context(), &appsv1.Deployment{
					ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DeploymentSpec{Replicas: &one, Selector: selects(name), Template: pods(name)},
				}, metav1.CreateOptions{})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	making.Wait()
	begin := time.Now()
	s.until("all serve", func() bool {
		time.Sleep(time.Second) // each look is work for the server
		list, err := admin.AppsV1().Deployments(s.name).List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
		require.NoError(t, err)
		ready := 0
		for i := range list.Items {
			ready += int(list.Items[i].Status.ReadyReplicas)
		}
		return ready == n
	})
	t.Logf("%d replicas serve %v after the last was made", n, time.Since(begin).Round(time.Second))

	noon := time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC)
	watched := s.watched()
	var cfg adapters.GroupConfig
	var sources []*memory.Source
	for i := range n {
		source, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
		require.NoError(t, err)
		for m := -120; m < 0; m++ {
			source.Append(forecast.Sample{Time: noon.Add(time.Duration(m) * time.Minute), Value: 7})
		}
		sources = append(sources, source)
		engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Forecast: scaler.Forecast{Compact: true}})
		require.NoError(t, err)
		name := fmt.Sprintf("web-%03d", i)
		cfg.Workloads = append(cfg.Workloads, adapters.Config{
			Name: name, Engine: engine, Sources: []adapters.Source{source},
			Actuator: s.scale(adapter.Target{Kind: "Deployment", Namespace: s.name, Name: name}, func(c *adapter.ScaleConfig) { c.Pods = watched }),
		})
	}
	group, err := adapters.NewGroup(cfg)
	require.NoError(t, err)
	minute := func(m int, what string) {
		before, calls, begin := used(), s.calls.n.Load(), time.Now()
		require.NoError(t, group.Tick(t.Context(), noon.Add(time.Duration(m)*time.Minute)))
		t.Logf("%s: %d calls, %v of CPU, done after %v", what, s.calls.n.Load()-calls, (used() - before).Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		for _, source := range sources {
			source.Append(forecast.Sample{Time: noon.Add(time.Duration(m) * time.Minute), Value: 7})
		}
	}
	minute(0, "the first minute, with the backfill")
	calls := s.calls.n.Load()
	for m := 1; m < 4; m++ {
		minute(m, "a minute in which nothing changes")
	}
	require.EqualValues(t, 3*n, s.calls.n.Load()-calls, "one call for each workload and minute")
	for i, source := range sources { // one in ten needs more
		if i%10 == 0 {
			source.Append(forecast.Sample{Time: noon.Add(3 * time.Minute), Value: 70})
		}
	}
	minute(4, "a minute in which 50 of them scale")
	s.until("they have scaled", func() bool { return s.ready("web-000") > 3 && s.ready("web-490") > 3 && s.ready("web-001") == 1 })
	for _, what := range slices.Sorted(maps.Keys(s.calls.all)) {
		t.Logf("in all: %s: %d", what, s.calls.all[what])
	}
}

// used returns the processor time of this process so far: the Group, the clients, and the Kubelet of the tests.
func used() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
