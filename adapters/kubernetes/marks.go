package kubernetes

import (
	"strconv"
)

// The annotations that the package reads and writes.
const (
	// PausedAnnotation on a target, or on the HorizontalPodAutoscaler of a Floor, stops everything that would change it
	// while its value is true.
	PausedAnnotation = "headroom-go.github.io/paused"
	// BaseAnnotation is the minReplicas that a Floor has raised, as it found it, and FloorAnnotation what it has made of it. They
	// come and go in the same write as the change itself, so that no crash can lose the one of the other.
	BaseAnnotation  = "headroom-go.github.io/base-min-replicas"
	FloorAnnotation = "headroom-go.github.io/floor"
)

// paused says whether an object is marked so. What cannot be understood pauses, too: somebody meant something.
func paused(annotations map[string]string) bool {
	value, ok := annotations[PausedAnnotation]
	if !ok {
		return false
	}
	yes, err := strconv.ParseBool(value)
	return yes || err != nil
}

// number returns the count in an annotation, and false where there is none that can be understood.
func number(annotations map[string]string, name string) (int32, bool) {
	n, err := strconv.ParseInt(annotations[name], 10, 32)
	return int32(n), err == nil && n >= 0
}
