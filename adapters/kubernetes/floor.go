package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// FloorConfig says which HorizontalPodAutoscaler a Floor raises. A zero field means the value in brackets.
type FloorConfig struct {
	// Namespace and Name are those of the HorizontalPodAutoscaler. Required.
	Namespace, Name string
	// Target is what it scales [what its scaleTargetRef says, which is enough for Deployments, StatefulSets, ReplicaSets, and
	// custom resources whose name in the API is their kind with an s].
	Target Target
	// Client and Dynamic speak to the API server. Required.
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	// Pods, Boots, Nodes, Manager, DryRun and Logger are as in ScaleConfig. The Logger is told, too, when somebody else has
	// changed minReplicas, with the name that the server knows.
	Pods    Pods
	Boots   *BootTimes
	Nodes   *NodePool
	Manager string
	DryRun  bool
	Logger  *slog.Logger
}

// Floor is an Actuator that raises minReplicas of a HorizontalPodAutoscaler: the HPA goes on reacting above it, and goes on
// working when the engine does not. It is the safest way to meet an announced event. Its methods are safe for concurrent use.
//
// What minReplicas was before, the base, is remembered in an annotation of the HPA, in the same write that raises it, so
// that it comes back after a crash. No decision lowers minReplicas below the base: where the engine wants the base or
// less, the base is restored and the annotations go. Release does so at once, for who takes the engine away.
//
// Somebody who changes minReplicas while it is raised changes the base: their value is what is restored, and the floor goes on
// above it. Who wants it to stay as it is sets PausedAnnotation on the HPA; then Apply returns ErrPaused. A tool that
// puts minReplicas back to what stands in a repository should be told to leave this field alone.
//
// maxReplicas is never changed: a decision beyond it is carried out up to there, which is a *LimitError. An HPA that KEDA
// keeps is refused with a *RivalError, because KEDA would undo the change; so is one beside which another scales the same
// target.
//
// The fleet is what the target has, and at least what minReplicas asks for, since the HPA will bring that; what the HPA holds
// above it is not the engine's: as long as that is more than the engine wants, each decision is one to release, which changes
// nothing but the floor. A Floor wants every decision: see adapters.Bounding.
type Floor struct {
	cfg FloorConfig
	log *slog.Logger

	mu sync.Mutex
	of *workload // what the HPA scales, once it has been asked
}

var _ adapters.Bounding = (*Floor)(nil)

// NewFloor returns an Actuator that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewFloor(cfg FloorConfig) (*Floor, error) {
	var faults scaler.Faults
	need := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	if cfg.Target != (Target{}) {
		cfg.Target.Namespace = cfg.Namespace // an HPA scales within its own
		cfg.Target, faults = cfg.Target.complete()
	}
	need(cfg.Namespace != "", "namespace", `""`, "the namespace of the HorizontalPodAutoscaler")
	need(cfg.Name != "", "name", `""`, "the name of the HorizontalPodAutoscaler")
	need(cfg.Client != nil, "client", "nil", "a client")
	need(cfg.Dynamic != nil, "dynamic", "nil", "a dynamic client")
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Manager == "" {
		cfg.Manager = defaultManager
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Boots == nil {
		cfg.Boots = &BootTimes{}
	}
	return &Floor{cfg: cfg, log: cfg.Logger.With("hpa", cfg.Namespace+"/"+cfg.Name)}, nil
}

// Bounds implements adapters.Bounding.
func (f *Floor) Bounds() bool { return true }

// Boots returns the boot times that are learned.
func (f *Floor) Boots() *BootTimes { return f.cfg.Boots }

// State returns what was there when the fleet was looked at last.
func (f *Floor) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		return State{}
	}
	return f.of.State()
}

