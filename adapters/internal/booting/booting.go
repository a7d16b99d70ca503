// Package booting has a fleet whose replicas boot while time passes.
package booting

import (
	"time"

	"github.com/headroom-go/headroom/policy"
)

// Fleet is a policy.Plant on the clock. Steps are counted from the first time that it learns; an order counts from the start
// of the step in which it is placed, and replicas become ready at the start of a step. It is not safe for concurrent use.
type Fleet struct {
	step  time.Duration
	boot  int // steps
	plant *policy.Plant
	now   time.Time // start of the current step; zero before any time is known
}

// New returns a fleet of start ready replicas, and never fewer than floor. boot is rounded up to whole steps; step must be
// more than 0.
func New(step, boot time.Duration, start, floor int) *Fleet {
	steps := int((boot + step - 1) / step)
	return &Fleet{step: step, boot: steps, plant: policy.NewPlant(steps, start, floor)}
}

// Advance sets the time to now, and replicas whose boot time is over become ready. A time before the last one changes
// nothing.
func (f *Fleet) Advance(now time.Time) {
	if f.now.IsZero() {
		f.now = now
		return
	}
	steps := now.Sub(f.now) / f.step
	if steps <= 0 {
		return
	}
	f.now = f.now.Add(steps * f.step)
	for range min(int64(steps), int64(f.boot)) { // after that many nothing is on order any more
		f.plant.Arrive()
	}
}

// Order makes n the number of ordered replicas. Removal is immediate, and takes replicas that do not serve yet first.
func (f *Fleet) Order(n int) { f.plant.Order(n) }

// Observe returns what a controller sees of the fleet.
func (f *Fleet) Observe() policy.Fleet {
	return policy.Fleet{Ready: f.plant.Ready(), Starting: f.plant.Starting(), Boot: time.Duration(f.boot) * f.step}
}
