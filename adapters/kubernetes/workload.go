package kubernetes

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/headroom-go/headroom/policy"
)

// workload looks at the replicas of one target.
type workload struct {
	target  Target
	dynamic dynamic.Interface
	pods    Pods
	boots   *BootTimes
	nodes   *NodePool // nil where nobody asks for sizes
	log     *slog.Logger

	mu    sync.Mutex
	uid   types.UID
	state State
}

// scale is what the scale subresource says.
type scale struct {
	uid      types.UID
	replicas int    // wanted
	seen     int    // that the controller of the target counts
	selector string // "" where the target has none
}

func (w *workload) api() dynamic.ResourceInterface {
	return w.dynamic.Resource(w.target.resource()).Namespace(w.target.Namespace)
}

func (w *workload) call(err error, verb, sub string) error {
	return call(err, verb, w.target.Resource+sub, w.target.Namespace, w.target.Name)
}

// scale asks for the scale subresource.
func (w *workload) scale(ctx context.Context) (scale, error) {
	u, err := w.api().Get(ctx, w.target.Name, metav1.GetOptions{}, "scale")
	if err != nil {
		return scale{}, w.call(err, "get", "/scale")
	}
	replicas, _, e1 := unstructured.NestedInt64(u.Object, "spec", "replicas") // left out for 0
	seen, _, e2 := unstructured.NestedInt64(u.Object, "status", "replicas")
	selector, _, e3 := unstructured.NestedString(u.Object, "status", "selector")
	for _, err := range []error{e1, e2, e3} {
		if err != nil {
			return scale{}, w.call(err, "get", "/scale")
		}
	}
	return scale{u.GetUID(), int(replicas), int(seen), selector}, nil
}

// fleet returns what is there, of wanted replicas at least: an order that the target has not heard of yet.
func (w *workload) fleet(ctx context.Context, ordered func(s scale) int) (policy.Fleet, error) {
	s, err := w.scale(ctx)
	if err != nil {
		return policy.Fleet{}, err
	}
	wanted := ordered(s)
	state := State{Wanted: wanted, Ready: min(s.seen, wanted), Starting: wanted - min(s.seen, wanted)}
	if s.selector != "" {
		selector, err := labels.Parse(s.selector)
		if err != nil {
			return policy.Fleet{}, fmt.Errorf("%v: the selector of its scale: %w", w.target, err)
		}
		pods, err := w.pods.List(ctx, w.target.Namespace, selector)
		if err != nil {
			return policy.Fleet{}, err
		}
		w.boots.Note(w.target, pods)
		if state = count(wanted, pods); state.Missing > 0 {
			state.Reasons = append(state.Reasons, w.refusals(ctx)...)
		}
	}
	w.note(ctx, s.uid, state)

	// During a rolling update there are more pods than are wanted, and a few less that serve: that is neither an order nor a
	// loss. What is wanted is what is paid for, and what serves of it is ready.
	ready := min(state.Ready, wanted)
	fleet := policy.Fleet{Ready: ready, Starting: wanted - ready, Boot: w.boots.High()}
	if w.nodes != nil {
		fleet.Nodes, err = w.nodes.Nodes(ctx)
	}
	return fleet, err
}

// refusals returns why the controller of the target does not create pods, as far as its conditions say so: a quota, an
// admission policy. It is asked for only where pods are missing, and what it cannot find out is left out.
func (w *workload) refusals(ctx context.Context) []Reason {
	u, err := w.api().Get(ctx, w.target.Name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	var reasons []Reason
	for _, c := range conditions {
		fields, _ := c.(map[string]any)
		if fields["type"] == "ReplicaFailure" && fields["status"] == "True" {
			reasons = append(reasons, Reason{Text: fmt.Sprint(fields["message"])})
		}
	}
	return reasons
}

// note keeps the state, and logs what somebody should know.
func (w *workload) note(ctx context.Context, uid types.UID, state State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log.With("target", w.target.String())
	if w.uid != "" && uid != w.uid {
		log.InfoContext(ctx, "the target was deleted and created again")
	}
	troubled := func(s State) bool { return len(s.Reasons) > 0 }
	switch {
	case troubled(state) && !troubled(w.state):
		log.WarnContext(ctx, "replicas do not come", "state", state.String())
	case !troubled(state) && troubled(w.state):
		log.InfoContext(ctx, "replicas come again", "state", state.String())
	}
	w.uid, w.state = uid, state
}

// State returns what was there when the fleet was looked at last.
func (w *workload) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Boots returns the boot times that are learned.
func (w *workload) Boots() *BootTimes { return w.boots }

// object returns the target itself.
func (w *workload) object(ctx context.Context) (*unstructured.Unstructured, error) {
	u, err := w.api().Get(ctx, w.target.Name, metav1.GetOptions{})
	return u, w.call(err, "get", "")
}
