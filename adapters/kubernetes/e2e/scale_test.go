package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/adaptertest"
	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/policy"
)

const mergePatch = types.MergePatchType

func fleetOf(t *testing.T, a interface {
	Fleet(ctx context.Context) (policy.Fleet, error)
}) policy.Fleet {
	t.Helper()
	f, err := a.Fleet(t.Context())
	require.NoError(t, err)
	return f
}

func TestScaleConformsOnTheRealServer(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		s := newSpace(t)
		a := s.scale(s.deployment("web", 3), nil)
		return adaptertest.ActuatorHarness{
			Actuator: a, Start: 3,
			Settle: func() {
				s.until("all serve", func() bool { f := fleetOf(t, a); return f.Starting == 0 && s.ready("web") == f.Ready })
			},
			Break: func() { // the rights are gone
				require.NoError(t, admin.RbacV1().RoleBindings(s.name).Delete(t.Context(), "engine", metav1.DeleteOptions{}))
				s.until("the authorizer knows", func() bool { _, err := a.Fleet(t.Context()); return err != nil })
			},
		}
	})
}

func TestScaleOfEveryKind(t *testing.T) {
	s := newSpace(t)
	two := int32(2)
	_, err := admin.AppsV1().StatefulSets(s.name).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: appsv1.StatefulSetSpec{Replicas: &two, Selector: selects("data"), Template: pods("data"), PodManagementPolicy: appsv1.ParallelPodManagement},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = admin.AppsV1().ReplicaSets(s.name).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "bare"}, Spec: appsv1.ReplicaSetSpec{Replicas: &two, Selector: selects("bare"), Template: pods("bare")},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, target := range []adapter.Target{{Kind: "StatefulSet", Namespace: s.name, Name: "data"}, {Kind: "ReplicaSet", Namespace: s.name, Name: "bare"}} {
		a := s.scale(target, nil)
		require.NoError(t, a.Apply(t.Context(), wants(5)))
		took := s.until("five serve", func() bool { return fleetOf(t, a).Ready == 5 })
		require.NoError(t, a.Apply(t.Context(), wants(1)))
		s.until("one is left", func() bool { f := fleetOf(t, a); return f.Ordered() == 1 && a.State().Ready == 1 })
		t.Logf("%s: 2 -> 5 serve after %v", target.Kind, took.Round(10*time.Millisecond))
	}

	custom(t)
	shop := adapter.Target{APIVersion: "e2e.headroom-go.github.io/v1", Kind: "Shop", Namespace: s.name, Name: "corner"}
	api := dyn.Resource(shops).Namespace(s.name)
	_, err = api.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": shop.APIVersion, "kind": "Shop", "metadata": map[string]any{"name": "corner"}, "spec": map[string]any{"tills": int64(2)},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	a := s.scale(shop, nil)
	require.NoError(t, a.Apply(t.Context(), wants(7)))
	u, err := api.Get(t.Context(), "corner", metav1.GetOptions{})
	require.NoError(t, err)
	tills, _, _ := unstructured.NestedInt64(u.Object, "spec", "tills")
	require.EqualValues(t, 7, tills, "the custom resource calls its replicas by another name")
	require.Equal(t, 7, fleetOf(t, a).Ordered())
}

var shops = schema.GroupVersionResource{Group: "e2e.headroom-go.github.io", Version: "v1", Resource: "shops"}

// custom makes a custom resource with a scale subresource.
func custom(t *testing.T) {
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	_, err := dyn.Resource(definitions).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "shops." + shops.Group},
		"spec": map[string]any{
			"group": shops.Group, "scope": "Namespaced", "names": map[string]any{"plural": "shops", "kind": "Shop"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema":       map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
				"subresources": map[string]any{"status": map[string]any{}, "scale": map[string]any{"specReplicasPath": ".spec.tills", "statusReplicasPath": ".status.tills"}},
			}},
		},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := dyn.Resource(shops).Namespace("default").List(t.Context(), metav1.ListOptions{})
		return err == nil
	}, time.Minute, 50*time.Millisecond)
}

