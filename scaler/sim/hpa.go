package sim

import (
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// HPA is the Kubernetes rule as a Controller. It is fed with true demand and does not depend on the current count, which
// flatters it: a real HPA measures utilisation, which stops at 100 %.
//
// It decides from the last visible step. Where that is a hole, or nothing has been seen, the count stays and nothing is
// remembered.
type HPA struct {
	rule     *compat.HPA
	capacity float64
}

// NewHPA returns an HPA for steps of the given length and replicas of the given capacity (in the trace's unit). A parameter
// that is out of its range is an error.
func NewHPA(p compat.HPAParams, step time.Duration, capacity float64) (*HPA, error) {
	rule, err := compat.NewHPA(p, step)
	if err != nil {
		return nil, err
	}
	return &HPA{rule: rule, capacity: capacity}, nil
}

// Decide implements Controller.
func (h *HPA) Decide(s *Step) (int, error) {
	ordered := s.Fleet.Ordered()
	if len(s.Demand) == 0 {
		return ordered, nil
	}
	return h.rule.Decide(int64(s.Index), s.Demand[len(s.Demand)-1], h.capacity, ordered), nil
}
