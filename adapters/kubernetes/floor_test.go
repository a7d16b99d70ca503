package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

func (c *cluster) floor(edit func(*FloorConfig)) *Floor {
	cfg := FloorConfig{Namespace: "shop", Name: "cpu", Client: c.client, Dynamic: c.dynamic}
	if edit != nil {
		edit(&cfg)
	}
	f, err := NewFloor(cfg)
	require.NoError(c.t, err)
	return f
}

// react does what the HPA controller does whose metrics want so many.
func (c *cluster) react(metrics int) {
	h := c.now("cpu")
	c.replicas = min(max(int(minimum(h)), metrics), int(h.Spec.MaxReplicas))
	c.follow()
}

func TestFloorConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		c := newCluster(t, 4)
		c.hpa("cpu", 4, 50, map[string]string{BaseAnnotation: "1", FloorAnnotation: "4"})
		return adaptertest.ActuatorHarness{
			Actuator: c.floor(nil), Start: 4, Follow: func() { c.react(0) }, Settle: func() { c.react(0); c.settle() },
			Break: func() { c.down = errRefused },
		}
	})
}

// spec is what an HPA has: minReplicas, base and floor.
func (c *cluster) spec() [3]string {
	h := c.now("cpu")
	low := "none"
	if h.Spec.MinReplicas != nil {
		low = fmt.Sprintf("%02d", *h.Spec.MinReplicas)
	}
	return [3]string{low, h.Annotations[BaseAnnotation], h.Annotations[FloorAnnotation]}
}

func TestFloorRaisesAndRestores(t *testing.T) {
	c := newCluster(t, 4)
	c.hpa("cpu", 3, 50, map[string]string{"of": "somebody"})
	f := c.floor(nil)
	for _, s := range []struct {
		wants int
		want  [3]string
	}{
		{2, [3]string{"03", "", ""}}, {3, [3]string{"03", "", ""}}, {12, [3]string{"12", "3", "12"}}, {12, [3]string{"12", "3", "12"}},
		{40, [3]string{"40", "3", "40"}}, {7, [3]string{"07", "3", "7"}}, {1, [3]string{"03", "", ""}},
	} {
		require.NoError(t, f.Apply(t.Context(), wants(s.wants)))
		require.Equal(t, s.want, c.spec(), "%d", s.wants)
	}
	require.Equal(t, "somebody", c.now("cpu").Annotations["of"])

	require.NoError(t, f.Apply(t.Context(), wants(12)))
	again := c.floor(nil) // after a crash
	require.NoError(t, again.Apply(t.Context(), wants(20)))
	require.Equal(t, [3]string{"20", "3", "20"}, c.spec())
	require.NoError(t, again.Release(t.Context()))
	require.Equal(t, [3]string{"03", "", ""}, c.spec())
	require.NoError(t, again.Release(t.Context()))
	require.True(t, f.Bounds())
}

// Without a minReplicas the HPA has one of 1, and so it is left.
func TestFloorOfAnHPAWithoutAMinimum(t *testing.T) {
	c := newCluster(t, 4)
	h := c.hpa("cpu", 0, 50, nil)
	h.Spec.MinReplicas = nil
	c.put(h)
	f := c.floor(nil)
	require.NoError(t, f.Apply(t.Context(), wants(1)))
	require.Equal(t, [3]string{"none", "", ""}, c.spec(), "nothing to change")
	require.NoError(t, f.Apply(t.Context(), wants(8)))
	require.NoError(t, f.Release(t.Context()))
	require.Equal(t, [3]string{"01", "", ""}, c.spec())
}

func TestFloorWritesOnlyWhatChanges(t *testing.T) {
	c := newCluster(t, 4)
	c.hpa("cpu", 3, 50, nil)
	f := c.floor(func(cfg *FloorConfig) { cfg.Manager = "someone" })
	patches := func() (n int) {
		for _, a := range c.client.Actions() {
			if p, ok := a.(clienttesting.PatchActionImpl); ok {
				require.Equal(t, "someone", p.PatchOptions.FieldManager)
				require.Contains(t, string(p.GetPatch()), `[{"op":"test","path":"/metadata/uid","value":"cpu"},{"op":"test","path":"/spec/minReplicas","value":3},`)
				n++
			}
		}
		return n
	}
	for range 3 {
		require.NoError(t, f.Apply(t.Context(), wants(12)))
	}
	require.Equal(t, 1, patches())
}

