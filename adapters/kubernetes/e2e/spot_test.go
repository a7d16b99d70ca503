package e2e_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/headroom-go/headroom/adapters"
	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// serveMetrics has the API server ask for external metrics here, as an APIService does in a cluster.
func serveMetrics(t *testing.T, e *adapter.ExternalMetrics) {
	t.Helper()
	proxy, err := adapter.FrontProxy(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, []string{"front-proxy"}, proxy.Names)
	cert, key, err := plane.Issue("metrics", "headroom-metrics.kube-system.svc")
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{
		Handler: proxy.Guard(e), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: proxy.CAs, MinVersion: tls.VersionTLS12},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.ServeTLS(l, "", "")
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	// A Service of this type is how an API server without a pod network finds one on loopback.
	_, err = admin.CoreV1().Services("kube-system").Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "headroom-metrics"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	services := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	_, err = dyn.Resource(services).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": "v1beta1.external.metrics.k8s.io"},
		"spec": map[string]any{
			"group": "external.metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
			"service":  map[string]any{"namespace": "kube-system", "name": "headroom-metrics", "port": int64(l.Addr().(*net.TCPAddr).Port)},
			"caBundle": plane.CA,
		},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := admin.Discovery().RESTClient().Get().AbsPath("/apis/external.metrics.k8s.io/v1beta1").DoRaw(t.Context())
		return err == nil
	}, time.Minute, 50*time.Millisecond, "the API server finds the metrics")
}

// external is a metric of an HPA: the recommendation for a workload.
func external(workload string) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
		Metric: autoscalingv2.MetricIdentifier{Name: adapter.ReplicasMetric, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{adapter.WorkloadLabel: workload}}},
		Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: resource.NewQuantity(1, resource.DecimalSI)},
	}}
}

// TestSpot announces a TV spot to an engine, once with a Floor beside an HPA that follows the load, and once with an HPA that
// has nothing but the engine's recommendation as an external metric. The engine's minutes are virtual, the control plane's
// seconds are real.
func TestSpot(t *testing.T) {
	s := newSpace(t)
	metrics := &adapter.ExternalMetrics{}
	serveMetrics(t, metrics)
	load := metrics.Observer(s.name, "load") // what a metric of CPU would say
	load.Decision(t.Context(), &scaler.Decision{Replicas: 4})
	s.deployment("floored", 4)
	s.deployment("external", 4)
	s.hpa("floored", "floored", 4, 100, external("load"))
	s.hpa("external", "external", 4, 100, external("spot"))
	for _, name := range []string{"floored", "external"} { // down again without waiting for five minutes
		s.patchHPA(name, "test", map[string]any{"spec": map[string]any{"behavior": map[string]any{"scaleDown": map[string]any{"stabilizationWindowSeconds": 0}}}})
	}

	floor := s.floor("floored", nil)
	visits, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	require.NoError(t, err)
	evening := time.Date(2026, time.March, 7, 20, 0, 0, 0, time.UTC)
	for at := evening.AddDate(0, 0, -2); at.Before(evening); at = at.Add(time.Minute) {
		visits.Append(forecast.Sample{Time: at, Value: 22 + float64(at.Minute()*7%5)})
	}
	engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Kinds: []scaler.Kind{{Name: "tv", Lift: 21, Spread: 0.3}}})
	require.NoError(t, err)
	runner, err := adapters.NewRunner(adapters.Config{
		Engine: engine, Sources: []adapters.Source{visits}, Actuator: floor, Observers: []adapters.Observer{metrics.Observer(s.name, "spot")},
	})
	require.NoError(t, err)
	spot := forecast.Event{ID: "tv-1", Kind: "tv", Start: evening.Add(10*time.Minute + 5*time.Second), Weight: 1000}
	require.NoError(t, runner.Announce(spot))

	raised, restored := time.Time{}, time.Time{}
	var up int
	for at := evening; at.Before(evening.Add(45 * time.Minute)); at = at.Add(time.Minute) {
		begin := time.Now()
		d, err := runner.Tick(t.Context(), at)
		require.NoError(t, err)
		low, base, _ := s.minimum("floored")
		if low > 40 && raised.IsZero() {
			raised, up = at, low
			var byFloor, byMetric, ready time.Duration
			s.until("both have what was recommended", func() bool {
				since := time.Since(begin)
				if byFloor == 0 && s.wanted("floored") >= up {
					byFloor = since
				}
				if ready == 0 && s.ready("floored") >= up {
					ready = since
				}
				if byMetric == 0 && s.wanted("external") >= up {
					byMetric = since
				}
				return byFloor > 0 && ready > 0 && byMetric > 0
			})
			t.Logf("%v: %s", at.Format(time.TimeOnly), d.Explain().What)
			t.Logf("4 -> %d replicas: ordered %.2f s after the decision with the floor (and ready after %.1f s), %.1f s by an HPA on the external metric alone", up, byFloor.Seconds(), ready.Seconds(), byMetric.Seconds())
			require.Less(t, byFloor, byMetric)
		}
		if !raised.IsZero() && restored.IsZero() && at.After(spot.Start) && base == "" {
			restored = at
			require.Equal(t, 4, low)
		}
		response := []float64{180, 420, 260, 120, 50, 15}
		v := 22 + float64(at.Minute()*7%5)
		if i := int(at.Sub(spot.Start.Truncate(time.Minute)) / time.Minute); i >= 0 && i < len(response) {
			v += response[i]
		}
		visits.Append(forecast.Sample{Time: at, Value: v})
		load.Decision(t.Context(), &scaler.Decision{Replicas: int(v/10) + 1})
	}
	require.False(t, raised.IsZero(), "the floor was raised")
	require.True(t, raised.Before(spot.Start), "before the spot: %v", raised)
	require.False(t, restored.IsZero(), "the floor is down again")
	t.Logf("the floor was up at %s, %v before the spot, and the base is back at %s", raised.Format(time.TimeOnly), spot.Start.Sub(raised), restored.Format(time.TimeOnly))
	took := s.until("the HPA has released what only the floor held", func() bool { return s.wanted("floored") <= 5 })
	t.Logf("the HPA has released them %v later", took.Round(time.Second))

	t.Run("an old recommendation holds the count", func(t *testing.T) {
		metrics.Forget(s.name, "spot")
		held := s.wanted("external")
		s.until("the HPA has noticed", func() bool {
			h, err := admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Get(t.Context(), "external", metav1.GetOptions{})
			require.NoError(t, err)
			for _, c := range h.Status.Conditions {
				if c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse {
					return true
				}
			}
			return false
		})
		require.Equal(t, held, s.wanted("external"))
	})
	t.Run("tolerance", func(t *testing.T) {
		spot := metrics.Observer(s.name, "spot")
		publish := func(n int) { spot.Decision(t.Context(), &scaler.Decision{Replicas: n}) }
		publish(20)
		s.until("20", func() bool { return s.wanted("external") == 20 })
		publish(21)
		before := time.Now()
		s.until("the HPA has looked twice", func() bool { publish(21); return time.Since(before) > 2*hpaSync+5*time.Second })
		require.Equal(t, 20, s.wanted("external"), "within a tenth it changes nothing")
		s.patchHPA("external", "test", map[string]any{"spec": map[string]any{"behavior": map[string]any{"scaleUp": map[string]any{"tolerance": "0"}}}})
		s.until("21", func() bool { publish(21); return s.wanted("external") == 21 })
	})
}
