package compat

import (
	"fmt"
	"math"
	"time"
)

// HPAParams are the parameters of the Kubernetes Horizontal Pod Autoscaler that the HPA rule of this package uses.
//
// The zero value is not the default (a window of 0 and a tolerance of 0 are legal settings); start from DefaultHPAParams.
type HPAParams struct {
	// Target is the part of a replica's capacity that should be in use, over 0 and at most 1. Default 0.70. Kubernetes
	// itself falls back to 0.80 for CPU when nobody sets a target; 0.70 is what most published manifests set.
	Target float64
	// Tolerance is the part by which load may differ from the target before the count changes, 0 or more. Default 0.1
	// (kube-controller-manager --horizontal-pod-autoscaler-tolerance).
	Tolerance float64
	// Window is how long a proposal holds the count up. Default 300 s
	// (kube-controller-manager --horizontal-pod-autoscaler-downscale-stabilization).
	Window time.Duration
	// UpFactor and UpAdd limit growth: in one UpPeriod the count n may grow to max(UpFactor*n, n+UpAdd). Defaults 2, 4 and
	// 15 s (the scaleUp policies {Percent 100, 15 s} and {Pods 4, 15 s} with selectPolicy Max that autoscaling/v2 fills in).
	UpFactor, UpAdd int
	UpPeriod        time.Duration
}

// DefaultHPAParams returns the defaults that HPAParams documents.
func DefaultHPAParams() HPAParams {
	return HPAParams{Target: 0.70, Tolerance: 0.1, Window: 300 * time.Second, UpFactor: 2, UpAdd: 4, UpPeriod: 15 * time.Second}
}

func (p HPAParams) validate(step time.Duration) error {
	switch {
	case !(p.Target > 0 && p.Target <= 1):
		return fmt.Errorf("hpa target %v: wanted over 0 and at most 1", p.Target)
	case !(p.Tolerance >= 0 && p.Tolerance <= math.MaxFloat64):
		return fmt.Errorf("hpa tolerance %v: wanted 0 or more", p.Tolerance)
	case p.Window < 0:
		return fmt.Errorf("hpa window %v: wanted 0 or more", p.Window)
	case p.UpFactor < 1 || p.UpAdd < 0 || p.UpFactor == 1 && p.UpAdd == 0:
		return fmt.Errorf("hpa growth limit max(%d*n, n+%d): wanted one that lets the count grow", p.UpFactor, p.UpAdd)
	case p.UpPeriod <= 0:
		return fmt.Errorf("hpa growth period %v: wanted more than 0", p.UpPeriod)
	case step <= 0:
		return fmt.Errorf("hpa step %v: wanted more than 0", step)
	case p.Window/step >= math.MaxInt32:
		return fmt.Errorf("hpa window %v: wanted fewer than %d steps of %v", p.Window, math.MaxInt32, step)
	}
	return nil
}

// HPA is the rule of the Kubernetes Horizontal Pod Autoscaler for total demand: the form of an external metric with an
// average value, which does not depend on the current count, so that the loop cannot feed on itself. It counts in steps and
// computes in float64; KubeHPA is the whole rule, in real time and in the arithmetic of Kubernetes.
//
// It decides once a step. The proposal is the ordered count while demand is within the tolerance of the target, else the
// count that meets the target exactly. It is raised to the largest proposal of the window, then growth is limited. What
// is remembered is the proposal before it was raised, as Kubernetes does it. Decide allocates nothing.
type HPA struct {
	params  HPAParams
	span    int64 // a proposal of step s still counts at step s+span
	periods int   // growth periods in one step

	recent extremes // the proposals of the window, by step
}

// NewHPA returns an HPA that decides once per step, with all its memory allocated. A parameter that is out of its range
// is an error.
func NewHPA(p HPAParams, step time.Duration) (*HPA, error) {
	if err := p.validate(step); err != nil {
		return nil, err
	}
	span := int64(p.Window / step)
	return &HPA{
		params:  p,
		span:    span,
		periods: p.Periods(step),
		recent:  newExtremes(int(span)+1, false),
	}, nil
}

// Reset forgets all proposals.
func (h *HPA) Reset() { h.recent.reset() }

// Decide returns the count to order at the given step, at least 1.
//
// Steps are numbered by the caller and must rise; a step that is left out counts as one without a proposal. demand is the
// total load of the last step that was measured and capacity the load that one replica carries, in the same unit; ordered
// is the count in force, ready or not. Where demand is NaN (a hole), nothing is decided or remembered: the answer is
// ordered. The same holds for a demand below 0 and a capacity that is not above 0.
func (h *HPA) Decide(step int64, demand, capacity float64, ordered int) int {
	if !(demand >= 0) || !(capacity > 0) {
		return ordered
	}
	n := h.params.Propose(demand, capacity, ordered)
	return h.params.Limit(ordered, h.raise(step, n), h.periods)
}

// Propose is the count that a demand of 0 or more asks for before any window or limit, at least 1: the ordered count where
// the demand is within the tolerance of its target, else the smallest that meets the target. It is for those who keep the
// window themselves; HPA does all of it.
func (p *HPAParams) Propose(demand, capacity float64, ordered int) int {
	perReplica := p.Target * capacity
	if ordered > 0 {
		if within(demand/(perReplica*float64(ordered)), p.Tolerance, p.Tolerance) {
			return ordered
		}
	}
	return countFor(demand, perReplica)
}

// within says whether a ratio is near enough to 1 to do nothing. Both sides are written as Kubernetes 1.33 and later compare
// them: with a tolerance of 0.1 a ratio of 1.1 holds, although |1.1-1| is more than 0.1 in float64.
func within(ratio, down, up float64) bool { return 1-down <= ratio && ratio <= 1+up }

// countFor is the smallest count that carries demand with so much on each, at least 1 and at most the largest int32.
func countFor(demand, perReplica float64) int {
	n := math.Ceil(demand / perReplica)
	if !(n < math.MaxInt32) {
		return math.MaxInt32
	}
	return max(1, int(n))
}

// raise remembers n and returns the largest proposal of the window that ends with this step.
func (h *HPA) raise(step int64, n int) int {
	h.recent.expire(step - h.span)
	h.recent.add(step, n)
	return h.recent.with(n)
}

// Periods returns how many growth periods fit into a step, at least one.
func (p *HPAParams) Periods(step time.Duration) int {
	return int(max(1, min(step/p.UpPeriod, math.MaxInt32)))
}

// Limit bounds growth from ordered to want by what so many growth periods allow (see Periods).
func (p *HPAParams) Limit(ordered, want, periods int) int {
	if want <= ordered {
		return want
	}
	n := max(ordered, 0)
	for i := 0; i < periods && n < want; i++ {
		// The true bound may lie beyond int, the wanted count does not: compare before multiplying.
		if n > want/p.UpFactor || n > want-p.UpAdd {
			return want
		}
		n = max(p.UpFactor*n, n+p.UpAdd)
	}
	return max(1, min(n, want))
}
