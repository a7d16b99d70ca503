package compat

import (
	"math"
	"time"
)

// KPAConfig is the configuration of a KPA, under the names of Knative's config-autoscaler.
type KPAConfig struct {
	// Target is the measurement that one replica can take: its container concurrency or its requests per second. Default 100
	// (container-concurrency-target-default; 200 is Knative's for requests per second).
	Target float64 `json:"container-concurrency-target-default,omitempty"`
	// TargetPercentage is the part of it that should be in use, 1 to 100. Default 70.
	TargetPercentage float64 `json:"container-concurrency-target-percentage,omitempty"`

	StableWindow Duration `json:"stable-window,omitempty"` // default 60 s; 6 s to 1 h, or one of Granularity if that is more
	// PanicWindowPercentage is the panic window as a part of the stable one, 1 to 100. Default 10. The window is rounded to
	// seconds and is at least one of Granularity.
	PanicWindowPercentage    float64 `json:"panic-window-percentage,omitempty"`
	PanicThresholdPercentage float64 `json:"panic-threshold-percentage,omitempty"` // default 200, 110 to 1000

	MaxScaleUpRate   float64 `json:"max-scale-up-rate,omitempty"`   // default 1000, more than 1
	MaxScaleDownRate float64 `json:"max-scale-down-rate,omitempty"` // default 2, more than 1

	MinScale        int `json:"min-scale,omitempty"`        // default 0
	MaxScale        int `json:"max-scale,omitempty"`        // default 0: none
	ActivationScale int `json:"activation-scale,omitempty"` // default 1: the smallest count above 0

	ScaleDownDelay Duration `json:"scale-down-delay,omitempty"` // default 0, at most 1 h
	// KeepOne is enable-scale-to-zero: "false".
	KeepOne              bool     `json:"keep-one,omitempty"`
	ScaleToZeroGrace     Duration `json:"scale-to-zero-grace-period,omitempty"`         // default 30 s
	ScaleToZeroRetention Duration `json:"scale-to-zero-pod-retention-period,omitempty"` // default 0
	// TargetBurstCapacity is what ExcessBurstCapacity keeps free. Default 211; -1 stands for all there is, and 0 for none.
	TargetBurstCapacity *float64 `json:"target-burst-capacity,omitempty"`
	// Weighted averages with exponential weights instead of a plain mean.
	Weighted bool `json:"weighted,omitempty"`
	// Unreachable says that no route leads here: nothing slows the way down then.
	Unreachable bool `json:"unreachable,omitempty"`

	Granularity Duration `json:"granularity,omitempty"` // default 1 s: measurements of one granule are added up
	Tick        Duration `json:"tick,omitempty"`        // default 2 s: the granule of ScaleDownDelay
}

// WithDefaults returns c with everything filled in that was left out.
func (c KPAConfig) WithDefaults() KPAConfig {
	for _, f := range []struct {
		field *float64
		value float64
	}{
		{&c.Target, 100}, {&c.TargetPercentage, 70}, {&c.PanicWindowPercentage, 10}, {&c.PanicThresholdPercentage, 200},
		{&c.MaxScaleUpRate, 1000}, {&c.MaxScaleDownRate, 2},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	for _, d := range []struct {
		field *Duration
		value time.Duration
	}{{&c.StableWindow, 60 * time.Second}, {&c.ScaleToZeroGrace, 30 * time.Second}, {&c.Granularity, time.Second}, {&c.Tick, 2 * time.Second}} {
		if *d.field == 0 {
			*d.field = Duration(d.value)
		}
	}
	if c.TargetBurstCapacity == nil {
		c.TargetBurstCapacity = new(211.0)
	}
	if c.ActivationScale == 0 {
		c.ActivationScale = 1
	}
	return c
}

// Validate reports every fault of c after WithDefaults, each with the field, its value and what was wanted.
func (c KPAConfig) Validate() error {
	c = c.WithDefaults()
	var f faults
	for _, r := range []struct {
		name        string
		value       float64
		least, most float64
	}{
		{"container-concurrency-target-default", c.Target, 0.01, 1e15},
		{"container-concurrency-target-percentage", c.TargetPercentage, 1, 100},
		{"panic-window-percentage", c.PanicWindowPercentage, 1, 100},
		{"panic-threshold-percentage", c.PanicThresholdPercentage, 110, 1000},
		{"max-scale-up-rate", c.MaxScaleUpRate, math.Nextafter(1, 2), math.MaxInt32},
		{"max-scale-down-rate", c.MaxScaleDownRate, math.Nextafter(1, 2), math.MaxInt32},
	} {
		if !(r.value >= r.least && r.value <= r.most) {
			f.addf("%s is %v; wanted %v to %v", r.name, r.value, r.least, r.most)
		}
	}
	if b := *c.TargetBurstCapacity; b != -1 && !(b >= 0 && known(b)) {
		f.addf("target-burst-capacity is %v; wanted 0 or more, or -1", b)
	}
	f.bounds("min-scale", c.MinScale, "max-scale", c.MaxScale)
	if c.ActivationScale < 1 || c.ActivationScale > math.MaxInt32 {
		f.addf("activation-scale is %d; wanted 1 or more", c.ActivationScale)
	}
	f.duration("granularity", c.Granularity, time.Millisecond, year)
	f.duration("stable-window", c.StableWindow, max(6*time.Second, c.Granularity.Std()), max(time.Hour, c.Granularity.Std()))
	f.duration("tick", c.Tick, time.Second, time.Hour)
	f.duration("scale-down-delay", c.ScaleDownDelay, 0, time.Hour)
	f.duration("scale-to-zero-grace-period", c.ScaleToZeroGrace, 6*time.Second, 24*time.Hour)
	f.duration("scale-to-zero-pod-retention-period", c.ScaleToZeroRetention, 0, 24*time.Hour)
	return f.join()
}

// panicWindow is the panic window: a part of the stable one in whole seconds, at least one granule.
func (c *KPAConfig) panicWindow() time.Duration {
	seconds := math.Round(c.StableWindow.Std().Seconds() * c.PanicWindowPercentage / 100)
	return max(time.Duration(seconds)*time.Second, c.Granularity.Std())
}
