package compat

import (
	"math"
	"time"
)

// KubePhase is how far a pod's life has come.
type KubePhase uint8

// The phases that the rule tells apart.
const (
	KubeRunning KubePhase = iota
	KubePending
	KubeFailed
)

// KubeReady is the Ready condition of a pod.
type KubeReady uint8

// The states of the Ready condition.
const (
	KubeReadyTrue KubeReady = iota
	KubeReadyFalse
	KubeReadyAbsent // no such condition yet
)

// KubePod is one pod as the rule sees it. The zero value is a running, ready pod that uses nothing of nothing.
type KubePod struct {
	Value    float64 // what it uses, in the metric's unit; NaN: it reports nothing
	Request  float64 // what it requests, for KubeUtilization
	Phase    KubePhase
	Deleting bool
	Ready    KubeReady
	// For "cpu" alone: when it started (zero: not yet), since when Ready is what it is, when Value was measured, and over
	// how long.
	Started, ReadySince, Measured time.Time
	Window                        time.Duration
}

// KubeInput is what is measured for one metric.
type KubeInput struct {
	// Value is the total over the whole fleet, NaN where there is none. It counts for every kind where Pods is nil; then
	// every ready replica is taken to report its part of it. KubeValue and KubeAverageValue always go by it.
	Value float64
	// Pods are the pods one by one. They are read during the call.
	Pods []KubePod
}

type kubeGroup uint8

const (
	groupReady kubeGroup = iota
	groupIgnored
	groupUnready
	groupMissing
)

// group sorts a pod as Kubernetes does: what counts, what is left out, what is filled in.
func (h *KubeHPA) group(p *KubePod, cpu bool, now time.Time) kubeGroup {
	switch {
	case p.Deleting || p.Phase == KubeFailed:
		return groupIgnored
	case p.Phase == KubePending:
		return groupUnready
	case !known(p.Value):
		return groupMissing
	case !cpu:
		return groupReady
	case p.Ready == KubeReadyAbsent || p.Started.IsZero():
		return groupUnready
	}
	var unready bool
	if p.Started.Add(h.cfg.CPUInitializationPeriod.Std()).After(now) {
		// A young pod counts once it is ready and a whole window was measured since.
		unready = p.Ready == KubeReadyFalse || p.Measured.Before(p.ReadySince.Add(p.Window))
	} else {
		// An old one counts, unless it has never been ready.
		unready = p.Ready == KubeReadyFalse && p.Started.Add(h.cfg.InitialReadinessDelay.Std()).After(p.ReadySince)
	}
	if unready {
		return groupUnready
	}
	return groupReady
}

// usage sums up the pods that count, in thousandths.
type usage struct {
	used, requested int64
	pods            int64
}

func (u *usage) add(used, requested int64) {
	const most = math.MaxInt64 / 200 // a hundred times the sum has to fit
	u.used = min(u.used+used, most)
	u.requested = min(u.requested+requested, most)
	u.pods++
}

// ratio is use over target; false if there is nothing to divide by. Percent and averages are whole numbers, cut off.
func (u *usage) ratio(m *KubeMetric) (float64, bool) {
	if m.Kind == KubeUtilization {
		if u.requested <= 0 {
			return 0, false
		}
		percent := min(max(u.used*100/u.requested, math.MinInt32), math.MaxInt32)
		return float64(percent) / float64(int32(m.Target)), true
	}
	if u.pods == 0 {
		return 0, false
	}
	return float64(u.used/u.pods) / float64(milli(m.Target)), true
}

