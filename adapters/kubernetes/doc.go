// Package kubernetes acts on Kubernetes: Actuators that set the replicas of a workload (Scale) or the smallest count of the
// HorizontalPodAutoscaler that scales it (Floor), fleets whose boot time is learned from pods, recommendations for HPAs over the
// external metrics API (ExternalMetrics), and a Store of snapshots in a ConfigMap.
//
// It is a module of its own, because client-go is heavy. It starts no goroutine: clients and informers are the caller's.
//
//	floor, err := kubernetes.NewFloor(kubernetes.FloorConfig{Namespace: "shop", Name: "web", Client: client, Dynamic: dynamic})
//	...
//	runner, err := adapters.NewRunner(adapters.Config{Engine: engine, Sources: sources, Actuator: floor})
//
// # Which actuator
//
// Floor, where an HPA scales the workload today, and for planned spikes in any case: the HPA goes on reacting above the floor,
// and goes on working when the engine is down. Scale, where nothing else scales the workload; two autoscalers on one object undo each
// other's work, so that Scale refuses to act beside an HPA or KEDA. ExternalMetrics, where the HPA shall stay the one
// that decides, among several metrics; it is the slowest, because the HPA looks every 15 s and grows by its own policies.
//
// # Access
//
// A Scale of Deployments needs a Role with
//
//   - {apiGroups: [apps], resources: [deployments], verbs: [get]}
//   - {apiGroups: [apps], resources: [deployments/scale], verbs: [get, patch]}
//   - {apiGroups: [""], resources: [pods], verbs: [list]}   # and watch, with an informer
//   - {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list]}
//   - {apiGroups: [keda.sh], resources: [scaledobjects], verbs: [list]}   # where there is KEDA
//
// and a Floor the same without patch on scales, and
//
//   - {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [get, list, patch]}
//
// A Store needs get, create and update on configmaps, a NodePool list on nodes (a ClusterRole). An error of a call that was denied
// names the verb and the resource.
//
// # External metrics
//
// The API server finds ExternalMetrics through an APIService, which is one for the whole cluster and group. Look before you
// register one:
//
//	kubectl get apiservice v1beta1.external.metrics.k8s.io -o jsonpath='{.spec.service}'
//
// Where KEDA owns it, let KEDA's scaler metrics-api read the recommendations that package webhook hands out; where an agent of a
// monitoring system owns it, write the recommendation there as a metric (package datadog has an Observer) and point the
// HPA at that.
package kubernetes
