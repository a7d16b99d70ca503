package sim

// Split says where the cost of a policy goes, in replica-hours. The parts add up to Scores.Cost.
type Split struct {
	Run       float64 // replicas that served
	Switching float64 // replicas that were billed while they booted or drained
	Unserved  float64 // demand that was not served, with its penalty
}

// Split splits the cost of a result of this case. The switching of the optimum is the boot time of each replica that it
// adds, which it pays for beside its replica-hours.
func (c *Case) Split(r *Result) Split {
	first, n := c.Options.FirstScored(c.Trace), c.Trace.Len()
	idle := int64(0)
	for i := first; i < n; i++ {
		idle += int64(r.Ordered[i] - r.Ready[i])
		if r.Draining != nil {
			idle += int64(r.Draining[i])
		}
	}
	s := Split{
		Switching: float64(idle) * c.Trace.Step.Hours(),
		Unserved:  c.Options.Penalty * r.UnservedHours,
	}
	s.Run = r.ReplicaHours - s.Switching
	if r.Name == Clairvoyant {
		s.Switching = max(0, r.Cost-r.ReplicaHours-s.Unserved)
	}
	return s
}
