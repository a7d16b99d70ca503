package kubernetes

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/headroom-go/headroom/policy"
)

// NodePool looks at the nodes that carry a workload.
type NodePool struct {
	// Client speaks to the API server. Required.
	Client kubernetes.Interface
	// Selector selects the nodes of the pool, such as karpenter.sh/nodepool=web [all nodes].
	Selector labels.Selector
	// Now tells the time [time.Now].
	Now func() time.Time
}

// youngNode is the age up to which a node that is not ready counts as one that starts; an older one has failed.
const youngNode = 15 * time.Minute

// Nodes returns the nodes by size (label node.kubernetes.io/instance-type), sorted by its name: those that are ready, and those
// that have joined and are not. A node that is cordoned, or about to be removed, is none. Nodes that were ordered and have
// not joined yet are known to the cloud alone.
func (n *NodePool) Nodes(ctx context.Context) ([]policy.Nodes, error) {
	selector, now := n.Selector, time.Now
	if selector == nil {
		selector = labels.Everything()
	}
	if n.Now != nil {
		now = n.Now
	}
	list, err := n.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: selector.String(), ResourceVersion: "0"})
	if err != nil {
		return nil, call(err, "list", "nodes", "the cluster", "")
	}
	sizes := map[string]*policy.Nodes{}
	for i := range list.Items {
		node := &list.Items[i]
		if node.Spec.Unschedulable || node.DeletionTimestamp != nil {
			continue
		}
		size := node.Labels[corev1.LabelInstanceTypeStable]
		if sizes[size] == nil {
			sizes[size] = &policy.Nodes{Size: size}
		}
		switch ready := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		}); {
		case ready:
			sizes[size].Ready++
		case now().Sub(node.CreationTimestamp.Time) <= youngNode:
			sizes[size].Starting++
		}
	}
	var out []policy.Nodes
	for _, s := range sizes {
		if s.Ready+s.Starting > 0 {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(a, b policy.Nodes) int { return strings.Compare(a.Size, b.Size) })
	return out, nil
}

// Pending returns how many of the pods wait for a node.
func Pending(pods []*corev1.Pod) int {
	n := 0
	for _, p := range pods {
		if p.DeletionTimestamp == nil && p.Spec.NodeName == "" && p.Status.Phase == corev1.PodPending {
			n++
		}
	}
	return n
}
