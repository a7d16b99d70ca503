package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is when the clusters of the tests were made.
var origin = time.Date(2026, time.March, 7, 18, 0, 0, 0, time.UTC)

// cluster is a control plane with one Deployment, shop/web: client-go's fakes, with the scale subresource and the controllers
// that they do not have, written here as plainly as possible.
type cluster struct {
	t       *testing.T
	client  *fake.Clientset
	dynamic *dynamicfake.FakeDynamicClient

	uid         types.UID
	version     int
	replicas    int // spec
	annotations map[string]string
	conditions  []any
	selector    string
	down        error // every call fails
	conflicts   int   // so many patches fail because somebody was faster
	patches     []string
	options     []metav1.PatchOptions

	pods int // that were ever made
}

var web = Target{Kind: "Deployment", Namespace: "shop", Name: "web"}

func newCluster(t *testing.T, replicas int) *cluster {
	c := &cluster{
		t: t, client: fake.NewClientset(), uid: "1", version: 1, replicas: replicas, selector: "app=web",
		dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{scaledObjects: "ScaledObjectList"}),
	}
	c.dynamic.PrependReactor("*", "deployments", c.deployment)
	fail := func(clienttesting.Action) (bool, runtime.Object, error) { return c.down != nil, nil, c.down }
	c.dynamic.PrependReactor("*", "*", fail)
	c.client.PrependReactor("*", "*", fail)
	c.follow()
	c.settle()
	return c
}

// deployment answers for deployments and deployments/scale.
func (c *cluster) deployment(action clienttesting.Action) (bool, runtime.Object, error) {
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	switch a := action.(type) {
	case clienttesting.PatchAction:
		require.Equal(c.t, "scale", a.GetSubresource())
		require.Equal(c.t, types.MergePatchType, a.GetPatchType())
		if c.conflicts > 0 {
			c.conflicts--
			c.version++
			return true, nil, apierrors.NewConflict(resource, a.GetName(), errors.New("the object has been modified"))
		}
		var patch struct {
			Metadata struct{ UID string }
			Spec     struct{ Replicas *int }
		}
		require.NoError(c.t, json.Unmarshal(a.GetPatch(), &patch))
		if patch.Metadata.UID != string(c.uid) {
			return true, nil, apierrors.NewConflict(resource, a.GetName(), errors.New("another object"))
		}
		c.patches = append(c.patches, string(a.GetPatch()))
		c.options = append(c.options, a.(clienttesting.PatchActionImpl).PatchOptions)
		if len(c.options[len(c.options)-1].DryRun) == 0 {
			c.replicas = *patch.Spec.Replicas
			c.version++
		}
		return true, c.scale(), nil
	case clienttesting.GetAction:
		if c.replicas < 0 {
			return true, nil, apierrors.NewNotFound(resource, a.GetName())
		}
		if a.GetSubresource() == "scale" {
			return true, c.scale(), nil
		}
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "status": map[string]any{"conditions": c.conditions}}}
		u.SetName("web")
		u.SetUID(c.uid)
		u.SetAnnotations(c.annotations)
		return true, u, nil
	}
	return false, nil, nil
}

func (c *cluster) scale() *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": map[string]any{"replicas": int64(c.replicas)},
		"status": map[string]any{"replicas": int64(len(c.list())), "selector": c.selector},
	}}
	u.SetName("web")
	u.SetUID(c.uid)
	u.SetResourceVersion(strconv.Itoa(c.version))
	return u
}

func (c *cluster) list() []corev1.Pod {
	list, err := c.client.Tracker().List(corev1.SchemeGroupVersion.WithResource("pods"), corev1.SchemeGroupVersion.WithKind("Pod"), "shop")
	require.NoError(c.t, err)
	return list.(*corev1.PodList).Items
}

// follow has as many pods as are wanted.
func (c *cluster) follow() {
	pods := c.list()
	for i := len(pods); i < c.replicas; i++ {
		c.pods++
		c.add(pod(c.pods, origin.Add(time.Duration(c.pods)*time.Second)))
	}
	for i := c.replicas; i < len(pods); i++ {
		require.NoError(c.t, c.client.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), "shop", pods[len(pods)-1-(i-c.replicas)].Name))
	}
}

func (c *cluster) add(p *corev1.Pod) { require.NoError(c.t, c.client.Tracker().Add(p)) }

func (c *cluster) update(p *corev1.Pod) {
	require.NoError(c.t, c.client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), p, p.Namespace))
}

// settle makes every pod ready, a minute and a half after it was made.
func (c *cluster) settle() {
	for _, p := range c.list() {
		if _, ready := readySince(&p); !ready {
			c.update(booted(&p, 90*time.Second))
		}
	}
}

func pod(i int, created time.Time) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("web-%03d", i), UID: types.UID(fmt.Sprint("pod-", i)), Labels: map[string]string{"app": "web"}, CreationTimestamp: metav1.NewTime(created)},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// booted is a pod that has become ready so long after it was made.
func booted(p *corev1.Pod, after time.Duration) *corev1.Pod {
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(p.CreationTimestamp.Add(after))}}
	return p
}

// waits is a pod whose container waits for a reason.
func waits(p *corev1.Pod, reason string) *corev1.Pod {
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
	return p
}

func (c *cluster) actuator(edit func(*ScaleConfig)) *Scale {
	cfg := ScaleConfig{Target: web, Client: c.client, Dynamic: c.dynamic}
	if edit != nil {
		edit(&cfg)
	}
	s, err := NewScale(cfg)
	require.NoError(c.t, err)
	return s
}

// hpa adds a HorizontalPodAutoscaler of the Deployment.
func (c *cluster) hpa(name string, low, high int32, annotations map[string]string) *autoscalingv2.HorizontalPodAutoscaler {
	h := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), ResourceVersion: "1", Annotations: annotations},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    &low, MaxReplicas: high,
		},
	}
	require.NoError(c.t, c.client.Tracker().Add(h))
	return h
}

// now returns an HPA as it is.
func (c *cluster) now(name string) *autoscalingv2.HorizontalPodAutoscaler {
	o, err := c.client.Tracker().Get(autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"), "shop", name)
	require.NoError(c.t, err)
	return o.(*autoscalingv2.HorizontalPodAutoscaler)
}

func (c *cluster) put(h *autoscalingv2.HorizontalPodAutoscaler) {
	require.NoError(c.t, c.client.Tracker().Update(autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"), h, h.Namespace))
}
