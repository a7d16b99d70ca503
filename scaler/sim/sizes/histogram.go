package sizes

import (
	"math"
	"sort"
	"time"
)

// histogram is a histogram of usage in which what is older counts less. Its buckets are those of the Kubernetes Vertical Pod
// Autoscaler (v1.8.1, pkg/recommender: aggregations_config.go, util/histogram.go): each is 5 % wider than the one below, and a
// percentile is the end of the bucket that it lies in. There the lowest is 0.01 cores wide and the highest begins at 1000.
type histogram struct {
	starts []float64
	weight []float64
	total  float64
	now    float64 // what a sample of this step counts beside those before; it grows instead of all others shrinking
	grow   float64
}

const (
	bucketGrowth = 1.05
	bucketRange  = 100_000 // of the start of the highest bucket over the width of the lowest
)

// newHistogram has samples that lose half of their weight in so much time.
func newHistogram(lowest float64, half, step time.Duration) *histogram {
	h := &histogram{now: 1, grow: math.Exp2(step.Hours() / half.Hours())}
	for at, width := 0.0, lowest; at <= lowest*bucketRange; at, width = at+width, width*bucketGrowth {
		h.starts = append(h.starts, at)
	}
	h.weight = make([]float64, len(h.starts))
	return h
}

// step begins the next step.
func (h *histogram) step() {
	if h.now *= h.grow; h.now > 1e12 {
		for i := range h.weight {
			h.weight[i] /= h.now
		}
		h.total /= h.now
		h.now = 1
	}
}

// add counts a sample of this step, 0 or more, with a weight.
func (h *histogram) add(v, weight float64) {
	i := sort.SearchFloat64s(h.starts, v)
	if i == len(h.starts) || h.starts[i] > v {
		i--
	}
	h.weight[i] += float64(weight * h.now)
	h.total += float64(weight * h.now)
}

// percentile returns the end of the bucket below which a part p of the weight lies, 0 without samples.
func (h *histogram) percentile(p float64) float64 {
	if h.total <= 0 {
		return 0
	}
	sum, i := 0.0, 0
	for last := len(h.weight) - 1; i < last; i++ {
		if sum += h.weight[i]; sum >= p*h.total {
			return h.starts[i+1]
		}
	}
	return h.starts[i]
}
