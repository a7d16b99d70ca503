package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ScaleConfig says what a Scale acts on. A zero field means the value in brackets.
type ScaleConfig struct {
	// Target has the replicas. Required.
	Target Target
	// Client and Dynamic speak to the API server. Required. Their limits of queries per second are the caller's.
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	// Pods finds the pods [ListPods of Client].
	Pods Pods
	// Boots learns boot times [one for this actuator]. Workloads of the same image on the same nodes may share one.
	Boots *BootTimes
	// Nodes are those that carry the replicas, for an engine that chooses sizes [none].
	Nodes *NodePool

	// Min and Max are bounds that no decision passes, whatever the engine's are [0, and none].
	Min, Max int
	// Manager is the field manager that the server notes for every change ["headroom"].
	Manager string
	// DryRun has the server check every change and make none.
	DryRun bool

	// Logger is told of replicas that do not come, and of targets that are created again [nobody].
	Logger *slog.Logger
}

const defaultManager = "headroom"

// Scale is an Actuator that sets spec.replicas of any object with a scale subresource: Deployments, StatefulSets,
// ReplicaSets and custom resources. Its methods are safe for concurrent use.
//
// Replicas count as ready if their pods are, and as starting if they are wanted and not ready, whatever stands in their
// way; State says what does. The boot time of the fleet is that which one pod in twenty exceeds.
//
// Apply refuses with a *RivalError where a HorizontalPodAutoscaler or a ScaledObject of KEDA scales the target, too, and
// with ErrPaused where the target carries PausedAnnotation. A decision beyond Min or Max is carried out up to there, which is
// a *LimitError. An order sets the count whatever else is written to the target at the same time, as kubectl scale does, but
// only of the object that was looked at: one that was created anew meanwhile is looked at again.
type Scale struct {
	workload
	cfg ScaleConfig
}

var _ adapters.Actuator = (*Scale)(nil)

// NewScale returns an Actuator that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewScale(cfg ScaleConfig) (*Scale, error) {
	target, faults := cfg.Target.complete()
	cfg.Target = target
	need := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	need(cfg.Client != nil, "client", "nil", "a client")
	need(cfg.Dynamic != nil, "dynamic", "nil", "a dynamic client")
	need(cfg.Min >= 0, "min", strconv.Itoa(cfg.Min), "0 or more")
	need(cfg.Max == 0 || cfg.Max >= cfg.Min, "max", strconv.Itoa(cfg.Max), "0 (none), or min or more")
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Manager == "" {
		cfg.Manager = defaultManager
	}
	return &Scale{newWorkload(cfg.Target, cfg.Client, cfg.Dynamic, cfg.Pods, cfg.Boots, cfg.Nodes, cfg.Logger), cfg}, nil
}

// newWorkload fills in defaults.
func newWorkload(t Target, client kubernetes.Interface, dynamic dynamic.Interface, pods Pods, boots *BootTimes, nodes *NodePool, log *slog.Logger) workload {
	if pods == nil {
		pods = ListPods(client)
	}
	if boots == nil {
		boots = &BootTimes{}
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return workload{target: t, dynamic: dynamic, pods: pods, boots: boots, nodes: nodes, log: log}
}

// Fleet implements adapters.Actuator. It takes a call for the scale and, without an informer, one for the pods.
func (s *Scale) Fleet(ctx context.Context) (policy.Fleet, error) {
	if ctx.Err() != nil {
		return policy.Fleet{}, ctx.Err()
	}
	return s.fleet(ctx, func(now scale) int { return now.replicas })
}

// Apply implements adapters.Actuator.
func (s *Scale) Apply(ctx context.Context, d *scaler.Decision) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	wanted := max(d.Replicas, s.cfg.Min)
	if s.cfg.Max > 0 {
		wanted = min(wanted, s.cfg.Max)
	}
	if err := rival(ctx, s.cfg.Client, s.cfg.Dynamic, s.target, ""); err != nil {
		return err
	}
	err := onConflict(ctx, func() error { return s.set(ctx, wanted) })
	if err != nil {
		return err
	}
	switch {
	case wanted < d.Replicas:
		return &LimitError{d.Replicas, wanted, fmt.Sprintf("the configured maximum of %v", s.target)}
	case wanted > d.Replicas:
		return &LimitError{d.Replicas, wanted, fmt.Sprintf("the configured minimum of %v", s.target)}
	}
	return nil
}

// set makes it so many replicas, if the target is the one that was looked at. That it is as it was is not demanded: those who write
// to it all the time would keep an order from ever being placed.
func (s *Scale) set(ctx context.Context, wanted int) error {
	object, err := s.object(ctx)
	if err != nil {
		return err
	}
	if paused(object.GetAnnotations()) {
		return fmt.Errorf("%v: %w", s.target, ErrPaused)
	}
	now, err := s.scale(ctx)
	if err != nil {
		return err
	}
	if now.replicas == wanted {
		return nil
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": now.uid},
		"spec":     map[string]any{"replicas": wanted},
	})
	if err != nil {
		return err
	}
	_, err = s.api().Patch(ctx, s.target.Name, types.MergePatchType, patch, patchOptions(s.cfg.Manager, s.cfg.DryRun), "scale")
	return s.call(err, "patch", "/scale")
}

func patchOptions(manager string, dryRun bool) metav1.PatchOptions {
	o := metav1.PatchOptions{FieldManager: manager}
	if dryRun {
		o.DryRun = []string{metav1.DryRunAll}
	}
	return o
}
