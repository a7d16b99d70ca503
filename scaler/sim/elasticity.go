package sim

// Elasticity holds the elasticity metrics of the SPEC Research Group (Herbst et al., Ready for rain? A view from SPEC
// Research on the future of cloud metrics, 2016, section 4.2), as parts of 1 where the paper has percent. They compare
// the replicas that were ready with those that the demand of the same step takes, over the scored steps, holes left out.
//
// They know no boot time and no price: a replica that was rightly ordered ahead counts as one too many. Nothing should be
// tuned to them.
type Elasticity struct {
	Under, Over         float64 // theta_U and theta_O: replicas missing, or too many, over those needed, on average over time
	UnderTime, OverTime float64 // tau_U and tau_O: part of the time with replicas missing, or too many
	Instability         float64 // upsilon: part of the time in which supply and need did not move in the same direction
}

// Elasticity computes the metrics for a result of this case. A step without demand counts as one that needs a replica, in
// the denominators alone. All are 0 where no scored step has a known demand.
func (c *Case) Elasticity(r *Result) Elasticity {
	var e Elasticity
	steps, pairs := 0, 0
	var need, ready int // of the step before
	known := false      // whether that was one with a known demand
	for i := c.Options.FirstScored(c.Trace); i < c.Trace.Len(); i++ {
		d := c.Trace.Demand[i]
		if !(d >= 0) {
			known = false
			continue
		}
		n, s := replicasFor(d, c.Options.Capacity), int(r.Ready[i])
		steps++
		switch {
		case n > s:
			e.Under += float64(n-s) / float64(n)
			e.UnderTime++
		case n < s:
			e.Over += float64(s-n) / float64(max(n, 1))
			e.OverTime++
		}
		if known {
			pairs++
			if sign(s-ready) != sign(n-need) {
				e.Instability++
			}
		}
		need, ready, known = n, s, true
	}
	for _, sum := range []*float64{&e.Under, &e.Over, &e.UnderTime, &e.OverTime} {
		*sum /= float64(max(steps, 1))
	}
	e.Instability /= float64(max(pairs, 1))
	return e
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}
