package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// ErrPaused is what Apply returns while PausedAnnotation stands on the object.
var ErrPaused = errors.New("paused by the annotation " + PausedAnnotation)

// RivalError says that somebody else scales the target as well. Two autoscalers on one object undo each other's work, so that
// Apply does nothing.
type RivalError struct {
	Target Target
	Rival  string // such as HorizontalPodAutoscaler shop/web
	Advice string
}

// Error implements error.
func (e *RivalError) Error() string {
	return fmt.Sprintf("%v is scaled by %s, too; %s", e.Target, e.Rival, e.Advice)
}

// LimitError says that a decision was carried out as far as a limit allows.
type LimitError struct {
	Wanted, Applied int
	Limit           string // such as maxReplicas of HorizontalPodAutoscaler shop/web
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%d replicas instead of %d: %s allows no more", e.Applied, e.Wanted, e.Limit)
}

// CallError is a call of the API server that failed. It unwraps to the error of client-go.
type CallError struct {
	Verb, Resource, Object string // such as patch, deployments/scale and shop/web
	Err                    error
}

// Error implements error. Where access is denied it says which rule is missing.
func (e *CallError) Error() string {
	s := fmt.Sprintf("%s %s %s: %v", e.Verb, e.Resource, e.Object, e.Err)
	if apierrors.IsForbidden(e.Err) {
		s += fmt.Sprintf("; a Role must allow the verb %q on %q", e.Verb, e.Resource)
	}
	return s
}

// Unwrap returns the error of client-go.
func (e *CallError) Unwrap() error { return e.Err }

// Temporary says whether the call may succeed if it is made again: see adapters.Retry. An object that is not there, a rule that is
// missing and a value that is refused stay as they are for the next seconds.
func (e *CallError) Temporary() bool {
	var status apierrors.APIStatus
	if !errors.As(e.Err, &status) {
		return !errors.Is(e.Err, context.Canceled) // the connection
	}
	switch code := status.Status().Code; code {
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	default:
		return code >= 500 || code == 0
	}
}

// Wait returns how long the server wants to be left alone, 0 where it says nothing.
func (e *CallError) Wait() time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(e.Err)
	return time.Duration(seconds) * time.Second
}

// call wraps the error of a call.
func call(err error, verb, resource, namespace, name string) error {
	if err == nil {
		return nil
	}
	object := namespace + "/" + name
	if name == "" {
		object = "in " + namespace
	}
	return &CallError{verb, resource, object, err}
}

// What a call may have come to, beside failing.
func notFound(err error) bool { return apierrors.IsNotFound(err) }
func exists(err error) bool   { return apierrors.IsAlreadyExists(err) }
func conflict(err error) bool { return apierrors.IsConflict(err) }
