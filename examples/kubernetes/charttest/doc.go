// Package charttest holds the chart and the manifests of the controller against Helm and the types of the Kubernetes API. It is a
// module of its own because Helm is heavy; it has tests alone.
package charttest
