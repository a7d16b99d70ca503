package e2e_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/adapters/kubernetes/e2e"
	"github.com/headroom-go/headroom/scaler"
)

// hpaSync is how often the HPA looks: the default of Kubernetes.
const hpaSync = 15 * time.Second

var (
	plane   *e2e.Plane
	admin   kubernetes.Interface
	dyn     dynamic.Interface // the administrator's
	kubelet *e2e.Kubelet
)

// TestMain runs all tests on one control plane, each in a namespace of its own.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.list").Value.String() != "" {
		os.Exit(m.Run()) // which lists them, and runs none
	}
	os.Exit(func() int {
		begin := time.Now()
		p, err := e2e.StartPlane(context.Background(), hpaSync)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		plane = p
		defer plane.Stop()
		if admin, dyn, err = plane.Clients(e2e.Admin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		kubelet = e2e.StartKubelet(context.Background(), admin, time.Second)
		defer kubelet.Stop()
		fmt.Printf("a control plane after %v\n", time.Since(begin).Round(100*time.Millisecond))
		code := m.Run()
		if code != 0 {
			fmt.Fprintf(os.Stderr, "kube-apiserver:\n%s\nkube-controller-manager:\n%s\n", plane.Tail("kube-apiserver"), plane.Tail("kube-controller-manager"))
		}
		return code
	}())
}

// space is a namespace with the rights of the engine in it.
type space struct {
	t      *testing.T
	name   string
	client kubernetes.Interface // the engine's
	dyn    dynamic.Interface
	calls  *calls
}

// calls counts what a client asks.
type calls struct {
	next http.RoundTripper
	n    atomic.Int64
	mu   sync.Mutex
	all  map[string]int // by verb and kind of thing
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	c.mu.Lock()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	kind := parts[len(parts)-1]
	for i, part := range parts {
		if part == "namespaces" && i+2 < len(parts) {
			kind = strings.Join(append(parts[i+2:i+3], parts[min(i+4, len(parts)):]...), "/")
		}
	}
	c.all[r.Method+" "+kind]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

var spaces atomic.Int64

// rights are what the documentation of the adapters asks for.
var rights = []rbacv1.PolicyRule{
	{APIGroups: []string{"apps"}, Resources: []string{"deployments", "statefulsets", "replicasets"}, Verbs: []string{"get"}},
	{APIGroups: []string{"apps"}, Resources: []string{"deployments/scale", "statefulsets/scale", "replicasets/scale"}, Verbs: []string{"get", "patch"}},
	{APIGroups: []string{"e2e.headroom-go.github.io"}, Resources: []string{"shops"}, Verbs: []string{"get"}},
	{APIGroups: []string{"e2e.headroom-go.github.io"}, Resources: []string{"shops/scale"}, Verbs: []string{"get", "patch"}},
	{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
	{APIGroups: []string{"autoscaling"}, Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"get", "list", "patch"}},
	{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "create", "update"}},
}

// leaseRights are what the controller needs besides, in the namespace where it runs.
var leaseRights = []rbacv1.PolicyRule{
	{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "list", "create", "update"}},
	{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"}},
}

// newSpace makes a namespace in which the engine has the rights, all of them if none are named.
func newSpace(t *testing.T, rules ...rbacv1.PolicyRule) *space {
	t.Helper()
	s := &space{t: t, name: fmt.Sprintf("test-%d", spaces.Add(1)), calls: &calls{all: map[string]int{}}}
	_, err := admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}, metav1.CreateOptions{})
	require.NoError(t, err)
	if rules == nil {
		rules = rights
	}
	_, err = admin.RbacV1().Roles(s.name).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "engine"}, Rules: rules}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = admin.RbacV1().RoleBindings(s.name).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "engine"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "engine"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: e2e.Engine}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	cfg := plane.Config(e2e.Engine)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { s.calls.next = next; return s.calls })
	s.client, err = kubernetes.NewForConfig(cfg)
	require.NoError(t, err)
	s.dyn, err = dynamic.NewForConfig(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { // with what is in it, so that the next test has the machine for itself
		_ = admin.CoreV1().Namespaces().Delete(context.Background(), s.name, metav1.DeleteOptions{})
	})
	// The authorizer learns of a role from a watch.
	s.until("the role is known", func() bool {
		_, err := s.client.CoreV1().Pods(s.name).List(t.Context(), metav1.ListOptions{})
		return err == nil || len(rules) < len(rights)
	})
	return s
}

