package kubernetes

import (
	"math"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// BootTimes learns how long pods take from their creation until they are ready. It is safe for concurrent use; the zero value has
// seen none.
//
// Each pod counts once, when it is first seen ready, with the time between its creation and the last time it became
// ready, both as the API server and the node have written them. A pod that became ready more than an hour after its
// creation, or before it, tells nothing of booting: it has failed and come back, or two clocks differ by more than a boot.
type BootTimes struct {
	mu   sync.Mutex
	seen map[Target]map[types.UID]bool // ready pods, by workload
	ring [bootsKept]time.Duration
	n    int // all that were noted
	said time.Duration
}

const (
	bootsKept    = 64 // of the newest
	bootsNeeded  = 5  // before anything is said: the largest of fewer is no 95th percentile of anything
	longestBoot  = time.Hour
	bootQuantile = 0.95
	bootFalls    = 0.8 // what is said falls only if what is measured is below this part of it
)

// Note takes what pods tell. pods are all those of a workload: of its pods those that are missing are forgotten.
func (b *BootTimes) Note(of Target, pods []*corev1.Pod) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := make(map[types.UID]bool, len(pods))
	// Which pods are the newest matters where there are many at first sight.
	fresh := make([]*corev1.Pod, 0, len(pods))
	for _, p := range pods {
		if _, ready := readySince(p); ready {
			seen[p.UID] = true
			if !b.seen[of][p.UID] {
				fresh = append(fresh, p)
			}
		}
	}
	slices.SortStableFunc(fresh, func(a, c *corev1.Pod) int { return a.CreationTimestamp.Compare(c.CreationTimestamp.Time) })
	for _, p := range fresh {
		since, _ := readySince(p)
		if boot := since.Sub(p.CreationTimestamp.Time); boot >= 0 && boot <= longestBoot {
			b.ring[b.n%bootsKept] = boot
			b.n++
		}
	}
	if b.seen == nil {
		b.seen = map[Target]map[types.UID]bool{}
	}
	b.seen[of] = seen
}

// readySince returns when a pod became ready, and whether it is.
func readySince(p *corev1.Pod) (time.Time, bool) {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			return c.LastTransitionTime.Time, c.Status == corev1.ConditionTrue
		}
	}
	return time.Time{}, false
}

// High returns the boot time that one pod in twenty exceeds, of the newest 64, or 0 before five are known. It rises at once and
// falls only by more than a fifth, so that the lead time of an engine does not tremble with the sample.
func (b *BootTimes) High() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n < bootsNeeded {
		return 0
	}
	sorted := slices.Clone(b.ring[:min(b.n, bootsKept)])
	slices.Sort(sorted)
	high := sorted[int(math.Ceil(bootQuantile*float64(len(sorted))))-1] // the nearest rank
	high = max(high, time.Second)                                       // 0 would mean that nothing is known
	if high > b.said || float64(high) < bootFalls*float64(b.said) {
		b.said = high
	}
	return b.said
}

// Count returns how many boots were measured.
func (b *BootTimes) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}
