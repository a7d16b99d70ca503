package compat

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// KubeHPA is the rule of the Kubernetes Horizontal Pod Autoscaler as its controller decides at every sync (version 1.37):
// thousandths and whole percent, pods that report nothing, tolerances per direction, stabilisation windows and policies of
// behavior, or the rules from before it. Package-wide conventions: a total over the fleet is a metric's measurement.
//
// It expects a decision about once a SyncPeriod; what it remembers is sized by that. Where decisions come more often, the
// oldest proposals and changes of a long window may be let go early. For demand in steps see HPA, which is made of the same
// parts.
type KubeHPA struct {
	cfg             KubeHPAConfig
	tolDown, tolUp  float64
	upWin, downWin  int64 // ns
	clock           clock
	lows, highs     extremes // proposals of the up window and of the down window
	added, removed  changes
	zeroed          bool // the fleet is at 0 because this rule said so
	inputs          []KubeInput
	recordedAtStart bool
}

// NewKubeHPA returns a KubeHPA with the defaults filled in and all its memory allocated. The error is Validate's.
func NewKubeHPA(cfg KubeHPAConfig) (*KubeHPA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	if cfg.MaxReplicas == 0 {
		cfg.MaxReplicas = math.MaxInt32
	}
	h := &KubeHPA{cfg: cfg, tolDown: *cfg.Tolerance, tolUp: *cfg.Tolerance, inputs: make([]KubeInput, len(cfg.Metrics))}
	if h.downWin = int64(cfg.DownscaleStabilization); h.downWin < 0 {
		h.downWin = -1 // not even a proposal of the same moment
	}
	upPeriod, downPeriod := int64(0), int64(0)
	if b := cfg.Behavior; b != nil {
		h.tolUp, h.tolDown = *b.ScaleUp.Tolerance, *b.ScaleDown.Tolerance
		h.upWin = int64(*b.ScaleUp.StabilizationWindowSeconds) * 1e9
		h.downWin = int64(*b.ScaleDown.StabilizationWindowSeconds) * 1e9
		upPeriod, downPeriod = longest(b.ScaleUp.Policies), longest(b.ScaleDown.Policies)
	}
	slots := func(window int64) int { return int(window/int64(cfg.SyncPeriod)) + 2 }
	h.lows, h.highs = newExtremes(slots(h.upWin), true), newExtremes(slots(h.downWin), false)
	h.added, h.removed = newChanges(slots(upPeriod), upPeriod), newChanges(slots(downPeriod), downPeriod)
	return h, nil
}

// longest is the longest period of some policies, in ns.
func longest(policies []KubePolicy) int64 {
	most := 0
	for _, p := range policies {
		most = max(most, p.PeriodSeconds)
	}
	return int64(most) * 1e9
}

// Recommend decides from one measurement per metric of the configuration, each a total over the fleet (see KubeInput.Value).
// A measurement that is left out counts as missing.
func (h *KubeHPA) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	for i := range h.inputs {
		h.inputs[i] = KubeInput{Value: math.NaN()}
		if i < len(values) {
			h.inputs[i].Value = values[i]
		}
	}
	return h.RecommendPods(now, h.inputs, fleet)
}

// RecommendPods decides from one input per metric of the configuration, pod by pod where there are pods.
func (h *KubeHPA) RecommendPods(now time.Time, inputs []KubeInput, fleet Fleet) Decision {
	current := fleet.Ordered()
	ns, _, ok := h.clock.advance(now)
	if !ok {
		return Decision{current, ReasonClock}
	}
	h.remember(ns, current)
	if current != 0 {
		h.zeroed = false
	}
	switch {
	case current == 0 && (!h.cfg.ScaleToZero || !h.zeroed):
		return Decision{0, ReasonDisabled}
	case current > h.cfg.MaxReplicas: // at once, and no proposal is remembered
		return h.settle(ns, current, Decision{h.cfg.MaxReplicas, ReasonMax})
	case current < h.cfg.MinReplicas:
		return h.settle(ns, current, Decision{h.cfg.MinReplicas, ReasonMin})
	}

	proposal, reason, valid, invalid := 0, ReasonMissing, false, false
	for i := range h.cfg.Metrics {
		if i >= len(inputs) {
			invalid = true
			break
		}
		n, why, ok := h.propose(&h.cfg.Metrics[i], &inputs[i], fleet, now)
		if !ok {
			invalid = true
			continue
		}
		if !valid || n > proposal {
			proposal, reason = n, why
		}
		valid = true
	}
	if !valid || invalid && proposal < current { // the missing metric might have asked for more
		return Decision{current, ReasonMissing}
	}

	d := Decision{proposal, reason}
	if h.cfg.Behavior == nil {
		d = h.limitLegacy(ns, current, d)
	} else {
		d = h.limitBehavior(ns, current, d)
	}
	h.zeroed = d.Count == 0
	return h.settle(ns, current, d)
}

