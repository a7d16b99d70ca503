package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corelisters "k8s.io/client-go/listers/core/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

var errRefused = errors.New("dial tcp 127.0.0.1:6443: connect: connection refused")

func TestScaleConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		c := newCluster(t, 4)
		return adaptertest.ActuatorHarness{
			Actuator: c.actuator(nil), Start: 4, Follow: c.follow, Settle: func() { c.follow(); c.settle() },
			Break: func() { c.down = errRefused },
		}
	})
}

func wants(n int) *scaler.Decision { return &scaler.Decision{Time: origin, Replicas: n} }

func TestScaleRefusesToFight(t *testing.T) {
	refused := func(t *testing.T, c *cluster, rival string) {
		t.Helper()
		var err *RivalError
		require.ErrorAs(t, c.actuator(nil).Apply(t.Context(), wants(9)), &err)
		require.Equal(t, rival, err.Rival)
		require.Equal(t, 4, c.replicas)
		require.Contains(t, err.Error(), "Deployment shop/web is scaled by "+rival)
	}
	t.Run("an HPA", func(t *testing.T) {
		c := newCluster(t, 4)
		c.hpa("cpu", 1, 9, nil)
		refused(t, c, "HorizontalPodAutoscaler shop/cpu")
	})
	t.Run("the HPA of a ScaledObject", func(t *testing.T) {
		c := newCluster(t, 4)
		h := c.hpa("keda-hpa-queue", 1, 9, nil)
		h.OwnerReferences = []metav1.OwnerReference{{Kind: "ScaledObject", Name: "queue"}}
		c.put(h)
		refused(t, c, "ScaledObject shop/queue (KEDA)")
	})
	object := func(ref map[string]any) *cluster {
		c := newCluster(t, 4)
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "spec": map[string]any{"scaleTargetRef": ref}}}
		u.SetNamespace("shop")
		u.SetName("queue")
		require.NoError(t, c.dynamic.Tracker().Create(scaledObjects, u, "shop"))
		return c
	}
	t.Run("a ScaledObject without an HPA", func(t *testing.T) {
		refused(t, object(map[string]any{"name": "web"}), "ScaledObject shop/queue (KEDA)")
	})
	t.Run("others are no rivals", func(t *testing.T) {
		for _, c := range []*cluster{
			object(map[string]any{"name": "other"}), object(map[string]any{"name": "web", "kind": "StatefulSet"}), object(map[string]any{"name": "web", "apiVersion": "argoproj.io/v1alpha1", "kind": "Deployment"}),
		} {
			h := c.hpa("other", 1, 9, nil)
			h.Spec.ScaleTargetRef.Name = "other"
			c.put(h)
			require.NoError(t, c.actuator(nil).Apply(t.Context(), wants(9)))
			require.Equal(t, 9, c.replicas)
		}
	})
	t.Run("another version of the same object is the same object", func(t *testing.T) {
		c := newCluster(t, 4)
		h := c.hpa("old", 1, 9, nil)
		h.Spec.ScaleTargetRef.APIVersion = "apps/v1beta2"
		c.put(h)
		refused(t, c, "HorizontalPodAutoscaler shop/old")
	})
	t.Run("who may not look for KEDA", func(t *testing.T) {
		c := newCluster(t, 4)
		c.dynamic.PrependReactor("list", "scaledobjects", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(scaledObjects.GroupResource(), "", errors.New("no"))
		})
		require.NoError(t, c.actuator(nil).Apply(t.Context(), wants(9)))
	})
}

func TestScaleTriesConflictsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 4)
		c.conflicts = 3
		require.NoError(t, c.actuator(nil).Apply(t.Context(), wants(9)))
		require.Equal(t, 9, c.replicas)
		require.Len(t, c.patches, 1)
		require.Equal(t, "headroom", c.options[0].FieldManager)

		c.conflicts = 1000
		err := c.actuator(nil).Apply(t.Context(), wants(5))
		require.True(t, apierrors.IsConflict(errors.Unwrap(err)), "%v", err)
		require.Equal(t, 990, c.conflicts, "not for ever")
		var failed *CallError
		require.ErrorAs(t, err, &failed)
		require.True(t, failed.Temporary(), "the Runner may try again")
	})
}

