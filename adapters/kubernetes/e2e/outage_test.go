package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"

	"github.com/headroom-go/headroom/adapters"
	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// watched is an informer of the pods of a namespace.
func (s *space) watched() adapter.Pods {
	factory := informers.NewSharedInformerFactoryWithOptions(s.client, 0, informers.WithNamespace(s.name), informers.WithTransform(adapter.SlimPod))
	pods := factory.Core().V1().Pods()
	ctx, cancel := context.WithCancel(context.Background())
	out := adapter.WatchPods(pods.Lister(), pods.Informer().HasSynced)
	factory.StartWithContext(ctx)
	s.t.Cleanup(func() { cancel(); factory.Shutdown() })
	s.until("the informer has listed", pods.Informer().HasSynced)
	return out
}

// TestTheAPIServerGoesAwayInTheMiddle kills the API server while a Runner drives a workload, has etcd forget what watches had
// seen, changes what is there, and starts it again.
func TestTheAPIServerGoesAwayInTheMiddle(t *testing.T) {
	s := newSpace(t)
	target := s.deployment("web", 4)
	a := s.scale(target, func(c *adapter.ScaleConfig) { c.Pods = s.watched() })
	s.until("the pods are seen", func() bool { return fleetOf(t, a).Ready == 4 })

	visits, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	require.NoError(t, err)
	noon := time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC)
	tell := func(from, to int, v float64) {
		for i := from; i < to; i++ {
			visits.Append(forecast.Sample{Time: noon.Add(time.Duration(i) * time.Minute), Value: v})
		}
	}
	tell(-1440, 0, 32)
	engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	require.NoError(t, err)
	runner, err := adapters.NewRunner(adapters.Config{Engine: engine, Sources: []adapters.Source{visits}, Actuator: a})
	require.NoError(t, err)
	tick := func(i int) (scaler.Decision, error) {
		return runner.Tick(t.Context(), noon.Add(time.Duration(i)*time.Minute))
	}
	_, err = tick(0)
	require.NoError(t, err)

	plane.KillAPI()
	tell(0, 1, 90)
	d, err := tick(1)
	require.ErrorContains(t, err, "looking at the fleet: 3 attempts, the last: get deployments/scale "+s.name+"/web")
	require.True(t, d.Time.IsZero(), "without a fleet there is no decision")
	require.NoError(t, plane.Compact(t.Context()))
	begin := time.Now()
	require.NoError(t, plane.StartAPI(t.Context()))
	t.Logf("the API server is back after %v", time.Since(begin).Round(10*time.Millisecond))

	tell(1, 2, 95)
	s.until("the next tick decides", func() bool { d, err = tick(2); return err == nil })
	require.Greater(t, d.Replicas, 6, "%s", &d)
	require.Equal(t, d.Replicas, s.wanted("web"))
	took := s.until("the informer has seen the new pods", func() bool { f, err := a.Fleet(t.Context()); return err == nil && f.Ready == d.Replicas })
	t.Logf("%d replicas ready %v after the first decision that could be carried out", d.Replicas, took.Round(10*time.Millisecond))
}

// What an informer saw before etcd forgot it is listed anew.
func TestAWatchThatHasExpired(t *testing.T) {
	s := newSpace(t)
	target := s.deployment("web", 3)
	a := s.scale(target, func(c *adapter.ScaleConfig) { c.Pods = s.watched() })
	s.until("the pods are seen", func() bool { return fleetOf(t, a).Ready == 3 })
	plane.StopAPI()
	require.NoError(t, plane.Compact(t.Context()))
	require.NoError(t, plane.StartAPI(t.Context()))
	kubelet.Boot(func(*corev1.Pod) time.Duration { return 0 })
	defer kubelet.Boot(func(*corev1.Pod) time.Duration { return time.Second })
	require.NoError(t, admin.CoreV1().Pods(s.name).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
	s.until("other pods are seen", func() bool {
		list, err := admin.CoreV1().Pods(s.name).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(list.Items) != 3 {
			return false
		}
		f, err := a.Fleet(t.Context())
		return err == nil && f.Ready == 3 && a.State().Terminating == 0 && a.Boots().Count() == 6
	})
}
