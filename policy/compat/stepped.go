package compat

import (
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// Recommender is what decides: a rule of this package, or one like them.
type Recommender interface {
	Recommend(now time.Time, values []float64, fleet Fleet) Decision
}

// Most asks a rule so many times in a step, from now on and as long apart as every says, always with what was measured at
// the beginning of the step, and returns the largest of its counts: growth within a step comes at once, which flatters the
// rule, and what it lets go within a step is gone at the next.
func Most(rule Recommender, now time.Time, every time.Duration, times int, values []float64, fleet Fleet) int {
	most := 0
	for k := range times {
		n := rule.Recommend(now.Add(time.Duration(k)*every), values, fleet).Count
		// As a plant does it: what has been ordered last goes first.
		fleet.Ready = min(fleet.Ready, n)
		fleet.Starting = n - fleet.Ready
		most = max(most, n)
	}
	return most
}

type resetter interface {
	Recommender
	Reset()
}

// Stepped plays a rule on demand in steps. A rule that decides more often than once a step is asked several times (see
// Most), one that decides less often is asked when its time has come. It allocates nothing.
type Stepped struct {
	rule        resetter
	step, every int64 // ns
	clock       clock // of the newest question
}

// Decide returns the count that the rule orders in the step that begins at now. It is to be called at least once a step;
// the values of the configuration's metrics are totals over the fleet, NaN where there is none.
func (s *Stepped) Decide(now time.Time, values []float64, fleet Fleet) int {
	last, begun := s.clock.last, s.clock.begun
	ns, _, ok := s.clock.advance(now)
	// Steps do not divide every period: what is nearest to it counts.
	if !ok || begun && ns-last < s.every-s.step/2 && s.every > s.step {
		if ok {
			s.clock.last = last
		}
		return fleet.Ordered()
	}
	return Most(s.rule, now, time.Duration(s.every), int(max(1, s.step/s.every)), values, fleet)
}

// Reset forgets everything.
func (s *Stepped) Reset() {
	s.clock = clock{}
	s.rule.Reset()
}

// State walks what the rule remembers, for snapshots.
func (s *Stepped) State(c *state.Codec) {
	s.clock.state(c)
	// By their types: what goes through an interface would have to be on the heap.
	switch r := s.rule.(type) {
	case *KubeHPA:
		r.State(c)
	case *KPA:
		r.State(c)
	case *WPA:
		r.State(c)
	case *TargetTracking:
		r.State(c)
	case *StepScaling:
		r.State(c)
	case *LCP:
		r.State(c)
	case *Schedule:
		r.State(c)
	}
}