// propose is the count that one metric asks for, the reason for it, and false where the metric is not valid.
func (h *KubeHPA) propose(m *KubeMetric, in *KubeInput, fleet Fleet, now time.Time) (int, Reason, bool) {
	switch m.Kind {
	case KubeValue:
		return h.proposeValue(m, in, fleet)
	case KubeAverageValue:
		return h.proposeAverage(m, in, fleet)
	}
	if in.Pods != nil {
		return h.proposePods(m, in.Pods, fleet.Ordered(), now)
	}
	if !known(in.Value) || fleet.Ready <= 0 {
		return 0, ReasonMissing, false
	}
	requested := min(float64(milli(m.Request))*float64(fleet.Ready), 1<<62)
	u := usage{used: milli(in.Value), requested: int64(requested), pods: int64(fleet.Ready)}
	r, ok := u.ratio(m)
	if !ok {
		return 0, ReasonMissing, false
	}
	if h.near(r) {
		return fleet.Ordered(), ReasonTolerance, true
	}
	return count(math.Ceil(r * float64(fleet.Ready))), ReasonMetric, true
}

func (h *KubeHPA) near(ratio float64) bool { return within(ratio, h.tolDown, h.tolUp) }

func (h *KubeHPA) proposeValue(m *KubeMetric, in *KubeInput, fleet Fleet) (int, Reason, bool) {
	if !known(in.Value) {
		return 0, ReasonMissing, false
	}
	r := float64(milli(in.Value)) / float64(milli(m.Target))
	switch {
	case fleet.Ordered() == 0:
		return count(math.Ceil(r)), ReasonMetric, true
	case h.near(r):
		return fleet.Ordered(), ReasonTolerance, true
	}
	return count(math.Ceil(r * float64(fleet.Ready))), ReasonMetric, true
}

func (h *KubeHPA) proposeAverage(m *KubeMetric, in *KubeInput, fleet Fleet) (int, Reason, bool) {
	if !known(in.Value) {
		return 0, ReasonMissing, false
	}
	sum, target := float64(milli(in.Value)), float64(milli(m.Target))
	if h.near(sum / (target * float64(fleet.Ordered()))) { // no pods: infinite or no number, and not near
		return fleet.Ordered(), ReasonTolerance, true
	}
	return count(math.Ceil(sum / target)), ReasonMetric, true
}

// proposePods goes by the pods one by one. Those that are not ready, when the count would grow, and those that report
// nothing are filled in so that they damp the change; where that turns the direction round, nothing is changed.
func (h *KubeHPA) proposePods(m *KubeMetric, pods []KubePod, current int, now time.Time) (int, Reason, bool) {
	cpu := m.Name == "cpu"
	var u usage
	ready, unready, missing := 0, false, false
	for i := range pods {
		switch p := &pods[i]; h.group(p, cpu, now) {
		case groupReady:
			ready++
			u.add(milli(p.Value), max(milli(p.Request), 0))
		case groupUnready:
			unready = true
		case groupMissing:
			missing = true
		}
	}
	r, ok := u.ratio(m)
	if !ok {
		return 0, ReasonMissing, false
	}
	fillUnready := unready && r > 1
	if !fillUnready && !missing {
		if h.near(r) {
			return current, ReasonTolerance, true
		}
		return count(math.Ceil(r * float64(ready))), ReasonMetric, true
	}
	for i := range pods {
		switch p := &pods[i]; h.group(p, cpu, now) {
		case groupMissing:
			request := max(milli(p.Request), 0)
			switch {
			case r < 1 && m.Kind == KubeUtilization: // as if it used all that it should, or all that it requests
				percent := max(100, int64(m.Target))
				u.add(min(request, math.MaxInt64/percent)*percent/100, request)
			case r < 1:
				u.add(milli(m.Target), 0)
			case r > 1:
				u.add(0, request)
			}
		case groupUnready:
			if fillUnready {
				u.add(0, max(milli(p.Request), 0))
			}
		}
	}
	r2, ok := u.ratio(m)
	if !ok {
		return 0, ReasonMissing, false
	}
	if h.near(r2) {
		return current, ReasonTolerance, true
	}
	n := count(math.Ceil(r2 * float64(u.pods)))
	if r < 1 && r2 > 1 || r > 1 && r2 < 1 || r2 < 1 && n > current || r2 > 1 && n < current {
		return current, ReasonFlip, true
	}
	return n, ReasonMetric, true
}