// Boot times come from pods that really appeared, with the whole seconds that the API has.
func TestBootTimesOfRealPods(t *testing.T) {
	s := newSpace(t)
	kubelet.Boot(func(*corev1.Pod) time.Duration { return 4 * time.Second })
	defer kubelet.Boot(func(*corev1.Pod) time.Duration { return time.Second })
	a := s.scale(s.deployment("web", 2), nil)
	require.NoError(t, a.Apply(t.Context(), wants(12)))
	s.until("all serve", func() bool { return fleetOf(t, a).Ready == 12 })
	boot := fleetOf(t, a).Boot
	t.Logf("12 pods that take 4 s: one in twenty takes more than %v", boot)
	require.GreaterOrEqual(t, boot, 3*time.Second)
	require.LessOrEqual(t, boot, 30*time.Second)
	require.Equal(t, 12, a.Boots().Count())
}

// A rolling update keeps the fleet whole: what is ordered stays what is wanted, and no pod of the old set counts twice.
func TestARollingUpdateIsNoLoss(t *testing.T) {
	s := newSpace(t)
	a := s.scale(s.deployment("web", 8), nil)
	_, err := admin.AppsV1().Deployments(s.name).Patch(t.Context(), "web", mergePatch, []byte(`{"spec":{"template":{"metadata":{"labels":{"version":"2"}}}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	low := 8
	s.until("the update is over", func() bool {
		f := fleetOf(t, a)
		require.Equal(t, 8, f.Ordered())
		low = min(low, f.Ready)
		d, err := admin.AppsV1().Deployments(s.name).Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		return d.Status.UpdatedReplicas == 8 && d.Status.Replicas == 8 && f.Ready == 8
	})
	t.Logf("never fewer than %d of 8 were ready", low)
	require.GreaterOrEqual(t, low, 6, "a quarter may be unavailable")
}

func TestConflictStorm(t *testing.T) {
	s := newSpace(t)
	a := s.scale(s.deployment("web", 2), nil)
	stop := make(chan struct{})
	var storm sync.WaitGroup
	for i := range 4 {
		storm.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				patch := []byte(`{"metadata":{"annotations":{"storm-` + string(rune('a'+i)) + `":"` + time.Now().Format(time.RFC3339Nano) + `"}}}`)
				_, _ = admin.AppsV1().Deployments(s.name).Patch(t.Context(), "web", mergePatch, patch, metav1.PatchOptions{})
			}
		})
	}
	begin := time.Now()
	for n := range 30 {
		require.NoError(t, a.Apply(t.Context(), wants(3+n%5)))
		require.Equal(t, 3+n%5, s.wanted("web"))
	}
	took := time.Since(begin)
	close(stop)
	storm.Wait()
	t.Logf("30 orders against four writers in %v", took.Round(time.Millisecond))
}

func TestRightsThatAreMissingAreNamed(t *testing.T) {
	s := newSpace(t)
	target := s.deployment("web", 2)
	for _, c := range []struct {
		rule     rbacv1.PolicyRule
		resource string
		verb     string
	}{
		{rule: rbacv1.PolicyRule{}, resource: "horizontalpodautoscalers", verb: "list"},
		{rbacv1.PolicyRule{APIGroups: []string{"autoscaling"}, Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"list"}}, "deployments", "get"},
		{rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}}, "deployments/scale", "get"},
		{rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments/scale"}, Verbs: []string{"get"}}, "deployments/scale", "patch"},
		{rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments/scale"}, Verbs: []string{"patch"}}, "", ""},
	} {
		role, err := admin.RbacV1().Roles(s.name).Get(t.Context(), "engine", metav1.GetOptions{})
		require.NoError(t, err)
		if len(c.rule.Verbs) == 0 {
			role.Rules = nil
		} else {
			role.Rules = append(role.Rules, c.rule)
		}
		_, err = admin.RbacV1().Roles(s.name).Update(t.Context(), role, metav1.UpdateOptions{})
		require.NoError(t, err)
		a := s.scale(target, nil)
		s.until("the next right that is missing", func() bool {
			err := a.Apply(t.Context(), wants(4))
			if c.resource == "" {
				return err == nil
			}
			var failed *adapter.CallError
			if !errors.As(err, &failed) || failed.Resource != c.resource || failed.Verb != c.verb {
				return false
			}
			require.ErrorContains(t, err, `a Role must allow the verb "`+c.verb+`" on "`+c.resource+`"`)
			return true
		})
	}
	require.Equal(t, 4, s.wanted("web"))
}

func TestATargetThatIsDeletedAndMadeAgain(t *testing.T) {
	s := newSpace(t)
	var log bytes.Buffer
	a := s.scale(s.deployment("web", 2), func(c *adapter.ScaleConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	fleetOf(t, a)
	require.NoError(t, admin.AppsV1().Deployments(s.name).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	_, err := a.Fleet(t.Context())
	require.True(t, apierrors.IsNotFound(errors.Unwrap(err)), "%v", err)
	require.Error(t, a.Apply(t.Context(), wants(5)))
	s.deployment("web", 3)
	require.Equal(t, 3, fleetOf(t, a).Ordered())
	require.NoError(t, a.Apply(t.Context(), wants(5)))
	require.Equal(t, 5, s.wanted("web"))
	require.Contains(t, log.String(), "deleted and created again")
}

func TestAnHPAThatSomebodyAdds(t *testing.T) {
	s := newSpace(t)
	a := s.scale(s.deployment("web", 2), nil)
	require.NoError(t, a.Apply(t.Context(), wants(4)))
	s.hpa("cpu", "web", 1, 9)
	var rival *adapter.RivalError
	s.until("it is seen", func() bool { return errors.As(a.Apply(t.Context(), wants(6)), &rival) })
	require.Equal(t, "HorizontalPodAutoscaler "+s.name+"/cpu", rival.Rival)
	require.NoError(t, admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Delete(t.Context(), "cpu", metav1.DeleteOptions{}))
	s.until("it is gone", func() bool { return a.Apply(t.Context(), wants(6)) == nil })
	require.Equal(t, 6, s.wanted("web"))
}

func TestAQuotaThatRefusesPods(t *testing.T) {
	s := newSpace(t)
	target := s.deployment("web", 2)
	_, err := admin.CoreV1().ResourceQuotas(s.name).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "small"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("4")}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	s.until("the quota counts", func() bool {
		q, err := admin.CoreV1().ResourceQuotas(s.name).Get(t.Context(), "small", metav1.GetOptions{})
		return err == nil && q.Status.Used.Pods().Value() == 2
	})
	a := s.scale(target, nil)
	require.NoError(t, a.Apply(t.Context(), wants(10)))
	s.until("the reason is known", func() bool {
		f := fleetOf(t, a)
		require.Equal(t, 10, f.Ordered(), "they are ordered, and not ordered again")
		return a.State().Missing == 6 && len(a.State().Reasons) > 0 && f.Ready == 4
	})
	t.Log(a.State())
	require.Contains(t, a.State().String(), "exceeded quota")
}

func TestPodsThatDoNotBecomeReady(t *testing.T) {
	s := newSpace(t)
	a := s.scale(s.deployment("web", 2), nil)
	kubelet.Boot(func(*corev1.Pod) time.Duration { return -1 })
	defer kubelet.Boot(func(*corev1.Pod) time.Duration { return time.Second })
	require.NoError(t, a.Apply(t.Context(), wants(5)))
	s.until("there are five pods", func() bool { f := fleetOf(t, a); return f.Ready == 2 && a.State().Starting == 3 })
	list, err := admin.CoreV1().Pods(s.name).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for i := range list.Items {
		if p := &list.Items[i]; p.Status.Phase == corev1.PodPending {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
			_, err := admin.CoreV1().Pods(s.name).UpdateStatus(t.Context(), p, metav1.UpdateOptions{})
			require.NoError(t, err)
		}
	}
	s.until("it is named", func() bool { fleetOf(t, a); return a.State().Failing == 3 })
	require.Equal(t, "2 of 5 ready, 3 failing: ImagePullBackOff (3 pods)", a.State().String())
}

// A node whose clock is behind says of a pod that it was ready before it was made: that is no boot time.
func TestANodeWhoseClockIsBehind(t *testing.T) {
	s := newSpace(t)
	a := s.scale(s.deployment("web", 2), nil)
	require.Eventually(t, func() bool { fleetOf(t, a); return a.Boots().Count() == 2 }, time.Minute, 20*time.Millisecond)
	kubelet.Boot(func(*corev1.Pod) time.Duration { return -1 })
	defer kubelet.Boot(func(*corev1.Pod) time.Duration { return time.Second })
	require.NoError(t, a.Apply(t.Context(), wants(9)))
	s.until("there are nine pods", func() bool { fleetOf(t, a); return a.State().Starting == 7 })
	list, err := admin.CoreV1().Pods(s.name).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for i := range list.Items {
		if p := &list.Items[i]; p.Status.Phase == corev1.PodPending {
			p.Status.Phase = corev1.PodRunning
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(p.CreationTimestamp.Add(-time.Minute))}}
			_, err := admin.CoreV1().Pods(s.name).UpdateStatus(t.Context(), p, metav1.UpdateOptions{})
			require.NoError(t, err)
		}
	}
	s.until("all serve", func() bool { return fleetOf(t, a).Ready == 9 })
	require.Equal(t, 2, a.Boots().Count())
	require.Zero(t, fleetOf(t, a).Boot)
}

func TestDryRunAndPauseOnTheRealServer(t *testing.T) {
	s := newSpace(t)
	target := s.deployment("web", 2)
	require.NoError(t, s.scale(target, func(c *adapter.ScaleConfig) { c.DryRun = true }).Apply(t.Context(), wants(6)))
	require.Equal(t, 2, s.wanted("web"))
	_, err := admin.AppsV1().Deployments(s.name).Patch(t.Context(), "web", mergePatch, []byte(`{"metadata":{"annotations":{"`+adapter.PausedAnnotation+`":"true"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.ErrorIs(t, s.scale(target, nil).Apply(t.Context(), wants(6)), adapter.ErrPaused)
	require.Equal(t, 2, s.wanted("web"))
}

func TestStoreConformsOnTheRealServer(t *testing.T) {
	adaptertest.RunStore(t, func(t *testing.T) adaptertest.StoreHarness {
		s := newSpace(t)
		open := func() *adapter.Store {
			store, err := adapter.NewStore(adapter.StoreConfig{Client: s.client, Namespace: s.name, Name: "snapshot"})
			require.NoError(t, err)
			return store
		}
		return adaptertest.StoreHarness{
			Store: open(), Again: func() adapters.Store { return open() },
			Break: func() {
				require.NoError(t, admin.RbacV1().RoleBindings(s.name).Delete(t.Context(), "engine", metav1.DeleteOptions{}))
				s.until("the authorizer knows", func() bool { _, err := open().Load(t.Context()); return err != nil })
			},
		}
	})
	t.Run("over nobody else", func(t *testing.T) {
		s := newSpace(t)
		open := func() *adapter.Store {
			store, err := adapter.NewStore(adapter.StoreConfig{Client: s.client, Namespace: s.name, Name: "snapshot"})
			require.NoError(t, err)
			_, err = store.Load(t.Context())
			require.NoError(t, err)
			return store
		}
		old, next := open(), open()
		require.NoError(t, next.Save(t.Context(), []byte("new")))
		require.ErrorIs(t, old.Save(t.Context(), []byte("old")), adapter.ErrTaken)
	})
}