// until waits up to two minutes for what it is told.
func (s *space) until(what string, so func() bool) time.Duration {
	s.t.Helper()
	begin := time.Now()
	for !so() {
		require.Less(s.t, time.Since(begin), 2*time.Minute, what)
		pause := time.NewTimer(20 * time.Millisecond)
		select {
		case <-pause.C:
		case <-s.t.Context().Done():
			s.t.Fatal(what)
		}
	}
	return time.Since(begin)
}

func pods(name string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "example.invalid/web:1"}}},
	}
}

func selects(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// deployment makes a Deployment whose replicas serve.
func (s *space) deployment(name string, replicas int32) adapter.Target {
	s.t.Helper()
	_, err := admin.AppsV1().Deployments(s.name).Create(s.t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: selects(name), Template: pods(name)},
	}, metav1.CreateOptions{})
	require.NoError(s.t, err)
	s.until("the first replicas serve", func() bool { return s.ready(name) == int(replicas) })
	return adapter.Target{Kind: "Deployment", Namespace: s.name, Name: name}
}

func (s *space) ready(name string) int {
	d, err := admin.AppsV1().Deployments(s.name).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return -1
	}
	return int(d.Status.ReadyReplicas)
}

// wanted is spec.replicas of a Deployment.
func (s *space) wanted(name string) int {
	d, err := admin.AppsV1().Deployments(s.name).Get(s.t.Context(), name, metav1.GetOptions{})
	require.NoError(s.t, err)
	return int(*d.Spec.Replicas)
}

func (s *space) scale(target adapter.Target, edit func(*adapter.ScaleConfig)) *adapter.Scale {
	s.t.Helper()
	cfg := adapter.ScaleConfig{Target: target, Client: s.client, Dynamic: s.dyn}
	if edit != nil {
		edit(&cfg)
	}
	a, err := adapter.NewScale(cfg)
	require.NoError(s.t, err)
	return a
}

func (s *space) floor(name string, edit func(*adapter.FloorConfig)) *adapter.Floor {
	s.t.Helper()
	cfg := adapter.FloorConfig{Namespace: s.name, Name: name, Client: s.client, Dynamic: s.dyn}
	if edit != nil {
		edit(&cfg)
	}
	a, err := adapter.NewFloor(cfg)
	require.NoError(s.t, err)
	return a
}

// hpa makes an HPA of a Deployment, with the metrics.
func (s *space) hpa(name, of string, low, high int32, metrics ...autoscalingv2.MetricSpec) {
	s.t.Helper()
	_, err := admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Create(s.t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: of},
			MinReplicas:    &low, MaxReplicas: high, Metrics: metrics,
		},
	}, metav1.CreateOptions{})
	require.NoError(s.t, err)
}

// minimum is minReplicas of an HPA, with the annotations of a Floor.
func (s *space) minimum(name string) (low int, base, floor string) {
	h, err := admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Get(s.t.Context(), name, metav1.GetOptions{})
	require.NoError(s.t, err)
	return int(*h.Spec.MinReplicas), h.Annotations[adapter.BaseAnnotation], h.Annotations[adapter.FloorAnnotation]
}

// patch edits an object of a Deployment or HPA as an administrator does, under a field manager's name.
func (s *space) patchHPA(name, manager string, change map[string]any) {
	b, err := json.Marshal(change)
	require.NoError(s.t, err)
	_, err = admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Patch(s.t.Context(), name, mergePatch, b, metav1.PatchOptions{FieldManager: manager})
	require.NoError(s.t, err)
}

func wants(n int) *scaler.Decision { return &scaler.Decision{Time: time.Now(), Replicas: n} }
