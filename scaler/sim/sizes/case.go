package sizes

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Case is what sizes are chosen for.
type Case struct {
	Trace  *sim.Trace
	Events []forecast.Event // nil if there are none
	// Options are the terms of the simulation. Capacity and Boot are those of the machines instead, and so is Cap. Penalty is
	// relative to the machine that is cheapest for what it carries, see Worth.
	Options sim.Options
	// Machines are the sizes that can be had, one at least, of different names.
	Machines []Machine
	// Config is that of an engine, without what the options and a machine say (see sim.EngineConfig).
	Config scaler.Config
}

// Worth returns the price of one unit of demand that goes unserved for an hour: Options.Penalty times what an hour of the capacity
// for it costs in the size that is cheapest by that. The price is one for all sizes, so that they compete on the same terms.
func (c *Case) Worth() float64 { return float64(c.Options.Penalty * c.cheapest()) }

// cheapest is the least price of an hour of capacity for one unit of demand.
func (c *Case) cheapest() float64 {
	least := math.Inf(1)
	for i := range c.Machines {
		least = math.Min(least, c.Machines[i].Price/c.Machines[i].Capacity)
	}
	return least
}

// maxNodes bounds the fleet that covers the peak, as package sim does.
const maxNodes = 1_000_000

// Validate reports every fault at once. Those of the trace and of the terms are among them, for each machine.
func (c *Case) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(c.Machines) == 0 {
		fault("machines: none; wanted one at least")
	}
	finite := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	for i := range c.Machines {
		m := &c.Machines[i]
		if slices.ContainsFunc(c.Machines[:i], func(o Machine) bool { return o.Name == m.Name }) {
			fault("machine %s: wanted a name that is not there yet", m.Name)
		}
		if !finite(m.Price) || m.Price == 0 {
			fault("machine %s: price %v: wanted a finite number above 0", m.Name, m.Price)
		}
		if !finite(m.Out) {
			fault("machine %s: out %v: wanted a finite number of 0 or more", m.Name, m.Out)
		}
		if m.Max < 0 || m.Max > maxNodes {
			fault("machine %s: max %d: wanted 1 to %d, or 0 for any", m.Name, m.Max, maxNodes)
		}
		if err := c.terms(m).Validate(c.Trace); err != nil {
			fault("machine %s: %w", m.Name, err)
		}
	}
	o := &c.Options
	if o.ScaleToZero || o.Activation > 0 || o.BootTimes.String() != "" || o.FailedStarts > 0 || o.Drain > 0 {
		fault("options: scale to zero, activation, boot times, failed starts or drain: wanted none of them, because they are not simulated with sizes")
	}
	return errors.Join(faults...)
}

// terms are the options of a fleet of one machine. The penalty in them makes unserved demand cost the same money for all.
func (c *Case) terms(m *Machine) sim.Options {
	o := c.Options
	o.Capacity, o.Boot, o.Cap = m.Capacity, m.Boot, m.Max
	o.Penalty = float64(c.Worth()*m.Capacity) / m.Price
	return o
}

// most is how many nodes of a machine can be of any use: enough for the peak.
func (c *Case) most(m *Machine) int {
	n := 1
	for _, d := range c.Trace.Demand {
		if d > float64(n)*m.Capacity {
			n = int(math.Ceil(d / m.Capacity))
		}
	}
	if m.Max > 0 {
		n = min(n, m.Max)
	}
	return n
}

// part is the case with the progress of the i-th of so many parts of the work.
func (c Case) part(i, parts int) Case {
	if report := c.Options.Progress; report != nil {
		c.Options.Progress = func(done, total int) { report(i*total+done, parts*total) }
	}
	return c
}
