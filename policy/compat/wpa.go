package compat

import (
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// WPAMetric is one metric of a WPA, with the watermarks between which it is left alone.
type WPAMetric struct {
	Name string `json:"name,omitempty"` // for the reader
	// HighWatermark and LowWatermark, in the metric's unit; one that is 0 is a copy of the other.
	HighWatermark float64 `json:"highWatermark,omitempty"`
	LowWatermark  float64 `json:"lowWatermark,omitempty"`
}

// WPAConfig is the configuration of a WPA, under the names of the WatermarkPodAutoscaler resource.
type WPAConfig struct {
	MinReplicas int         `json:"minReplicas,omitempty"` // default 1
	MaxReplicas int         `json:"maxReplicas,omitempty"` // default 0: none (the resource demands one)
	Metrics     []WPAMetric `json:"metrics"`
	// Algorithm says what a measurement is compared as: "absolute" (default), as it is, which suits a metric that is an
	// average already; or "average", divided by the ready replicas, which suits a total.
	Algorithm string `json:"algorithm,omitempty"`

	Tolerance            *float64 `json:"tolerance,omitempty"`            // default 0.1: how far beyond a watermark nothing happens
	ScaleUpLimitFactor   *float64 `json:"scaleUpLimitFactor,omitempty"`   // percent of the count at once, default 50; 0 for no growth
	ScaleDownLimitFactor *float64 `json:"scaleDownLimitFactor,omitempty"` // default 20

	DownscaleForbiddenWindowSeconds     *int `json:"downscaleForbiddenWindowSeconds,omitempty"` // after any change, default 300
	UpscaleForbiddenWindowSeconds       *int `json:"upscaleForbiddenWindowSeconds,omitempty"`   // after any change, default 60
	UpscaleDelayAboveWatermarkSeconds   int  `json:"upscaleDelayAboveWatermarkSeconds,omitempty"`
	DownscaleDelayBelowWatermarkSeconds int  `json:"downscaleDelayBelowWatermarkSeconds,omitempty"`

	// ReplicasScalingAbsoluteModulo rounds counts up to its multiples, and is the step of the convergence. Default 1.
	ReplicasScalingAbsoluteModulo int `json:"replicasScalingAbsoluteModulo,omitempty"`
	// ConvergeTowardsWatermark moves the count between the watermarks towards "highwatermark" (fewer replicas) or
	// "lowwatermark" (more). Default "": off.
	ConvergeTowardsWatermark      string `json:"convergeTowardsWatermark,omitempty"`
	MinAvailableReplicaPercentage int    `json:"minAvailableReplicaPercentage,omitempty"` // whole percent; with fewer nothing is decided
	TolerateZero                  bool   `json:"tolerateZero,omitempty"`                  // a measurement of 0 is taken for true
}

// WithDefaults returns c with everything filled in that was left out.
func (c WPAConfig) WithDefaults() WPAConfig {
	if c.MinReplicas == 0 {
		c.MinReplicas = 1
	}
	if c.Algorithm == "" {
		c.Algorithm = "absolute"
	}
	for _, f := range []struct {
		field **float64
		value float64
	}{{&c.Tolerance, 0.1}, {&c.ScaleUpLimitFactor, 50}, {&c.ScaleDownLimitFactor, 20}} {
		if *f.field == nil {
			*f.field = new(f.value)
		}
	}
	if c.DownscaleForbiddenWindowSeconds == nil {
		c.DownscaleForbiddenWindowSeconds = new(300)
	}
	if c.UpscaleForbiddenWindowSeconds == nil {
		c.UpscaleForbiddenWindowSeconds = new(60)
	}
	if c.ReplicasScalingAbsoluteModulo == 0 {
		c.ReplicasScalingAbsoluteModulo = 1
	}
	c.Metrics = slices.Clone(c.Metrics)
	for i := range c.Metrics {
		switch m := &c.Metrics[i]; {
		case m.HighWatermark == 0:
			m.HighWatermark = m.LowWatermark
		case m.LowWatermark == 0:
			m.LowWatermark = m.HighWatermark
		}
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c WPAConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	f.bounds("minReplicas", c.MinReplicas, "maxReplicas", c.MaxReplicas)
	if len(c.Metrics) == 0 {
		f.addf("metrics is empty; wanted at least one")
	}
	for i, m := range c.Metrics {
		if !(m.LowWatermark > 0) || !known(m.LowWatermark) || milli(m.LowWatermark) == 0 {
			f.addf("metrics[%d].lowWatermark is %v; wanted at least 0.001", i, m.LowWatermark)
		}
		if !(m.HighWatermark >= m.LowWatermark) || !known(m.HighWatermark) {
			f.addf("metrics[%d].highWatermark is %v; wanted at least lowWatermark (%v)", i, m.HighWatermark, m.LowWatermark)
		}
	}
	if c.Algorithm != "absolute" && c.Algorithm != "average" {
		f.addf("algorithm is %q; wanted absolute or average", c.Algorithm)
	}
	if t := *c.Tolerance; !(t >= 0 && t < 1) {
		f.addf("tolerance is %v; wanted at least 0 and less than 1", t)
	}
	if l := *c.ScaleUpLimitFactor; !(l >= 0) || !known(l) {
		f.addf("scaleUpLimitFactor is %v; wanted 0 or more", l)
	}
	if l := *c.ScaleDownLimitFactor; !(l >= 0 && l <= 100) {
		f.addf("scaleDownLimitFactor is %v; wanted 0 to 100", l)
	}
	for _, s := range []struct {
		name  string
		value int
	}{
		{"downscaleForbiddenWindowSeconds", *c.DownscaleForbiddenWindowSeconds},
		{"upscaleForbiddenWindowSeconds", *c.UpscaleForbiddenWindowSeconds},
		{"upscaleDelayAboveWatermarkSeconds", c.UpscaleDelayAboveWatermarkSeconds},
		{"downscaleDelayBelowWatermarkSeconds", c.DownscaleDelayBelowWatermarkSeconds},
	} {
		if s.value < 0 || s.value > 86400 {
			f.addf("%s is %d; wanted 0 to 86400", s.name, s.value)
		}
	}
	if m := c.ReplicasScalingAbsoluteModulo; m < 1 || m > math.MaxInt32 {
		f.addf("replicasScalingAbsoluteModulo is %d; wanted 1 or more", m)
	}
	if !slices.Contains([]string{"", "highwatermark", "lowwatermark"}, c.ConvergeTowardsWatermark) {
		f.addf("convergeTowardsWatermark is %q; wanted highwatermark, lowwatermark or none", c.ConvergeTowardsWatermark)
	}
	if p := c.MinAvailableReplicaPercentage; p < 0 || p > 100 {
		f.addf("minAvailableReplicaPercentage is %d; wanted 0 to 100", p)
	}
	return f.join()
}

// WPA is the rule of Datadog's WatermarkPodAutoscaler: nothing happens between a low and a high watermark, except for the
// convergence; beyond them the count follows the measurement in proportion, within a velocity, and not too soon after the
// last change. It is meant to be asked every 15 s.
type WPA struct {
	cfg                    WPAConfig
	clock                  clock
	lastScale              int64
	scaled                 bool
	above, below           bool // beyond a watermark at the last decision, of any metric
	aboveSince, belowSince int64
}

// NewWPA returns a WPA with the defaults filled in. The error is Validate's.
func NewWPA(cfg WPAConfig) (*WPA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w := &WPA{cfg: cfg.WithDefaults()}
	if w.cfg.MaxReplicas == 0 {
		w.cfg.MaxReplicas = math.MaxInt32
	}
	return w, nil
}

// Reset forgets everything.
func (w *WPA) Reset() { *w = WPA{cfg: w.cfg} }

// Recommend decides from one measurement per metric of the configuration. If one of them is missing, nothing is decided.
func (w *WPA) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	current := fleet.Ordered()
	ns, _, ok := w.clock.advance(now)
	if !ok {
		return Decision{current, ReasonClock}
	}
	switch {
	case current == 0:
		return Decision{0, ReasonDisabled}
	case current > w.cfg.MaxReplicas: // at once
		return w.settle(ns, current, Decision{w.cfg.MaxReplicas, ReasonMax})
	case current < w.cfg.MinReplicas:
		return w.settle(ns, current, Decision{w.cfg.MinReplicas, ReasonMin})
	}
	if fleet.Ready <= 0 || fleet.Ready*100/current < w.cfg.MinAvailableReplicaPercentage || len(values) < len(w.cfg.Metrics) {
		return Decision{current, ReasonMissing}
	}
	d, above, below := Decision{}, false, false
	for i := range w.cfg.Metrics {
		if !known(values[i]) {
			return Decision{current, ReasonMissing}
		}
		one, hi, lo := w.propose(&w.cfg.Metrics[i], values[i], fleet)
		if i == 0 || one.Count > d.Count {
			d = one
		}
		above, below = above || hi, below || lo
	}
	if above != w.above {
		w.above, w.aboveSince = above, ns
	}
	if below != w.below {
		w.below, w.belowSince = below, ns
	}
	d = w.limit(d, fleet)
	if why, ok := w.allowed(ns, d.Count-current); !ok {
		return Decision{current, why}
	}
	return w.settle(ns, current, d)
}

// propose is what one metric asks for, and whether it is beyond its high or its low watermark.
func (w *WPA) propose(m *WPAMetric, value float64, fleet Fleet) (d Decision, above, below bool) {
	current, ready := fleet.Ordered(), float64(fleet.Ready)
	sum := milli(value)
	if sum == 0 && !w.cfg.TolerateZero {
		return Decision{current, ReasonMissing}, false, false
	}
	use := float64(sum)
	if w.cfg.Algorithm == "average" {
		use /= ready
	}
	high, low := milli(m.HighWatermark), milli(m.LowWatermark)
	// 2^53 times 1000 still fits into 64 bits; the division is between whole numbers.
	tolerance := milli(*w.cfg.Tolerance)
	switch {
	case use > float64(high+high*tolerance/1000):
		n := w.modulo(count(math.Ceil(float64(ready*use) / float64(high))))
		return Decision{max(n, current), ReasonMetric}, true, false
	case use < float64(low-low*tolerance/1000):
		n := w.modulo(max(1, count(math.Floor(float64(ready*use)/float64(low)))))
		return Decision{min(n, current), ReasonMetric}, false, true
	}
	return w.converge(use, float64(high), float64(low), fleet), false, false
}

// modulo rounds up to a multiple.
func (w *WPA) modulo(n int) int {
	m := w.cfg.ReplicasScalingAbsoluteModulo
	if over := n % m; over > 0 {
		n += m - over
	}
	return min(n, math.MaxInt32)
}

// converge moves by one step towards a watermark, as long as that is not crossed.
func (w *WPA) converge(use, high, low float64, fleet Fleet) Decision {
	current, ready, step := fleet.Ordered(), float64(fleet.Ready), w.cfg.ReplicasScalingAbsoluteModulo
	bounded := func(n int) int { return min(max(n, w.cfg.MinReplicas), w.cfg.MaxReplicas) }
	switch w.cfg.ConvergeTowardsWatermark {
	case "highwatermark":
		if n := max(current-step, 1); n >= bounded(count(math.Ceil(float64(ready/high*use)))) && n != current {
			return Decision{n, ReasonConverge}
		}
	case "lowwatermark":
		if n := current + step; n <= bounded(count(math.Floor(float64(ready/low*use)))) {
			return Decision{n, ReasonConverge}
		}
	}
	return Decision{current, ReasonTolerance}
}

// limit keeps a proposal within the velocity and the bounds.
func (w *WPA) limit(d Decision, fleet Fleet) Decision {
	current := fleet.Ordered()
	part := func(factor float64) int {
		if factor == 0 {
			return 0
		}
		return max(1, count(math.Floor(factor/100*float64(current))))
	}
	least, why := w.cfg.MinReplicas, ReasonMin
	if slow := current - part(*w.cfg.ScaleDownLimitFactor); d.Count < slow {
		if slow > least {
			least, why = slow, ReasonRate
		}
		if fleet.Ready < least { // a fleet that is not ready yet is not made smaller
			least, why = current, ReasonRate
		}
	}
	d = d.atLeast(least, why)
	if fast := current + part(*w.cfg.ScaleUpLimitFactor); fast < w.cfg.MaxReplicas {
		return d.atMost(fast, ReasonRate)
	}
	return d.atMost(w.cfg.MaxReplicas, ReasonMax)
}

// allowed says whether it is time for a change, and if not why not.
func (w *WPA) allowed(ns int64, change int) (Reason, bool) {
	var delay, forbidden int
	var beyond bool
	var since int64
	switch {
	case change == 0 || !w.scaled:
		return ReasonNone, true
	case change > 0:
		delay, forbidden, beyond, since = w.cfg.UpscaleDelayAboveWatermarkSeconds, *w.cfg.UpscaleForbiddenWindowSeconds, w.above, w.aboveSince
	default:
		delay, forbidden, beyond, since = w.cfg.DownscaleDelayBelowWatermarkSeconds, *w.cfg.DownscaleForbiddenWindowSeconds, w.below, w.belowSince
	}
	if w.lastScale+int64(forbidden)*1e9 > ns {
		return ReasonCooldown, false
	}
	between := !w.above && !w.below
	if delay > 0 && !between && (!beyond || ns-since < int64(delay)*1e9) {
		return ReasonSustain, false
	}
	return ReasonNone, true
}

// settle remembers that the count changes.
func (w *WPA) settle(ns int64, current int, d Decision) Decision {
	if d.Count != current {
		w.scaled, w.lastScale = true, ns
	}
	return d
}

// State walks what the rule remembers, for snapshots.
func (w *WPA) State(s *state.Codec) {
	w.clock.state(s)
	stamp(s, &w.lastScale)
	s.Bool(&w.scaled)
	s.Bool(&w.above)
	s.Bool(&w.below)
	stamp(s, &w.aboveSince)
	stamp(s, &w.belowSince)
}