// hpa asks for the HorizontalPodAutoscaler.
func (f *Floor) hpa(ctx context.Context) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	hpa, err := f.cfg.Client.AutoscalingV2().HorizontalPodAutoscalers(f.cfg.Namespace).Get(ctx, f.cfg.Name, metav1.GetOptions{})
	return hpa, call(err, "get", "horizontalpodautoscalers", f.cfg.Namespace, f.cfg.Name)
}

// workload returns what an HPA scales.
func (f *Floor) workload(hpa *autoscalingv2.HorizontalPodAutoscaler) (*workload, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.cfg.Target
	if ref := hpa.Spec.ScaleTargetRef; t == (Target{}) {
		var faults scaler.Faults
		t, faults = Target{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: hpa.Namespace, Name: ref.Name}.complete()
		if len(faults) > 0 {
			return nil, fmt.Errorf("scaleTargetRef of %s: %w", f, faults)
		}
	} else if !t.is(ref.APIVersion, ref.Kind, ref.Name) {
		return nil, fmt.Errorf("%s scales %s %s; wanted %v", f, ref.Kind, ref.Name, t)
	}
	if f.of == nil || f.of.target != t {
		w := newWorkload(t, f.cfg.Client, f.cfg.Dynamic, f.cfg.Pods, f.cfg.Boots, f.cfg.Nodes, f.cfg.Logger)
		f.of = &w
	}
	return f.of, nil
}

// String names the HPA.
func (f *Floor) String() string { return hpaKind + " " + f.cfg.Namespace + "/" + f.cfg.Name }

// minimum is the count below which an HPA does not go.
func minimum(hpa *autoscalingv2.HorizontalPodAutoscaler) int32 {
	if hpa.Spec.MinReplicas == nil {
		return 1
	}
	return *hpa.Spec.MinReplicas
}

// Fleet implements adapters.Actuator. It takes a call for the HPA, one for the scale of its target and, without an
// informer, one for the pods.
func (f *Floor) Fleet(ctx context.Context) (policy.Fleet, error) {
	if ctx.Err() != nil {
		return policy.Fleet{}, ctx.Err()
	}
	hpa, err := f.hpa(ctx)
	if err != nil {
		return policy.Fleet{}, err
	}
	w, err := f.workload(hpa)
	if err != nil {
		return policy.Fleet{}, err
	}
	return w.fleet(ctx, func(now scale) int {
		if now.replicas == 0 { // the HPA leaves a target of none alone: somebody has switched it off
			return 0
		}
		return max(now.replicas, int(min(minimum(hpa), hpa.Spec.MaxReplicas)))
	})
}

// Apply implements adapters.Actuator.
func (f *Floor) Apply(ctx context.Context, d *scaler.Decision) error { return f.raise(ctx, d.Replicas) }

// Release restores the base.
func (f *Floor) Release(ctx context.Context) error { return f.raise(ctx, 0) }

// raise makes minReplicas so much, if the base is not more.
func (f *Floor) raise(ctx context.Context, wanted int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return onConflict(ctx, func() error { return f.set(ctx, wanted) })
}

func (f *Floor) set(ctx context.Context, wanted int) error {
	hpa, err := f.hpa(ctx)
	if err != nil {
		return err
	}
	w, err := f.workload(hpa)
	if err != nil {
		return err
	}
	base := f.base(ctx, hpa)
	most := max(hpa.Spec.MaxReplicas, base)
	floor := min(max(int32(min(wanted, int(most))), base), most)
	change := f.change(hpa, base, floor)
	if change == nil {
		return f.limited(wanted, floor)
	}
	// Whether it may be changed is asked only where it is to be.
	if paused(hpa.Annotations) {
		return fmt.Errorf("%s: %w", f, ErrPaused)
	}
	if name := kedaOf(hpa); name != "" {
		return kedaRival(w.target, name)
	}
	if err := rival(ctx, f.cfg.Client, f.cfg.Dynamic, w.target, hpa.Name); err != nil {
		return err
	}
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = f.cfg.Client.AutoscalingV2().HorizontalPodAutoscalers(hpa.Namespace).Patch(ctx, hpa.Name, types.JSONPatchType, patch, patchOptions(f.cfg.Manager, f.cfg.DryRun))
	if apierrors.IsInvalid(err) && f.moved(ctx, hpa) {
		err = apierrors.NewConflict(autoscalingv2.Resource("horizontalpodautoscalers"), hpa.Name, err)
	}
	if err != nil {
		return call(err, "patch", "horizontalpodautoscalers", hpa.Namespace, hpa.Name)
	}
	return f.limited(wanted, floor)
}

