package kubernetes

import (
	"context"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// scaledObjects are KEDA's.
var scaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}

const (
	kedaKind = "ScaledObject"
	hpaKind  = "HorizontalPodAutoscaler"
)

// rival returns who scales the target besides the HPA of the name mine, nil for nobody.
func rival(ctx context.Context, client kubernetes.Interface, dynamic dynamic.Interface, t Target, mine string) error {
	list, err := client.AutoscalingV2().HorizontalPodAutoscalers(t.Namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return call(err, "list", "horizontalpodautoscalers", t.Namespace, "")
	}
	for i := range list.Items {
		hpa := &list.Items[i]
		ref := hpa.Spec.ScaleTargetRef
		if hpa.Name == mine || !t.is(ref.APIVersion, ref.Kind, ref.Name) {
			continue
		}
		if name := kedaOf(hpa); name != "" {
			return kedaRival(t, name)
		}
		advice := "delete it, or raise its minReplicas with a Floor instead"
		if mine != "" {
			advice = "delete one of the two"
		}
		return &RivalError{t, hpaKind + " " + hpa.Namespace + "/" + hpa.Name, advice}
	}
	return scaledObject(ctx, dynamic, t)
}

// kedaOf returns the name of the ScaledObject that made an HPA, "" for none.
func kedaOf(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	for _, owner := range hpa.OwnerReferences {
		if owner.Kind == kedaKind {
			return owner.Name
		}
	}
	return ""
}

func kedaRival(t Target, name string) error {
	return &RivalError{t, kedaKind + " " + t.Namespace + "/" + name + " (KEDA)",
		"delete it, or have it take recommendations: its scaler metrics-api reads those that package webhook hands out"}
}

// scaledObject finds a ScaledObject of KEDA that has no HPA at the moment. Where there is no KEDA, or nobody may look, there is
// none.
func scaledObject(ctx context.Context, dynamic dynamic.Interface, t Target) error {
	list, err := dynamic.Resource(scaledObjects).Namespace(t.Namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	switch {
	case notFound(err) || apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return call(err, "list", scaledObjects.Resource, t.Namespace, "")
	}
	for i := range list.Items {
		ref, _, _ := unstructured.NestedStringMap(list.Items[i].Object, "spec", "scaleTargetRef")
		kind := ref["kind"]
		if kind == "" {
			kind = "Deployment"
		}
		if t.is(ref["apiVersion"], kind, ref["name"]) {
			return kedaRival(t, list.Items[i].GetName())
		}
	}
	return nil
}