// Who waits for a conflict to pass waits no longer than it may.
func TestNoConflictOutlastsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		tries := 0
		err := onConflict(ctx, func() error {
			tries++
			return call(apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "web", errors.New("modified")), "patch", "deployments/scale", "shop", "web")
		})
		require.True(t, apierrors.IsConflict(errors.Unwrap(err)), "%v", err)
		require.Equal(t, time.Second, time.Since(begin))
		require.Greater(t, tries, 5)

		cancel()
		require.ErrorIs(t, onConflict(ctx, func() error { t.Error("called"); return nil }), context.DeadlineExceeded, "nothing was written")
		begin = time.Now()
		require.Error(t, onConflict(t.Context(), func() error { return err }))
		require.InDelta(t, 5*time.Second, time.Since(begin), float64(2*time.Second))
	})
}

func TestScaleThatIsThereIsNotPatched(t *testing.T) {
	c := newCluster(t, 4)
	require.NoError(t, c.actuator(nil).Apply(t.Context(), wants(4)))
	require.Empty(t, c.patches)
}

func TestScaleKeepsItsLimits(t *testing.T) {
	c := newCluster(t, 4)
	s := c.actuator(func(cfg *ScaleConfig) { cfg.Min, cfg.Max = 2, 6 })
	var limit *LimitError
	require.ErrorAs(t, s.Apply(t.Context(), wants(9)), &limit)
	require.Equal(t, LimitError{9, 6, "the configured maximum of Deployment shop/web"}, *limit)
	require.Equal(t, 6, c.replicas)
	require.ErrorAs(t, s.Apply(t.Context(), wants(1)), &limit)
	require.Equal(t, 2, c.replicas)
	require.NoError(t, s.Apply(t.Context(), wants(5)))
}

func TestScaleDryRunAndPause(t *testing.T) {
	c := newCluster(t, 4)
	require.NoError(t, c.actuator(func(cfg *ScaleConfig) { cfg.DryRun, cfg.Manager = true, "someone" }).Apply(t.Context(), wants(9)))
	require.Equal(t, 4, c.replicas)
	require.Equal(t, []string{"All"}, c.options[0].DryRun)
	require.Equal(t, "someone", c.options[0].FieldManager)

	for value, paused := range map[string]bool{"true": true, "yes please": true, "": true, "1": true, "false": false, "0": false} {
		c := newCluster(t, 4)
		c.annotations = map[string]string{PausedAnnotation: value}
		err := c.actuator(nil).Apply(t.Context(), wants(9))
		require.Equal(t, paused, errors.Is(err, ErrPaused), "%q: %v", value, err)
		require.Equal(t, paused, c.replicas == 4)
	}
}

func TestScaleOfATargetThatComesAndGoes(t *testing.T) {
	c := newCluster(t, 4)
	var log bytes.Buffer
	s := c.actuator(func(cfg *ScaleConfig) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	_, err := s.Fleet(t.Context())
	require.NoError(t, err)
	c.replicas = -1
	_, err = s.Fleet(t.Context())
	require.True(t, apierrors.IsNotFound(errors.Unwrap(err)), "no fleet is not an empty one: %v", err)
	require.EqualError(t, err, `get deployments/scale shop/web: deployments.apps "web" not found`)
	require.Error(t, s.Apply(t.Context(), wants(9)))
	var failed *CallError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.Temporary())
	c.replicas, c.uid = 4, "2"
	fleet, err := s.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, fleet.Ready)
	require.Contains(t, log.String(), "deleted and created again")
	require.NoError(t, s.Apply(t.Context(), wants(9)), "the new one is patched by its own identity")
}

func TestScaleNamesTheRuleThatIsMissing(t *testing.T) {
	c := newCluster(t, 4)
	c.dynamic.PrependReactor("patch", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments/scale"}, "web", errors.New(`User "engine" cannot patch`))
	})
	err := c.actuator(nil).Apply(t.Context(), wants(9))
	require.ErrorContains(t, err, `a Role must allow the verb "patch" on "deployments/scale"`)
	require.True(t, apierrors.IsForbidden(errors.Unwrap(err)))
	var failed *CallError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.Temporary())
}

