package sizes

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// Vertical names a rule that chooses the size of nodes by what one of them used.
type Vertical string

// The rules.
const (
	// VPA is the Kubernetes Vertical Pod Autoscaler v1.8.1 at its defaults: the 90th percentile of a histogram with a half-life
	// of 24 h, and 15 % more. The size changes where what a node has lies outside the bounds (the 50th and 95th percentile,
	// widened while little has been seen), or after 12 h if it is off by 10 % or more. Half of the nodes at a time.
	VPA Vertical = "vpa"
	// Autopilot is the moving-window recommender of Rzadca et al., Autopilot: workload autoscaling at Google (EuroSys 2020,
	// section 3.2.1), for CPU of serving jobs: the 95th percentile of usage weighted by itself, with a half-life of 12 h, 15 % more (the paper says 10 to
	// 15), and the largest of that over the last hour. The paper does not say when a new limit is not worth it: here
	// whenever another size fits. A tenth of the nodes at a time.
	Autopilot Vertical = "autopilot"
)

// vertical is a rule as a controller. As others, it is fed with true demand, also where nodes could not serve it.
type vertical struct {
	rule     Vertical
	machines []Machine
	usage    *histogram
	count    int         // 0: by hpa
	hpa      *compat.HPA // nil with a fixed count
	wanted   float64     // capacity, by hpa
	at       int
	since    int // step of the last change
	seen     int
	recent   []float64 // of Autopilot: a ring over an hour
	exchange exchanged
}

// NewVertical returns a controller that begins with machine start and has always count nodes, or with a count of 0 as many as the
// Kubernetes rule at its defaults wants of the size in use. The size is the cheapest whose node carries what the rule
// recommends for one, or if there is none, the one that carries most.
func NewVertical(c Case, rule Vertical, count, start int) (Controller, error) {
	v := &vertical{rule: rule, machines: c.Machines, count: count, wanted: math.Inf(1), at: start}
	least := math.Inf(1)
	for i := range c.Machines {
		least = math.Min(least, c.Machines[i].Capacity)
	}
	lowest := least / 200 // of a machine of two cores: VPA's 0.01 of one
	switch rule {
	case VPA:
		v.usage, v.exchange = newHistogram(lowest, 24*time.Hour, c.Trace.Step), newExchanged(c.Machines, 0.5)
	case Autopilot:
		v.usage, v.exchange = newHistogram(lowest, 12*time.Hour, c.Trace.Step), newExchanged(c.Machines, 0.1)
		v.recent = make([]float64, max(1, int(time.Hour/c.Trace.Step)))
	default:
		return nil, fmt.Errorf("vertical rule %q: wanted %q or %q", rule, VPA, Autopilot)
	}
	if count < 0 {
		return nil, fmt.Errorf("count %d: wanted 1 or more, or 0 for the Kubernetes rule", count)
	}
	if count == 0 {
		var err error
		if v.hpa, err = compat.NewHPA(compat.DefaultHPAParams(), c.Trace.Step); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Decide implements Controller.
func (v *vertical) Decide(s *Step, nodes []int) error {
	v.usage.step()
	d := s.newest()
	unit := v.machines[v.at].Capacity
	ordered, ready := s.capacity(v.machines)
	count := v.count
	if d >= 0 {
		node := d / float64(max(count, 1))
		if v.hpa != nil {
			node = d / math.Max(1, ready/unit)
		}
		v.learn(node)
	}
	if v.seen > 0 {
		v.choose(s)
	}
	if v.hpa != nil {
		unit = v.machines[v.at].Capacity
		count = v.hpa.Decide(int64(s.Index), d, unit, max(1, int(math.Round(math.Min(ordered, v.wanted)/unit))))
		v.wanted = float64(count) * unit // less what is there twice for an exchange, as for Sizer
	}
	v.exchange.toward(s, v.at, count, nodes)
	return nil
}

// learn counts the usage of a node.
func (v *vertical) learn(node float64) {
	weight := v.machines[v.at].Capacity // VPA weighs a sample by the request of its pod
	if v.rule == Autopilot {
		weight = node
	}
	v.usage.add(node, weight)
	if v.recent != nil {
		v.recent[v.seen%len(v.recent)] = float64(v.usage.percentile(0.95) * margin)
	}
	v.seen++
}

// margin is what both rules add to a percentile.
const margin = 1.15

// choose changes the size if the rule does.
func (v *vertical) choose(s *Step) {
	has := v.machines[v.at].Capacity
	var target float64
	if v.rule == Autopilot {
		for _, r := range v.recent {
			target = math.Max(target, r)
		}
	} else {
		target = float64(v.usage.percentile(0.9) * margin)
		// Days of history: a sample a minute, or the time that has passed, whichever is less.
		days := math.Min(float64(v.seen)/(24*60), float64(v.seen)*s.Length.Hours()/24)
		low := float64(v.usage.percentile(0.5)*margin) * math.Pow(1+0.001/days, -2)
		high := float64(v.usage.percentile(0.95)*margin) * (1 + 1/days)
		old := time.Duration(s.Index-v.since)*s.Length >= 12*time.Hour
		if has >= low && has <= high && !(old && math.Abs(target-has) >= 0.1*has) {
			return
		}
	}
	if to := v.fitting(target); to != v.at {
		v.at, v.since = to, s.Index
	}
}

// fitting is the cheapest machine that carries so much, or the one that carries most.
func (v *vertical) fitting(target float64) int {
	best, most := -1, 0
	for k := range v.machines {
		m := &v.machines[k]
		if m.Capacity >= target && (best < 0 || m.Price < v.machines[best].Price) {
			best = k
		}
		if m.Capacity > v.machines[most].Capacity {
			most = k
		}
	}
	if best < 0 {
		return most
	}
	return best
}

// VerticalBest plays a vertical rule with each of a range of fixed counts (1, 2, 3, 4, 6, 8, 12 and so on, up to what the
// smallest machine would need for the peak) and returns the cheapest in hindsight, the fewest nodes of equals, and its count.
func VerticalBest(ctx context.Context, c Case, rule Vertical, start int) (best Result, count int, err error) {
	if err := c.Validate(); err != nil {
		return Result{}, 0, err
	}
	most := 1
	for i := range c.Machines {
		most = max(most, c.most(&c.Machines[i]))
	}
	best.Cost = math.Inf(1)
	var counts []int
	for n := 1; n <= most; n = more(n) {
		counts = append(counts, n)
	}
	for i, n := range counts {
		v, err := NewVertical(c, rule, n, start)
		if err != nil {
			return Result{}, 0, err
		}
		r, err := Run(ctx, c.part(i, len(counts)), start, v)
		if err != nil {
			return Result{}, 0, err
		}
		if r.Cost < best.Cost {
			best, count = r, n
		}
	}
	best.Name = string(rule)
	return best, count, nil
}

// more is the next of 1, 2, 3, 4, 6, 8, 12, 16, ...
func more(n int) int {
	switch {
	case n < 3:
		return n + 1
	case n%3 == 0:
		return n / 3 * 4
	}
	return n / 2 * 3
}
