package sim

import "fmt"

// Signal is what a controller is fed with.
type Signal int

const (
	// SignalDemand is the true demand, whoever serves it: requests per second at the door.
	SignalDemand Signal = iota
	// SignalUtilisation is the processor's, which ends at 100 %: what a replica has to do beyond its capacity does not
	// show. A controller then sees min(1, demand/(ready*capacity)) times ready replicas. That is how the Kubernetes HPA
	// reckons with a resource: the use of all pods over the target, with pods that are not ready at nothing.
	SignalUtilisation
)

var signalNames = [...]string{"demand", "utilisation"}

// String returns "demand" or "utilisation".
func (s Signal) String() string {
	if s < 0 || int(s) >= len(signalNames) {
		return fmt.Sprintf("Signal(%d)", int(s))
	}
	return signalNames[s]
}

// UnmarshalText reads what String writes.
func (s *Signal) UnmarshalText(text []byte) error {
	for i, name := range signalNames {
		if string(text) == name {
			*s = Signal(i)
			return nil
		}
	}
	return fmt.Errorf("wanted %s or %s", signalNames[0], signalNames[1])
}

// MarshalText writes what String returns.
func (s Signal) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// sensed is a controller that is fed with the signal of o.
func (o Options) sensed(c Controller) Controller {
	if o.Signal == SignalDemand {
		return c
	}
	return &saturated{inner: c, capacity: o.Capacity}
}

// saturated shows a controller no more demand than was served.
type saturated struct {
	inner    Controller
	capacity float64
	used     []float64 // by step, as far as it has been seen
}

// Decide implements Controller.
func (c *saturated) Decide(s *Step) (int, error) {
	for j := len(c.used); j < len(s.Demand); j++ {
		d := s.Demand[j]
		if most := float64(float64(s.Served[j]) * c.capacity); d > most { // a hole stays one
			d = most
		}
		c.used = append(c.used, d)
	}
	seen := *s
	seen.Demand = c.used[:len(c.used):len(c.used)]
	return c.inner.Decide(&seen)
}