func TestFloorLooksAgainWhereSomebodyWasFaster(t *testing.T) {
	for name, edit := range map[string]func(h *autoscalingv2.HorizontalPodAutoscaler){
		"another minimum": func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.MinReplicas = new(int32(5)) },
		"another object":  func(h *autoscalingv2.HorizontalPodAutoscaler) { h.UID, h.Annotations = "next", nil },
		"an annotation": func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Annotations = map[string]string{"of": "somebody"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 4)
			c.hpa("cpu", 3, 50, nil)
			edits := 0
			c.client.PrependReactor("patch", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) {
				if edits++; edits > 1 {
					return false, nil, nil
				}
				h := c.now("cpu").DeepCopy()
				edit(h)
				h.Spec.MaxReplicas = 10 // what they have written holds
				c.put(h)
				return true, nil, apierrors.NewInvalid(schema.GroupKind{Kind: "HorizontalPodAutoscaler"}, "cpu", nil)
			})
			var limit *LimitError
			require.ErrorAs(t, c.floor(nil).Apply(t.Context(), wants(12)), &limit)
			require.Equal(t, LimitError{12, 10, "maxReplicas of HorizontalPodAutoscaler shop/cpu"}, *limit)
			base := map[bool]string{true: "5", false: "3"}[name == "another minimum"]
			require.Equal(t, [3]string{"10", base, "10"}, c.spec())
			require.Equal(t, 2, edits)
		})
	}
	t.Run("a refusal that is none of theirs", func(t *testing.T) {
		c := newCluster(t, 4)
		c.hpa("cpu", 3, 50, nil)
		tries := 0
		c.client.PrependReactor("patch", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) {
			tries++
			return true, nil, apierrors.NewInvalid(schema.GroupKind{Kind: "HorizontalPodAutoscaler"}, "cpu", nil)
		})
		err := c.floor(nil).Apply(t.Context(), wants(12))
		require.True(t, apierrors.IsInvalid(errors.Unwrap(err)), "%v", err)
		require.Equal(t, 1, tries, "asking again is worth nothing")
	})
}

