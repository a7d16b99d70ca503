// Package e2e has the tests of the Kubernetes adapters on a real control plane: etcd, kube-apiserver and
// kube-controller-manager, built from their Go modules and run on loopback. There is no scheduler, no node and no container: a
// Kubelet of the tests says of each pod that it runs, when its time has come.
//
//	make e2e
//
// builds the programs into the cache of the user, which takes some ten minutes the first time, and runs the tests.
package e2e
