package memory

import (
	"context"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/booting"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ActuatorConfig describes a fleet in memory. A zero field means the value in brackets.
type ActuatorConfig struct {
	// Step is the grain of time: replicas become ready at the start of a step. More than 0.
	Step time.Duration
	// Boot is the time from an order until the replicas serve, rounded up to whole steps [0s: at once].
	Boot time.Duration
	// Start is the number of ready replicas at first, and Floor the smallest number there can be [0].
	Start, Floor int
	// Clock tells the time, such as time.Now [time is what Advance says it is].
	Clock func() time.Time
}

// maxBootSteps bounds the memory of a boot time.
const maxBootSteps = 1 << 20

// Actuator is a fleet in memory with the mechanics of policy.Plant: what is ordered boots, and is paid for meanwhile. It
// is safe for concurrent use.
//
// Steps are counted from the first time that the Actuator learns. An order counts from the start of the step in which it
// is placed.
type Actuator struct {
	clock func() time.Time

	mu    sync.Mutex
	fleet *booting.Fleet
}

var _ adapters.Actuator = (*Actuator)(nil)

// NewActuator returns a fleet of cfg.Start ready replicas. The error is scaler.Faults, with every fault of cfg.
func NewActuator(cfg ActuatorConfig) (*Actuator, error) {
	if faults := cfg.faults(); len(faults) > 0 {
		return nil, faults
	}
	return &Actuator{clock: cfg.Clock, fleet: booting.New(cfg.Step, cfg.Boot, cfg.Start, cfg.Floor)}, nil
}

// Advance sets the time to now, and replicas whose boot time is over become ready. A time before the last one changes
// nothing.
func (a *Actuator) Advance(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fleet.Advance(now)
}

// tell advances to what the clock says, if there is one.
func (a *Actuator) tell() {
	if a.clock != nil {
		a.fleet.Advance(a.clock())
	}
}

// Fleet implements adapters.Actuator. Its only error is that of a context that has ended.
func (a *Actuator) Fleet(ctx context.Context) (policy.Fleet, error) {
	if ctx.Err() != nil {
		return policy.Fleet{}, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tell()
	return a.fleet.Observe(), nil
}

// Apply implements adapters.Actuator. Removal is immediate, and takes replicas that do not serve yet first. Its only error
// is that of a context that has ended.
func (a *Actuator) Apply(ctx context.Context, d *scaler.Decision) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tell()
	a.fleet.Order(d.Replicas)
	return nil
}
