package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// Pods finds the pods of a namespace. Nobody changes what it returns.
type Pods interface {
	List(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error)
}

// ListPods asks the API server each time: one call for each workload and tick, answered from the server's watch cache.
func ListPods(client kubernetes.Interface) Pods { return listedPods{client} }

type listedPods struct{ client kubernetes.Interface }

func (l listedPods) List(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	list, err := l.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String(), ResourceVersion: "0"})
	if err != nil {
		return nil, call(err, "list", "pods", namespace, "")
	}
	pods := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		pods[i] = &list.Items[i]
	}
	return pods, nil
}

// WatchPods takes pods from the lister of an informer, which costs no call: for many workloads. synced is the informer's
// HasSynced. SlimPod makes such an informer small.
//
// A lister goes on with what it has when its watch breaks; that the API server does not answer shows in the other calls
// of an actuator, which go to it each time.
func WatchPods(lister corelisters.PodLister, synced func() bool) Pods {
	return watchedPods{lister, synced}
}

type watchedPods struct {
	lister corelisters.PodLister
	synced func() bool
}

func (w watchedPods) List(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if !w.synced() {
		return nil, fmt.Errorf("pods in %s: the informer has not listed them yet", namespace)
	}
	return w.lister.Pods(namespace).List(selector)
}

// SlimPod is a transformation for informers of pods (SetTransform): it keeps what this package looks at.
func SlimPod(object any) (any, error) {
	p, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	slim := &corev1.Pod{
		TypeMeta: p.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name, UID: p.UID, ResourceVersion: p.ResourceVersion, Labels: p.Labels,
			CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp, OwnerReferences: p.OwnerReferences,
		},
		Status: corev1.PodStatus{Phase: p.Status.Phase, Conditions: p.Status.Conditions},
	}
	slim.Spec.NodeName = p.Spec.NodeName
	slim.Status.ContainerStatuses = waitingOnly(p.Status.ContainerStatuses)
	slim.Status.InitContainerStatuses = waitingOnly(p.Status.InitContainerStatuses)
	return slim, nil
}

func waitingOnly(all []corev1.ContainerStatus) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for i := range all {
		if all[i].State.Waiting != nil {
			out = append(out, corev1.ContainerStatus{Name: all[i].Name, State: corev1.ContainerState{Waiting: all[i].State.Waiting}})
		}
	}
	return out
}

// State is what is known of a workload's replicas.
type State struct {
	Wanted      int // that the target's scale asks for
	Ready       int // pods that serve
	Starting    int // pods that do not yet
	Failing     int // pods that do not, and whose reason says that they may never
	Missing     int // replicas that are wanted and for which there is no pod
	Terminating int // pods that end; some may still serve
	Reasons     []Reason
}

// Reason is why replicas do not come.
type Reason struct {
	Text string // such as "CrashLoopBackOff", or what the API server says of a quota
	Pods int    // 0 where it is not about pods that exist
}

// String returns the state in words.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d ready", s.Ready, s.Wanted)
	for _, part := range []struct {
		n    int
		text string
	}{{s.Starting, "starting"}, {s.Failing, "failing"}, {s.Missing, "not created"}, {s.Terminating, "ending"}} {
		if part.n > 0 {
			fmt.Fprintf(&b, ", %d %s", part.n, part.text)
		}
	}
	for i, r := range s.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)] + r.Text)
		if r.Pods > 1 {
			fmt.Fprintf(&b, " (%d pods)", r.Pods)
		}
	}
	return b.String()
}

// stuck are the reasons for which a container waits and which seldom pass by themselves.
var stuck = map[string]bool{
	"CrashLoopBackOff": true, "ImagePullBackOff": true, "ErrImagePull": true, "ErrImageNeverPull": true, "InvalidImageName": true,
	"CreateContainerConfigError": true, "CreateContainerError": true, "RunContainerError": true,
}

// count sorts pods into a State.
func count(wanted int, pods []*corev1.Pod) State {
	s := State{Wanted: wanted}
	reasons := map[string]int{}
	for _, p := range pods {
		switch _, ready := readySince(p); {
		case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed: // evicted, for example: another one comes for it
		case p.DeletionTimestamp != nil:
			s.Terminating++
		case ready:
			s.Ready++
		default:
			if reason := failing(p); reason != "" {
				s.Failing++
				reasons[reason]++
			} else {
				s.Starting++
			}
		}
	}
	s.Missing = max(0, wanted-s.Ready-s.Starting-s.Failing)
	for text, n := range reasons {
		s.Reasons = append(s.Reasons, Reason{text, n})
	}
	slices.SortFunc(s.Reasons, func(a, b Reason) int { return cmp.Or(b.Pods-a.Pods, strings.Compare(a.Text, b.Text)) })
	return s
}

// failing returns why a pod that is not ready may never be, "" for no reason.
func failing(p *corev1.Pod) string {
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			if w := statuses[i].State.Waiting; w != nil && stuck[w.Reason] {
				return w.Reason
			}
		}
	}
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return corev1.PodReasonUnschedulable + ": " + c.Message
		}
	}
	return ""
}
