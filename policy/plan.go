package policy

// Plan decides each replica by itself over the steps ahead: is it worth ordering now, is it worth keeping? It is what a
// one-step newsvendor cannot see: that an order for a short spike must pay for its boot time too, and that a replica
// which will be needed again in three steps is cheaper kept than booted anew.
//
// For replica k, U_h its expected use at step h from now, p the penalty and B the boot steps, the value of having it on
// or off is, backwards from the horizon H:
//
//	On_h  = p U_h - 1 + max(On_h+1, Off_h+1)
//	Off_h = max(Off_h+1, On_h+B - B)
//
// Beyond the horizon a replica in use is worth B (it saves a boot) and one off is worth nothing.
type Plan struct {
	Penalty float64 // price of unserved demand over price of a replica
	Boot    int     // steps from an order to service; also what an order costs, in replica-steps
	Slack   float64 // replica-steps that a change must gain before it is made [.4]; below 1, or nothing is ever released
}

// Horizon is the number of steps ahead that a plan looks at, not counting the current one.
const Horizon = 12

// MaxRows is the largest number of curves a plan takes.
const MaxRows = 64

// Band returns the band that rows ask for: the replicas worth ordering, and those worth keeping. rows[h] is the
// distribution of demand h steps from now; rows[0] is the current, unseen step. There are at most MaxRows and at least
// Boot+1 of them.
//
// Expected use falls with k, so both answers are thresholds and are found by bisection.
func (p *Plan) Band(rows []Curve) Band {
	most := 0
	for h := range rows {
		most = max(most, rows[h].Most())
	}
	var b Band
	lo, hi := 0, most+1
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; p.order(rows, mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	b.Low = lo
	hi = most + 1
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; p.keep(rows, mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	b.High = lo
	return b
}

// values computes On_0, Off_0, Off_1 and On_B of replica k.
func (p *Plan) values(rows []Curve, k int) (on0, off0, off1, onB float64) {
	last := len(rows) - 1
	boot := float64(p.Boot)
	var on [MaxRows + 1]float64
	end := 0.0
	use := rows[last].Use(k)
	if float64(p.Penalty*use) > 1 {
		end = boot
	}
	// On is wanted up to Boot steps beyond the horizon, where it is end.
	onAt := func(h int) float64 {
		if h > last {
			return end
		}
		return on[h]
	}
	off := 0.0
	for h := last; h >= 0; h-- {
		next := onAt(h + 1)
		off1 = off
		on[h] = float64(p.Penalty*rows[h].Use(k)) - 1 + max(next, off)
		off = max(off, onAt(h+p.Boot)-boot)
	}
	return on[0], off, off1, onAt(p.Boot)
}

// order says whether replica k is worth ordering now rather than later or never.
func (p *Plan) order(rows []Curve, k int) bool {
	_, _, off1, onB := p.values(rows, k)
	return onB-float64(p.Boot) > off1+p.Slack
}

// keep says whether replica k, if it is on, is worth keeping.
func (p *Plan) keep(rows []Curve, k int) bool {
	on0, off0, _, _ := p.values(rows, k)
	return on0+p.Slack >= off0
}