func TestErrorsSayWhetherTheyMayPass(t *testing.T) {
	status := func(code int32) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Details: &metav1.StatusDetails{RetryAfterSeconds: 7}, Reason: metav1.StatusReasonTooManyRequests}}
	}
	failed := func(err error) *CallError {
		var e *CallError
		require.ErrorAs(t, call(err, "get", "pods", "shop", ""), &e)
		return e
	}
	for code, temporary := range map[int32]bool{400: false, 401: false, 403: false, 404: false, 409: true, 422: false, 429: true, 500: true, 503: true, 504: true} {
		require.Equal(t, temporary, failed(status(code)).Temporary(), "%d", code)
	}
	require.Equal(t, 7*time.Second, failed(status(http.StatusTooManyRequests)).Wait())
	require.True(t, failed(errRefused).Temporary())
	require.False(t, failed(context.Canceled).Temporary())
	require.NoError(t, call(nil, "get", "pods", "shop", "web"))
}

// What a rolling update, a crash and an eviction look like.
func TestFleetOfPods(t *testing.T) {
	ending := func(p *corev1.Pod) *corev1.Pod {
		p.DeletionTimestamp = &metav1.Time{Time: origin}
		return p
	}
	failed := func(p *corev1.Pod) *corev1.Pod { p.Status.Phase = corev1.PodFailed; return p }
	unschedulable := func(p *corev1.Pod) *corev1.Pod {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available"}}
		return p
	}
	up := func(i int) *corev1.Pod { return booted(pod(i, origin), time.Minute) }
	for name, c := range map[string]struct {
		wanted int
		pods   []*corev1.Pod
		want   policy.Fleet
		state  string
	}{
		"all serve":              {3, []*corev1.Pod{up(1), up(2), up(3)}, policy.Fleet{Ready: 3}, "3 of 3 ready"},
		"two boot":               {3, []*corev1.Pod{up(1), pod(2, origin), pod(3, origin)}, policy.Fleet{Ready: 1, Starting: 2}, "1 of 3 ready, 2 starting"},
		"not created yet":        {5, []*corev1.Pod{up(1)}, policy.Fleet{Ready: 1, Starting: 4}, "1 of 5 ready, 4 not created"},
		"a rolling update":       {3, []*corev1.Pod{up(1), up(2), pod(3, origin), ending(up(4))}, policy.Fleet{Ready: 2, Starting: 1}, "2 of 3 ready, 1 starting, 1 ending"},
		"a surge":                {3, []*corev1.Pod{up(1), up(2), up(3), up(4)}, policy.Fleet{Ready: 3}, "4 of 3 ready"},
		"fewer are wanted":       {1, []*corev1.Pod{up(1), up(2), up(3)}, policy.Fleet{Ready: 1}, "3 of 1 ready"},
		"a crash":                {3, []*corev1.Pod{up(1), up(2), waits(pod(3, origin), "CrashLoopBackOff")}, policy.Fleet{Ready: 2, Starting: 1}, "2 of 3 ready, 1 failing: CrashLoopBackOff"},
		"no room":                {3, []*corev1.Pod{up(1), unschedulable(pod(2, origin)), unschedulable(pod(3, origin))}, policy.Fleet{Ready: 1, Starting: 2}, "1 of 3 ready, 2 failing: Unschedulable: 0/3 nodes are available (2 pods)"},
		"it pulls its image":     {2, []*corev1.Pod{up(1), waits(pod(2, origin), "ContainerCreating")}, policy.Fleet{Ready: 1, Starting: 1}, "1 of 2 ready, 1 starting"},
		"one was evicted":        {2, []*corev1.Pod{up(1), failed(pod(2, origin)), pod(3, origin)}, policy.Fleet{Ready: 1, Starting: 1}, "1 of 2 ready, 1 starting"},
		"nothing is wanted":      {0, nil, policy.Fleet{}, "0 of 0 ready"},
		"two reasons, by number": {3, []*corev1.Pod{waits(pod(1, origin), "ErrImagePull"), waits(pod(2, origin), "CrashLoopBackOff"), waits(pod(3, origin), "CrashLoopBackOff")}, policy.Fleet{Starting: 3}, "0 of 3 ready, 3 failing: CrashLoopBackOff (2 pods); ErrImagePull"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCluster(t, 0)
			k.replicas = c.wanted
			for _, p := range c.pods {
				k.add(p)
			}
			other := up(99)
			other.Labels = map[string]string{"app": "other"}
			k.add(other)
			s := k.actuator(nil)
			fleet, err := s.Fleet(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, fleet)
			require.Equal(t, c.state, s.State().String())
		})
	}
}

