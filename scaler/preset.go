package scaler

// presets are names for penalties, for those who do not know theirs. Each stands for the share of steps in which a replica
// that is left out would not have been missed: .90, .95 and .98 (1 - 1/penalty, the newsvendor's fractile). Economy suits
// work that can wait or be retried; performance what is bought at the moment that it is served. The one in the middle is the default.
var presets = []struct {
	name    string
	penalty float64
}{{"economy", 10}, {"balanced", 20}, {"performance", 50}}

// presetPenalty returns the penalty of a preset, and that of the default for no name or an unknown one, with false.
func presetPenalty(name string) (float64, bool) {
	for _, p := range presets {
		if p.name == name {
			return p.penalty, true
		}
	}
	return 20, false
}

// Fractile returns the quantile of demand that Penalty implies, 0 up to a penalty of 1, as in a Decision that was never filled: a replica pays as long as demand needs it with a
// probability of more than 1/Penalty, so that demand is served up to its 1 - 1/Penalty quantile.
func (d *Decision) Fractile() float64 {
	if d.Penalty <= 1 {
		return 0
	}
	return 1 - 1/d.Penalty
}
