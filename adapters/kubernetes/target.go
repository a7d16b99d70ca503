package kubernetes

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/headroom-go/headroom/scaler"
)

// Target names an object that has replicas and a scale subresource.
type Target struct {
	// APIVersion is that of the object ["apps/v1" for a Deployment, StatefulSet or ReplicaSet].
	APIVersion string
	// Kind is that of the object, such as Deployment. Required.
	Kind string
	// Resource is what the API calls objects of the kind, in the plural and lower case [that of the kinds of apps/v1, and
	// else the kind in lower case with an s].
	Resource string
	// Namespace and Name are the object's. Required.
	Namespace, Name string
}

// apps are the kinds of apps/v1 that have a scale subresource.
var apps = map[string]string{"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}

// complete returns t with its defaults, and what is wrong with it.
func (t Target) complete() (Target, scaler.Faults) {
	var faults scaler.Faults
	need := func(value, field, wanted string) {
		if value == "" {
			faults = append(faults, scaler.Fault{Field: "target." + field, Value: `""`, Wanted: wanted})
		}
	}
	if resource, ok := apps[t.Kind]; ok && (t.APIVersion == "" || t.APIVersion == "apps/v1") {
		t.APIVersion = "apps/v1"
		if t.Resource == "" {
			t.Resource = resource
		}
	}
	if t.Resource == "" && t.Kind != "" {
		t.Resource = strings.ToLower(t.Kind) + "s"
	}
	need(t.Kind, "kind", "a kind such as Deployment")
	need(t.APIVersion, "api_version", "one such as apps/v1")
	need(t.Namespace, "namespace", "the namespace of the object")
	need(t.Name, "name", "the name of the object")
	if _, err := schema.ParseGroupVersion(t.APIVersion); err != nil {
		faults = append(faults, scaler.Fault{Field: "target.api_version", Value: strconv.Quote(t.APIVersion), Wanted: "one such as apps/v1"})
	}
	return t, faults
}

// resource is t for the dynamic client; t has been completed.
func (t Target) resource() schema.GroupVersionResource {
	gv, _ := schema.ParseGroupVersion(t.APIVersion) // complete has seen it
	return gv.WithResource(t.Resource)
}

// String returns t as people write it: Deployment shop/web.
func (t Target) String() string { return t.Kind + " " + t.Namespace + "/" + t.Name }

// is says whether a reference of an autoscaler in the namespace of t means t.
func (t Target) is(apiVersion, kind, name string) bool {
	if kind != t.Kind || name != t.Name {
		return false
	}
	if apiVersion == "" { // as KEDA has it, for a Deployment
		return true
	}
	// The version of a group is no difference: whoever scales apps/v1beta2 scales the same object.
	ours, _ := schema.ParseGroupVersion(t.APIVersion)
	theirs, err := schema.ParseGroupVersion(apiVersion)
	return err == nil && ours.Group == theirs.Group
}