func TestAQuotaThatRefusesPodsIsNamed(t *testing.T) {
	k := newCluster(t, 4)
	var log bytes.Buffer
	s := k.actuator(func(cfg *ScaleConfig) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	k.replicas = 6
	k.conditions = []any{map[string]any{"type": "Available", "status": "True"}, map[string]any{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: pods=4"}}
	for range 3 {
		fleet, err := s.Fleet(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, fleet.Starting, "they are ordered")
	}
	require.Equal(t, "4 of 6 ready, 2 not created: exceeded quota: pods=4", s.State().String())
	k.replicas, k.conditions = 4, nil
	_, err := s.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(log.String(), "replicas do not come"), "once: %s", &log)
	require.Equal(t, 1, strings.Count(log.String(), "replicas come again"))
}

// A custom resource may have no selector: then its own count is all there is.
func TestFleetWithoutASelector(t *testing.T) {
	k := newCluster(t, 4)
	k.selector, k.replicas = "", 6
	fleet, err := k.actuator(nil).Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, policy.Fleet{Ready: 4, Starting: 2}, fleet)
	k.selector = "app in (web"
	_, err = k.actuator(nil).Fleet(t.Context())
	require.ErrorContains(t, err, "Deployment shop/web: the selector of its scale:")
}

func TestPodsOfAnInformer(t *testing.T) {
	k := newCluster(t, 4)
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, p := range k.list() {
		slim, err := SlimPod(p.DeepCopy())
		require.NoError(t, err)
		require.NoError(t, indexer.Add(slim))
	}
	synced := false
	pods := WatchPods(corelisters.NewPodLister(indexer), func() bool { return synced })
	s := k.actuator(func(cfg *ScaleConfig) { cfg.Pods = pods })
	_, err := s.Fleet(t.Context())
	require.ErrorContains(t, err, "not listed them yet", "no pods are not zero pods")
	synced = true
	fleet, err := s.Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, fleet.Ready)
	direct, err := ListPods(k.client).List(t.Context(), "shop", labels.Everything())
	require.NoError(t, err)
	watched, err := pods.List(t.Context(), "shop", labels.Everything())
	require.NoError(t, err)
	require.Equal(t, count(4, direct), count(4, watched), "what SlimPod leaves is enough")
	for _, p := range []*corev1.Pod{waits(pod(1, origin), "CrashLoopBackOff"), waits(pod(1, origin), "ContainerCreating")} {
		slim, err := SlimPod(p.DeepCopy())
		require.NoError(t, err)
		require.Equal(t, count(1, []*corev1.Pod{p}), count(1, []*corev1.Pod{slim.(*corev1.Pod)}))
	}
	other, err := SlimPod(cache.DeletedFinalStateUnknown{Key: "x"})
	require.NoError(t, err)
	require.Equal(t, cache.DeletedFinalStateUnknown{Key: "x"}, other)
}

func TestNewScaleFaults(t *testing.T) {
	_, err := NewScale(ScaleConfig{Min: 3, Max: 2})
	var faults scaler.Faults
	require.ErrorAs(t, err, &faults)
	for _, want := range []string{"target.kind", "target.api_version", "target.namespace", "target.name", "client is nil", "dynamic is nil", "max is 2"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewScale(ScaleConfig{Target: Target{APIVersion: "a/b/c", Kind: "Rollout", Namespace: "shop", Name: "web"}, Client: newCluster(t, 1).client, Dynamic: newCluster(t, 1).dynamic})
	require.ErrorContains(t, err, `target.api_version is "a/b/c"`)
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		in   Target
		want schema.GroupVersionResource
	}{
		{Target{Kind: "StatefulSet"}, schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}},
		{Target{APIVersion: "argoproj.io/v1alpha1", Kind: "Rollout"}, schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "rollouts"}},
		{Target{APIVersion: "x.y/v1", Kind: "Proxy", Resource: "proxies"}, schema.GroupVersionResource{Group: "x.y", Version: "v1", Resource: "proxies"}},
	} {
		c.in.Namespace, c.in.Name = "shop", "web"
		got, faults := c.in.complete()
		require.Empty(t, faults)
		require.Equal(t, c.want, got.resource())
	}
}
