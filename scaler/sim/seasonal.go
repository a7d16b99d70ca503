package sim

import (
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// SeasonalHPA is the Kubernetes rule beside a schedule made of the past, as a Controller: what a fleet has that follows its
// load and is scaled ahead by the predictive scaling of a cloud.
//
// After the rule has decided, with its limit to growth, the count is raised to what the largest demand of yesterday and of
// a week ago takes, over the steps i-p .. i-p+boot+1 where p is the season (see compat.SeasonalPeak). The schedule needs
// no measurement of now: it raises also where the last visible step is a hole and the rule decides nothing.
type SeasonalHPA struct {
	rule     *HPA
	past     *compat.SeasonalPeak
	target   float64
	capacity float64
}

// NewSeasonalHPA returns a SeasonalHPA for steps of the given length, replicas that boot for bootSteps steps, and the given
// capacity (in the trace's unit). The target of p is that of the schedule too. A parameter that is out of its range is an
// error.
func NewSeasonalHPA(p compat.HPAParams, step time.Duration, bootSteps int, capacity float64) (*SeasonalHPA, error) {
	rule, err := NewHPA(p, step, capacity)
	if err != nil {
		return nil, err
	}
	past, err := compat.NewSeasonalPeak(step, bootSteps+1)
	if err != nil {
		return nil, err
	}
	return &SeasonalHPA{rule: rule, past: past, target: p.Target, capacity: capacity}, nil
}

// Decide implements Controller.
func (h *SeasonalHPA) Decide(s *Step) (int, error) {
	count, err := h.rule.Decide(s)
	if err != nil {
		return 0, err
	}
	return compat.SeasonalRaise(count, h.past.Peak(s.Index, s.Demand), h.target, h.capacity), nil
}
