package compat

import (
	"math"
	"time"

	"github.com/headroom-go/headroom/internal/state"
)

// KPA is the rule of the Knative Pod Autoscaler (serving v0.50): the average of a stable window decides, unless a short
// window sees a burst; then, until the burst is a stable window old, nothing is taken away. The bounds and the way to zero
// are those of its reconciler, as far as they can be seen from outside: a fleet that wants to be 0 keeps one replica until
// it has been active for a stable window, is then inactive, and goes after the grace period.
//
// The measurement is the total of concurrent requests, or of requests per second. Knative measures it every second and
// decides every two; a caller with a longer step gives the rule a Granularity and windows of a step at least.
type KPA struct {
	cfg           KPAConfig
	target        float64
	clock         clock
	stable, burst buckets
	panicking     bool
	panicSince    int64
	maxPanic      int
	delay         extremes // by tick
	delayTicks    int64
	active        bool
	activeSince   int64 // since when it has been active, or inactive
	excess        float64
}

// NewKPA returns a KPA with the defaults filled in and all its memory allocated. The error is Validate's.
func NewKPA(cfg KPAConfig) (*KPA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	granule := int64(cfg.Granularity)
	k := &KPA{
		cfg:        cfg,
		target:     max(cfg.Target*cfg.TargetPercentage/100, 0.01),
		stable:     newBuckets(int64(cfg.StableWindow), granule, cfg.Weighted),
		burst:      newBuckets(int64(cfg.panicWindow()), granule, cfg.Weighted),
		delayTicks: int64((cfg.ScaleDownDelay + cfg.Tick - 1) / cfg.Tick),
	}
	if k.cfg.MaxScale == 0 {
		k.cfg.MaxScale = math.MaxInt32
	}
	k.delay = newExtremes(int(k.delayTicks)+1, false)
	k.Reset()
	return k, nil
}

// Reset forgets everything.
func (k *KPA) Reset() {
	k.clock = clock{}
	k.stable.reset()
	k.burst.reset()
	k.delay.reset()
	k.panicking, k.panicSince, k.maxPanic = false, 0, 0
	k.active, k.activeSince, k.excess = false, 0, 0
}

// Recommend records values[0], the total that is measured now (NaN: the measurement failed), and decides.
func (k *KPA) Recommend(now time.Time, values []float64, fleet Fleet) Decision {
	ns, first, ok := k.clock.advance(now)
	if !ok {
		return Decision{fleet.Ordered(), ReasonClock}
	}
	if first && fleet.Ready > 1 { // after a restart nothing is known: do not let go of anything yet
		k.panicking, k.panicSince, k.maxPanic = true, ns, fleet.Ready
	}
	if first && fleet.Ordered() > 0 {
		k.active, k.activeSince = true, ns
	}
	if len(values) > 0 && known(values[0]) {
		k.stable.record(ns, values[0])
		k.burst.record(ns, values[0])
	}
	if k.stable.empty(ns) {
		return Decision{fleet.Ordered(), ReasonMissing}
	}
	d := k.scale(ns, k.stable.average(ns), k.burst.average(ns), fleet.Ready)
	if d.Count < k.cfg.MinScale {
		d = Decision{k.cfg.MinScale, ReasonMin}
	}
	return k.towardsZero(ns, d.atMost(k.cfg.MaxScale, ReasonMax), fleet.Ordered())
}

// scale is the decision without the bounds and without what holds the last replica.
func (k *KPA) scale(ns int64, stable, burst float64, ready int) Decision {
	base := max(1, float64(ready))
	up, down := math.Ceil(k.cfg.MaxScaleUpRate*base), 0.0
	if !k.cfg.Unreachable {
		down = math.Floor(base / k.cfg.MaxScaleDownRate)
	}
	wantStable, wantBurst := math.Ceil(stable/k.target), math.Ceil(burst/k.target)
	d := k.clamp(wantStable, down, up)
	inBurst := k.clamp(wantBurst, down, up)

	switch over := wantBurst/base >= k.cfg.PanicThresholdPercentage/100; {
	case over: // it begins, or goes on
		k.panicking, k.panicSince = true, ns
	case k.panicking && k.panicSince+int64(k.cfg.StableWindow) < ns:
		k.panicking, k.maxPanic = false, 0
	}
	if k.panicking {
		if inBurst.Count > d.Count {
			d = inBurst
		}
		if d.Count >= k.maxPanic {
			k.maxPanic = d.Count
		} else {
			d = Decision{k.maxPanic, ReasonPanic}
		}
	}
	if !k.cfg.Unreachable && k.delayTicks > 0 {
		tick := granules(ns, int64(k.cfg.Tick))
		k.delay.expire(tick - k.delayTicks + 1)
		k.delay.add(tick, d.Count)
		d = d.become(k.delay.with(d.Count), ReasonDelay)
	}
	switch keep := *k.cfg.TargetBurstCapacity; {
	case keep < 0:
		k.excess = -1
	case keep == 0:
		k.excess = 0
	default:
		k.excess = math.Floor(float64(float64(ready)*k.cfg.Target) - keep - burst)
	}
	return d
}

// clamp keeps a wish between the largest steps down and up, and above 0 at the activation scale.
func (k *KPA) clamp(want, down, up float64) Decision {
	d := Decision{count(min(max(want, down), up)), ReasonMetric}
	if d.Count != count(want) {
		d.Reason = ReasonRate
	}
	if k.cfg.ActivationScale > 1 && want > 0 {
		d = d.atLeast(k.cfg.ActivationScale, ReasonActivation)
	}
	return d
}

// towardsZero holds the last replica, or what there is, on the way to zero.
func (k *KPA) towardsZero(ns int64, d Decision, ordered int) Decision {
	if d.Count > 0 {
		if !k.active {
			k.active, k.activeSince = true, ns
		}
		return d
	}
	if k.cfg.KeepOne {
		return Decision{1, ReasonMin}
	}
	if k.active {
		if ns-k.activeSince < int64(k.cfg.StableWindow) {
			return Decision{1, ReasonGrace}
		}
		k.active, k.activeSince = false, ns
	}
	if ordered > 0 && ns-k.activeSince < int64(max(k.cfg.ScaleToZeroGrace, k.cfg.ScaleToZeroRetention)) {
		return Decision{ordered, ReasonGrace}
	}
	return d
}

// ExcessBurstCapacity returns how much more the ready replicas of the last decision could take at once, beyond
// TargetBurstCapacity: below 0 Knative leads requests through its activator. It is -1 where that is -1, and 0 where it is 0.
func (k *KPA) ExcessBurstCapacity() float64 { return k.excess }

// Panicking says whether the last decision was made in panic mode.
func (k *KPA) Panicking() bool { return k.panicking }

// State walks what the rule remembers, for snapshots.
func (k *KPA) State(s *state.Codec) {
	k.clock.state(s)
	k.stable.state(s)
	k.burst.state(s)
	k.delay.state(s)
	s.Bool(&k.panicking)
	stamp(s, &k.panicSince)
	tally(s, &k.maxPanic)
	s.Bool(&k.active)
	stamp(s, &k.activeSince)
	s.Float64(&k.excess)
}