func TestFloorRespectsWhatWasEditedByHand(t *testing.T) {
	c := newCluster(t, 4)
	c.hpa("cpu", 3, 50, nil)
	var log bytes.Buffer
	f := c.floor(func(cfg *FloorConfig) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	require.NoError(t, f.Apply(t.Context(), wants(12)))
	edit := func(n int32) {
		h := c.now("cpu")
		h.Spec.MinReplicas = &n
		c.put(h)
	}
	edit(5)
	require.NoError(t, f.Apply(t.Context(), wants(12)))
	require.Equal(t, [3]string{"12", "5", "12"}, c.spec(), "their value is the base, and the floor goes on above it")
	require.Contains(t, log.String(), "set=12 found=5 base=3 by=somebody")
	edit(20)
	require.NoError(t, f.Apply(t.Context(), wants(12)))
	require.Equal(t, [3]string{"20", "", ""}, c.spec(), "theirs is more: nothing is raised any more")
	require.NoError(t, f.Apply(t.Context(), wants(2)))
	require.Equal(t, [3]string{"20", "", ""}, c.spec())
}

func TestWhoHasWrittenTheMinimum(t *testing.T) {
	wrote := func(name string, after time.Duration, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: name, Time: &metav1.Time{Time: origin.Add(after)}, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const minimum = `{"f:spec":{"f:minReplicas":{}}}`
	h := &autoscalingv2.HorizontalPodAutoscaler{}
	require.Equal(t, "somebody", writer(h))
	h.ManagedFields = []metav1.ManagedFieldsEntry{
		wrote("kubectl-edit", time.Minute, minimum), wrote("headroom", 0, minimum),
		wrote("kube-controller-manager", time.Hour, `{"f:status":{"f:minReplicas":{}}}`), wrote("odd", time.Hour, `[]`), {Manager: "older", Operation: metav1.ManagedFieldsOperationApply},
	}
	require.Equal(t, "kubectl-edit", writer(h))
}

func TestFloorStandsBack(t *testing.T) {
	t.Run("paused", func(t *testing.T) {
		c := newCluster(t, 4)
		c.hpa("cpu", 12, 50, map[string]string{PausedAnnotation: "true", BaseAnnotation: "3", FloorAnnotation: "12"})
		require.ErrorIs(t, c.floor(nil).Apply(t.Context(), wants(20)), ErrPaused)
		require.ErrorIs(t, c.floor(nil).Release(t.Context()), ErrPaused)
		require.NoError(t, c.floor(nil).Apply(t.Context(), wants(12)), "it is so")
		require.Equal(t, [3]string{"12", "3", "12"}, c.spec())
	})
	t.Run("dry run", func(t *testing.T) {
		c := newCluster(t, 4)
		c.hpa("cpu", 3, 50, nil)
		var options metav1.PatchOptions
		c.client.PrependReactor("patch", "horizontalpodautoscalers", func(a clienttesting.Action) (bool, runtime.Object, error) {
			options = a.(clienttesting.PatchActionImpl).PatchOptions
			return true, c.now("cpu"), nil
		})
		require.NoError(t, c.floor(func(cfg *FloorConfig) { cfg.DryRun = true }).Apply(t.Context(), wants(20)))
		require.Equal(t, []string{"All"}, options.DryRun)
	})
	t.Run("KEDA keeps the HPA", func(t *testing.T) {
		c := newCluster(t, 4)
		h := c.hpa("cpu", 3, 50, nil)
		h.OwnerReferences = []metav1.OwnerReference{{Kind: "ScaledObject", Name: "queue"}}
		c.put(h)
		var rival *RivalError
		require.ErrorAs(t, c.floor(nil).Apply(t.Context(), wants(20)), &rival)
		require.Equal(t, "ScaledObject shop/queue (KEDA)", rival.Rival)
	})
	t.Run("a second HPA", func(t *testing.T) {
		c := newCluster(t, 4)
		c.hpa("cpu", 3, 50, nil)
		f := c.floor(nil)
		require.NoError(t, f.Apply(t.Context(), wants(20)))
		c.hpa("memory", 1, 9, nil)
		var rival *RivalError
		require.ErrorAs(t, f.Apply(t.Context(), wants(30)), &rival)
		require.Equal(t, "HorizontalPodAutoscaler shop/memory", rival.Rival)
		require.Contains(t, rival.Error(), "delete one of the two")
		require.Equal(t, [3]string{"20", "3", "20"}, c.spec())
	})
}

func TestFleetOfAFloor(t *testing.T) {
	c := newCluster(t, 10)
	c.hpa("cpu", 3, 50, nil)
	f := c.floor(nil)
	fleet := func() policy.Fleet {
		t.Helper()
		got, err := f.Fleet(t.Context())
		require.NoError(t, err)
		got.Boot = 0
		return got
	}
	require.Equal(t, State{}, f.State())
	require.Equal(t, policy.Fleet{Ready: 10}, fleet(), "what the HPA holds")
	require.Equal(t, 10, f.State().Ready)
	require.NoError(t, f.Apply(t.Context(), wants(20)))
	require.Equal(t, policy.Fleet{Ready: 10, Starting: 10}, fleet(), "the HPA will bring them")
	require.NoError(t, f.Apply(t.Context(), wants(5)))
	require.Equal(t, policy.Fleet{Ready: 10}, fleet(), "the HPA holds what it holds")
	require.Equal(t, 90*time.Second, f.Boots().High())

	c.replicas = 0
	require.Equal(t, policy.Fleet{}, fleet(), "somebody has switched it off, and the HPA with it")

	h := c.now("cpu")
	h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: ""}
	c.put(h)
	_, err := f.Fleet(t.Context())
	require.ErrorContains(t, err, "scaleTargetRef of HorizontalPodAutoscaler shop/cpu")
	_, err = c.floor(func(cfg *FloorConfig) { cfg.Target = Target{Kind: "Deployment", Name: "web"} }).Fleet(t.Context())
	require.ErrorContains(t, err, "HorizontalPodAutoscaler shop/cpu scales Deployment ; wanted Deployment shop/web")
}

func TestNewFloorFaults(t *testing.T) {
	_, err := NewFloor(FloorConfig{Target: Target{Name: "web"}})
	var faults scaler.Faults
	require.ErrorAs(t, err, &faults)
	for _, want := range []string{"target.kind", "namespace", "name", "client is nil", "dynamic is nil"} {
		require.ErrorContains(t, err, want)
	}
}