// settle remembers the change that d is, for the policies of behavior.
func (h *KubeHPA) settle(ns int64, current int, d Decision) Decision {
	switch {
	case d.Count > current:
		h.added.add(ns, d.Count-current)
	case d.Count < current:
		h.removed.add(ns, current-d.Count)
	}
	return d
}

// limitLegacy is what happened before there was behavior. A proposal as old as the window still counts.
func (h *KubeHPA) limitLegacy(ns int64, current int, d Decision) Decision {
	h.highs.expire(ns - h.downWin)
	n := h.highs.with(d.Count)
	h.highs.add(ns, d.Count)
	d = d.become(n, ReasonStabilised)
	limit := max(2*current, 4)
	if limit < h.cfg.MaxReplicas {
		d = d.atMost(limit, ReasonRate)
	}
	return d.atMost(h.cfg.MaxReplicas, ReasonMax).atLeast(h.cfg.MinReplicas, ReasonMin)
}

func (h *KubeHPA) limitBehavior(ns int64, current int, d Decision) Decision {
	// Proposals exactly as old as the window are over.
	h.lows.expire(ns - h.upWin + 1)
	h.highs.expire(ns - h.downWin + 1)
	low, high := h.lows.with(d.Count), h.highs.with(d.Count)
	h.lows.add(ns, d.Count)
	h.highs.add(ns, d.Count)
	d = d.become(min(max(current, low), high), ReasonStabilised)

	b := h.cfg.Behavior
	switch {
	case d.Count > current:
		limit := max(h.limit(b.ScaleUp, ns, current, true), current)
		if limit < h.cfg.MaxReplicas {
			d = d.atMost(limit, ReasonRate)
		}
		d = d.atMost(h.cfg.MaxReplicas, ReasonMax)
	case d.Count < current:
		limit := min(h.limit(b.ScaleDown, ns, current, false), current)
		if limit > h.cfg.MinReplicas {
			d = d.atLeast(limit, ReasonRate)
		}
		d = d.atLeast(h.cfg.MinReplicas, ReasonMin)
	}
	return d
}

// remember puts the count that was found at the start into the windows, so that the first proposal does not drop it.
func (h *KubeHPA) remember(ns int64, current int) {
	if h.recordedAtStart {
		return
	}
	h.recordedAtStart = true
	h.lows.add(ns, current)
	h.highs.add(ns, current)
}

// limit is how far the policies of one direction allow the count to go.
func (h *KubeHPA) limit(r *KubeRules, ns int64, current int, up bool) int {
	if r.SelectPolicy == "Disabled" {
		return current
	}
	// Max selects the largest change: upwards the largest count, downwards the smallest.
	largest := up == (r.SelectPolicy == "Max")
	best := 0
	for i, p := range r.Policies {
		since := ns - int64(p.PeriodSeconds)*1e9
		start := current - h.added.after(since) + h.removed.after(since)
		var n int
		switch part := float64(p.Value) / 100; {
		case p.Type == "Pods" && up:
			n = start + p.Value
		case p.Type == "Pods":
			n = start - p.Value
		case up:
			n = count(math.Ceil(float64(start) * (1 + part)))
		default:
			n = int(max(float64(start)*(1-part), math.MinInt32))
		}
		if i == 0 || (n > best) == largest {
			best = n
		}
	}
	return best
}

// become is d with another count, if that is a change.
func (d Decision) become(n int, why Reason) Decision {
	if n != d.Count {
		return Decision{n, why}
	}
	return d
}

func (d Decision) atMost(n int, why Reason) Decision {
	if d.Count > n {
		return Decision{n, why}
	}
	return d
}

func (d Decision) atLeast(n int, why Reason) Decision {
	if d.Count < n {
		return Decision{n, why}
	}
	return d
}

// Reset forgets everything.
func (h *KubeHPA) Reset() {
	h.clock, h.zeroed, h.recordedAtStart = clock{}, false, false
	h.lows.reset()
	h.highs.reset()
	h.added.reset()
	h.removed.reset()
}

// State walks what the rule remembers, for snapshots.
func (h *KubeHPA) State(s *state.Codec) {
	h.clock.state(s)
	h.lows.state(s)
	h.highs.state(s)
	h.added.state(s)
	h.removed.state(s)
	s.Bool(&h.zeroed)
	s.Bool(&h.recordedAtStart)
}
