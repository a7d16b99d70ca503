// Package controller runs a deployment file (package deploy) in a Kubernetes cluster: as many copies as you like, of which each
// workload is driven by one.
//
//	err := controller.Run(ctx, controller.Config{REST: rest, Namespace: "headroom", Identity: podName, File: "/etc/headroom/headroom.yaml"})
//
// # Leases
//
// Workloads are dealt to Shards by their names, and each shard has a Lease, which one copy holds at a time. A copy that has one
// already lets others go first. When a copy ends it stops its workloads, saves their snapshots and gives its leases back; when it
// dies, others have them after LeaseDuration, begin with its snapshots and decide at once.
//
// Whoever has lost a lease does not act: every Apply and every Save begins only while the lease is known to be held, and ends
// before somebody else can have it. docs/decisions/2026-11-23-controller.md says what is left.
//
// # What the document says
//
// An actuator is other: {type: scale, settings: {kind, namespace, name}} or other: {type: floor, settings: {namespace, name}}; see
// Scale and Floor of adapters/kubernetes. A workload without a store has one in a ConfigMap. Each change is an Event of the object
// that was changed. Metrics of all workloads are at /metrics, whatever the document says of them.
package controller
