package policy

// Unit is the number of replicas that come and go together: one per zone, or a multiple. 0 means 1.
type Unit int

// Up returns the smallest whole number of units that is at least n.
func (u Unit) Up(n int) int {
	if u <= 1 {
		return n
	}
	return (n + int(u) - 1) / int(u) * int(u)
}

// Down returns the largest whole number of units that is at most n.
func (u Unit) Down(n int) int {
	if u <= 1 {
		return n
	}
	return n / int(u) * int(u)
}

// Fit makes limits those of whole units, so that whatever they bound is one again. Step limits should be at least a unit
// (zero is none): a smaller one is taken as one unit, or the fleet could never move. A Max below one unit becomes one.
func (u Unit) Fit(l Limits) Limits {
	l.Unit = u
	l.Min = u.Up(l.Min)
	if l.Max > 0 {
		l.Max = max(u.Down(l.Max), u.Up(1))
	}
	if l.StepUp > 0 {
		l.StepUp = max(l.StepUp, u.Up(1))
	}
	if l.StepDown > 0 {
		l.StepDown = max(l.StepDown, u.Up(1))
	}
	return l
}

// Round puts n to whole units: up, because the part of a unit was needed.
func (u Unit) Round(t *Trail, n int) int { return t.Apply(RuleUnit, n, u.Up(n)) }
