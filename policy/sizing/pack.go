package sizing

import "math"

// Resources are amounts of what a machine has and a pod takes.
type Resources struct {
	CPU     float64 `json:"cpu,omitempty"`     // cores
	Memory  float64 `json:"memory,omitempty"`  // GiB
	Network float64 `json:"network,omitempty"` // Gbit/s
}

// NumResources is the number of resources, and ResourceNames how they are called.
const NumResources = 3

// ResourceNames are the names of the resources, in the order of Resources.
var ResourceNames = [NumResources]string{"cpu", "memory", "network"}

// At returns the i-th of the resources, in the order of ResourceNames.
func (r Resources) At(i int) float64 {
	switch i {
	case 0:
		return r.CPU
	case 1:
		return r.Memory
	default:
		return r.Network
	}
}

// Sub returns what is left of r when o is taken, nothing below 0.
func (r Resources) Sub(o Resources) Resources {
	return Resources{math.Max(0, r.CPU-o.CPU), math.Max(0, r.Memory-o.Memory), math.Max(0, r.Network-o.Network)}
}

// KubeReserved returns what a node keeps for itself under the usual formula of managed Kubernetes: of CPU 6 % of the first core, 1 %
// of the second, 0.5 % of the next two and 0.25 % of all beyond; of memory 255 MiB, 11 MiB for each of so many pods, and the
// 100 MiB at which pods are evicted. What the hypervisor takes of memory (7.5 % by a common rule) is for the catalogue to say.
func KubeReserved(cores float64, pods int) Resources {
	part := func(from, to, share float64) float64 {
		return float64(share * math.Max(0, math.Min(cores, to)-from))
	}
	return Resources{
		CPU:    part(0, 1, 0.06) + part(1, 2, 0.01) + part(2, 4, 0.005) + part(4, math.Inf(1), 0.0025),
		Memory: float64(255+11*pods+100) / 1024,
	}
}

// Pods returns how many pods that request so much each fit on a node with so much to give, at most most (0: any number), and
// the resource that is full first, an index of ResourceNames, or -1 where it is the number of pods. A pod that requests
// nothing fits most times, or not at all where there is no such bound.
func Pods(node, request Resources, most int) (pods, bottleneck int) {
	fit, bottleneck := math.Inf(1), -1
	if most > 0 {
		fit = float64(most)
	}
	for i := range NumResources {
		if want := request.At(i); want > 0 {
			// A quotient that should be whole may come out a little below.
			if n := math.Floor(node.At(i) / want * (1 + 1e-12)); n < fit {
				fit, bottleneck = n, i
			}
		}
	}
	if math.IsInf(fit, 0) {
		return 0, -1
	}
	return int(fit), bottleneck
}
