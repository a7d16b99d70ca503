package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/scaler"
)

// eventSettings say what the events are about.
type eventSettings struct {
	Actuator string          `json:"actuator"`
	Settings json.RawMessage `json:"settings"`
}

// events makes an Event of each change, on the object that was changed, so that kubectl describe shows who has done it and why.
type events struct {
	c    *controller
	log  *slog.Logger
	ref  corev1.ObjectReference // without UID
	api  schema.GroupVersionResource
	last string // what could not be applied, so that it is said once

	floor bool // what is changed is the floor of an HPA
	said  int  // the floor that was wanted last; an HPA that holds more than that is no news
}

var _ adapters.Reporter = (*events)(nil)

const (
	eventTimeout = 2 * time.Second // the loop waits for it
	maxMessage   = 1000            // the API takes 1024 bytes
)

func (c *controller) newEvents(part deploy.Part) (adapters.Observer, error) {
	var s eventSettings
	if err := part.Decode(&s); err != nil {
		return nil, err
	}
	var t targetSettings
	if err := json.Unmarshal(s.Settings, &t); err != nil {
		return nil, err
	}
	if s.Actuator == typeFloor {
		t.APIVersion, t.Kind, t.Resource = "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"
	}
	group, resource, kinds := t.object()
	return &events{
		c: c, log: part.Logger, api: group.WithResource(resource), floor: s.Actuator == typeFloor,
		ref: corev1.ObjectReference{APIVersion: group.String(), Kind: kinds, Namespace: t.Namespace, Name: t.Name},
	}, nil
}

// object is how the API calls the target; NewScale has refused what cannot be called.
func (s *targetSettings) object() (group schema.GroupVersion, resource, kind string) {
	group, _ = schema.ParseGroupVersion(cmp.Or(s.APIVersion, "apps/v1"))
	return group, cmp.Or(s.Resource, strings.ToLower(s.Kind)+"s"), s.Kind
}

// Decision implements adapters.Observer. Report knows whether it was applied.
func (e *events) Decision(context.Context, *scaler.Decision) {}

// Report implements adapters.Reporter.
func (e *events) Report(ctx context.Context, r *adapters.Report) {
	d := &r.Decision
	if d.Time.IsZero() || r.Mode != adapters.ModeAct {
		return
	}
	kind, message := corev1.EventTypeNormal, d.String()
	var reason string
	switch {
	case r.Applied:
		e.last = ""
		if reason = e.change(d); reason == "" {
			return
		}
		if e.floor {
			message = fmt.Sprintf("floor of %d: %s", d.Replicas, message)
		}
	default:
		text, ok := refusal(r.Err)
		if !ok || text == e.last {
			return
		}
		kind, reason, e.last = corev1.EventTypeWarning, "ScalingLimited", text
		message = text + "; decided was " + message
	}
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	if err := e.send(ctx, kind, reason, message); err != nil && ctx.Err() == nil {
		e.log.WarnContext(ctx, "event", "error", err)
	}
}

// change returns the reason of an Event about a decision that was applied, "" for none. A floor is applied each time, and the HPA may
// hold more than the engine wants all day long: what counts there is that another floor is wanted.
func (e *events) change(d *scaler.Decision) string {
	if !e.floor {
		switch change := d.Change(); {
		case change > 0:
			return "ScaledUp"
		case change < 0:
			return "ScaledDown"
		}
		return ""
	}
	was := e.said
	e.said = d.Replicas
	switch {
	case was == 0 && d.Change() <= 0: // the first: what was wanted before is not known
		return ""
	case d.Replicas > was:
		return "FloorRaised"
	case d.Replicas < was:
		return "FloorLowered"
	}
	return ""
}

// refusal is what stands in the way of a change until somebody does something about it.
func refusal(err error) (string, bool) {
	var limit *kubernetes.LimitError
	var rival *kubernetes.RivalError
	switch {
	case errors.As(err, &limit):
		return limit.Error(), true
	case errors.As(err, &rival):
		return rival.Error(), true
	case errors.Is(err, kubernetes.ErrPaused):
		return kubernetes.ErrPaused.Error(), true
	}
	return "", false
}

func (e *events) send(ctx context.Context, kind, reason, message string) error {
	object, err := e.c.cfg.Dynamic.Resource(e.api).Namespace(e.ref.Namespace).Get(ctx, e.ref.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get %s %s/%s: %w", e.api.Resource, e.ref.Namespace, e.ref.Name, err)
	}
	ref := e.ref
	ref.UID = object.GetUID()
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	now := metav1.NewTime(time.Now())
	_, err = e.c.cfg.Client.CoreV1().Events(ref.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: ref.Namespace, Name: fmt.Sprintf("%s.%x", ref.Name, now.UnixNano())},
		InvolvedObject: ref, Type: kind, Reason: reason, Message: message,
		Source: corev1.EventSource{Component: e.c.cfg.Name}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
		ReportingController: "headroom-go.github.io/controller", ReportingInstance: e.c.cfg.Identity,
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create events in %s: %w", ref.Namespace, err)
	}
	return nil
}