// moved says whether an HPA is another one than was looked at, in what a change rests on: then a patch that was refused has
// found so, and is no mistake.
func (f *Floor) moved(ctx context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	now, err := f.hpa(ctx)
	return err == nil && (now.UID != hpa.UID || minimum(now) != minimum(hpa) || len(now.Annotations) > 0 != (len(hpa.Annotations) > 0))
}

func (f *Floor) limited(wanted int, floor int32) error {
	if wanted > int(floor) {
		return &LimitError{wanted, int(floor), "maxReplicas of " + f.String()}
	}
	return nil
}

// base returns what minReplicas is without the engine.
func (f *Floor) base(ctx context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) int32 {
	now := minimum(hpa)
	base, ok := number(hpa.Annotations, BaseAnnotation)
	if !ok {
		return now
	}
	set, ok := number(hpa.Annotations, FloorAnnotation)
	if ok && set == now {
		return base
	}
	f.log.WarnContext(ctx, "somebody else has changed minReplicas: it is the new base", "set", set, "found", now, "base", base, "by", writer(hpa))
	return now
}

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// change returns the patch that turns hpa into one with a base and a floor, nil where it is one. It demands of the object what
// the change rests on, and nothing else: an HPA is written all the time, by its controller, and a patch of one version would seldom
// find it.
func (f *Floor) change(hpa *autoscalingv2.HorizontalPodAutoscaler, base, floor int32) []operation {
	annotations := map[string]string{}
	if floor > base {
		annotations = map[string]string{BaseAnnotation: strconv.Itoa(int(base)), FloorAnnotation: strconv.Itoa(int(floor))}
	}
	patch := []operation{{"test", "/metadata/uid", hpa.UID}}
	if hpa.Spec.MinReplicas != nil {
		patch = append(patch, operation{"test", "/spec/minReplicas", *hpa.Spec.MinReplicas})
	}
	demands := len(patch)
	if minimum(hpa) != floor {
		patch = append(patch, operation{"add", "/spec/minReplicas", floor}) // which replaces one that is there
	}
	if len(hpa.Annotations) == 0 && len(annotations) > 0 {
		patch = append(patch, operation{"test", "/metadata/annotations", nil}, operation{"add", "/metadata/annotations", map[string]string{}})
	}
	for _, name := range []string{BaseAnnotation, FloorAnnotation} {
		path := "/metadata/annotations/" + strings.ReplaceAll(name, "/", "~1")
		value, wanted := annotations[name]
		switch was, there := hpa.Annotations[name]; {
		case wanted && value != was:
			patch = append(patch, operation{"add", path, value})
		case !wanted && there:
			patch = append(patch, operation{"remove", path, nil})
		}
	}
	if len(patch) == demands {
		return nil
	}
	return patch
}

// writer returns who has written minReplicas last, as far as the server has noted it.
func writer(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	name := "somebody"
	var newest metav1.Time
	for _, m := range hpa.ManagedFields {
		if m.FieldsV1 == nil || m.Time == nil || m.Time.Before(&newest) {
			continue
		}
		var fields struct {
			Spec map[string]json.RawMessage `json:"f:spec"`
		}
		if json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) == nil && fields.Spec["f:minReplicas"] != nil {
			name, newest = m.Manager, *m.Time
		}
	}
	return name
}
