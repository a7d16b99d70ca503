package policy

// Limits bound what a decision may ask for. Zero means no limit, except for Min.
type Limits struct {
	Min      int // smallest count, at least 1
	Max      int // largest count; 0 = none
	StepUp   int // replicas added to the ordered ones at once; 0 = any
	StepDown int // replicas removed at once; 0 = any
	Unit     Unit
}

// Rate limits the change from ordered to n; where there are units it goes as many whole ones as the limit has room for.
func (l Limits) Rate(t *Trail, n, ordered int) int {
	if l.StepUp > 0 && n-ordered > l.StepUp {
		n = t.Apply(RuleStepUp, n, l.Unit.Down(ordered+l.StepUp))
	}
	if l.StepDown > 0 && ordered-n > l.StepDown {
		n = t.Apply(RuleStepDown, n, l.Unit.Up(ordered-l.StepDown))
	}
	return n
}

// Bound puts n between Min and Max; Max wins where they contradict.
func (l Limits) Bound(t *Trail, n int) int {
	n = t.Apply(RuleMin, n, max(n, l.Min))
	if l.Max > 0 {
		n = t.Apply(RuleMax, n, min(n, l.Max))
	}
	return n
}
