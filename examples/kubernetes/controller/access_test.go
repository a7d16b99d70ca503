package controller

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// The manifests allow what the controller does, and nothing else: what StatefulSets and ReplicaSets may have is what Deployments
// have.
func TestAccess(t *testing.T) {
	var used []string
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.replicas["shop"], p.replicas["web"], p.selector = 6, 6, "app=web"
		document := text("shop") + "  - {name: web, actuator: {other: {type: floor, settings: {namespace: shop, name: web}}}}\n"
		low := int32(2)
		hpa := &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "1"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}, MinReplicas: &low, MaxReplicas: 50,
			},
		}
		var copies []*replica
		for _, name := range []string{"a", "b"} {
			cfg := p.config(name, p.file(document))
			require.NoError(t, cfg.Client.(*fake.Clientset).Tracker().Add(hpa))
			copies = append(copies, p.start(cfg))
		}
		pass(40 * time.Minute)
		p.end(copies...)
		used = slices.Sorted(maps.Keys(p.calls))
	})

	manifests, err := os.ReadFile("../install.yaml")
	require.NoError(t, err)
	allowed := map[string]bool{}
	for _, doc := range strings.Split(string(manifests), "\n---\n") {
		var role struct {
			Kind  string              `json:"kind"`
			Rules []rbacv1.PolicyRule `json:"rules"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(doc), &role))
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						if !strings.HasPrefix(resource, "statefulsets") && !strings.HasPrefix(resource, "replicasets") {
							allowed[group+" "+resource+" "+verb] = true
						}
					}
				}
			}
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(allowed)), used)
}
