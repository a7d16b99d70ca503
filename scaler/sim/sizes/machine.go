package sizes

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/policy/sizing"
)

// Machine is a size as a simulation plays it.
type Machine struct {
	Name     string
	Price    float64       // of a node an hour, more than 0
	Capacity float64       // demand that a node carries, in the trace's unit, more than 0
	Boot     time.Duration // from the order of a node until it serves, 0 or more
	Out      float64       // what it costs to take a node out, 0 or more: disruption, not billing
	Max      int           // largest number of nodes; 0: any
}

// in is what it costs to bring a node in: its price while it boots.
func (m *Machine) in() float64 { return float64(m.Price * m.Boot.Hours()) }

// Load says what one unit of demand takes of a node, from which follows what a node carries.
type Load struct {
	PerDemand sizing.Resources // what one unit of demand uses
	Base      sizing.Resources // what a node uses without any demand, besides the overhead of its size
	// Target is the share of what a node has that may be used, above 0 up to 1.
	Target float64
	// Boot is the boot time of sizes that have none of their own, 0 or more.
	Boot time.Duration
	// Out is what it costs to take a node out, 0 or more.
	Out float64
}

// Machines returns the sizes of a catalogue that may be chosen, under the first of the purchase options that each has, or the cheapest
// where none are named. A node carries as much as the scarcest of its resources allows (a size of unknown network is not bound by
// it). Sizes are left out that are forbidden, that have no such price, and that carry nothing under this load. It is an error if
// none is left, if a size asks for more than one node at least, which is not simulated, or if the load is not valid.
func Machines(c sizing.Catalog, load Load, options ...string) ([]Machine, error) {
	if err := load.validate(); err != nil {
		return nil, err
	}
	var all []Machine
	for i := range c {
		s := &c[i]
		price, ok := s.Price(options...)
		if s.Forbidden || !ok {
			continue
		}
		if s.Min > 1 {
			return nil, fmt.Errorf("size %s: min %d: wanted 0 or 1 in a simulation", s.Name, s.Min)
		}
		m := Machine{Name: s.Name, Price: price, Capacity: load.capacity(s), Boot: load.Boot, Out: load.Out, Max: s.Max}
		if s.Boot > 0 {
			m.Boot = s.Boot.Std()
		}
		if m.Capacity > 0 {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("catalogue of %d sizes: none that is allowed, has a price and carries any of the load", len(c))
	}
	return all, nil
}

// validate reports every fault of the load.
func (l *Load) validate() error {
	var faults []error
	uses := false
	for i, name := range sizing.ResourceNames {
		uses = uses || l.PerDemand.At(i) > 0
		for _, f := range []struct {
			of string
			v  float64
		}{{"per demand", l.PerDemand.At(i)}, {"base", l.Base.At(i)}} {
			if !(f.v >= 0) || math.IsInf(f.v, 0) {
				faults = append(faults, fmt.Errorf("load: %s %s %v: wanted a finite number of 0 or more", name, f.of, f.v))
			}
		}
	}
	if !uses {
		faults = append(faults, errors.New("load: per demand: wanted some of one resource at least"))
	}
	if !(l.Target > 0 && l.Target <= 1) {
		faults = append(faults, fmt.Errorf("load: target %v: wanted above 0 up to 1", l.Target))
	}
	if l.Boot < 0 {
		faults = append(faults, fmt.Errorf("load: boot %v: wanted 0 or more", l.Boot))
	}
	if !(l.Out >= 0) || math.IsInf(l.Out, 0) {
		faults = append(faults, fmt.Errorf("load: out %v: wanted a finite number of 0 or more", l.Out))
	}
	return errors.Join(faults...)
}

// capacity is the demand that a node of a size carries, 0 or less if none; it is finite, because some resource is used.
func (l *Load) capacity(s *sizing.Size) float64 {
	has, least := s.Resources(), math.Inf(1)
	for i := range sizing.NumResources {
		if per := l.PerDemand.At(i); per > 0 && (i != 2 || s.Network > 0) {
			have := float64(l.Target * has.At(i))
			if i == 0 && s.Speed > 0 {
				have *= s.Speed
			}
			least = math.Min(least, (have-l.Base.At(i))/per)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}
