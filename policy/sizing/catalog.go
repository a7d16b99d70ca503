package sizing

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// Duration is a time.Duration that reads and writes as text such as "90s".
type Duration = compat.Duration

// Size is one kind of machine.
type Size struct {
	Name   string `json:"name"`
	Family string `json:"family,omitempty"` // machines of one speed, such as "m7i"; what is learned of speed is learned per family
	Arch   string `json:"arch,omitempty"`   // "" stands for any

	CPU     float64 `json:"vcpu"`                   // virtual cores
	Memory  float64 `json:"memory_gib"`             // GiB
	Network float64 `json:"network_gbps,omitempty"` // Gbit/s; 0: not known
	Speed   float64 `json:"speed,omitempty"`        // of a core beside one of the size whose law was learned [1]

	// Overhead is what a node keeps for itself, whatever runs on it (see KubeReserved).
	Overhead Resources `json:"overhead,omitzero"`
	// Boot is the time from the order of a node until it serves, as a quantile that the user plans with [the engine's].
	Boot Duration `json:"boot,omitempty"`

	// Prices are what a node costs an hour under each purchase option, the user's discounts included.
	Prices []Price `json:"prices"`

	Min       int     `json:"min,omitempty"`       // smallest number of nodes while this size is used
	Max       int     `json:"max,omitempty"`       // largest; 0: any
	Forbidden bool    `json:"forbidden,omitempty"` // not to be chosen; a fleet that has it is priced all the same
	Available float64 `json:"available,omitempty"` // share of orders that the cloud fills, above 0 up to 1 [1]
}

// Price is what a node costs an hour under one purchase option, such as "on-demand" or "spot".
type Price struct {
	Option   string  `json:"option,omitempty"`
	Hour     float64 `json:"hour"`
	Discount float64 `json:"discount,omitempty"` // share that the user does not pay, 0 up to below 1
}

// Paid returns what is really paid for an hour.
func (p Price) Paid() float64 { return float64(p.Hour * (1 - p.Discount)) }

// Catalog is a list of sizes. No decision depends on its order.
type Catalog []Size

// Price returns what a node costs an hour under the first of the options that the size has, or the cheapest of its prices where
// no options are named; false if there is none.
func (s *Size) Price(options ...string) (float64, bool) {
	if len(options) == 0 {
		least := math.Inf(1)
		for _, p := range s.Prices {
			least = math.Min(least, p.Paid())
		}
		return least, len(s.Prices) > 0
	}
	for _, o := range options {
		for _, p := range s.Prices {
			if p.Option == o {
				return p.Paid(), true
			}
		}
	}
	return math.NaN(), false
}

// Resources returns what a node has for what runs on it: all of it, less the overhead.
func (s *Size) Resources() Resources {
	return Resources{s.CPU, s.Memory, s.Network}.Sub(s.Overhead)
}

// Find returns the index of a size by its name, or -1.
func (c Catalog) Find(name string) int {
	return slices.IndexFunc(c, func(s Size) bool { return s.Name == name })
}

// Validate reports every fault of every size at once. row says where a size was written, counting from 1; nil stands for its
// place in the list.
func (c Catalog) Validate(row func(i int) string) error {
	if row == nil {
		row = func(i int) string { return fmt.Sprintf("size %d", i+1) }
	}
	var faults []error
	if len(c) == 0 {
		faults = append(faults, errors.New("catalog: no size; wanted one at least"))
	}
	seen := map[string]int{}
	for i := range c {
		s := &c[i]
		fault := func(field string, value any, wanted string) {
			faults = append(faults, fmt.Errorf("%s (%s): %s %v: wanted %s", row(i), s.Name, field, value, wanted))
		}
		if s.Name == "" || len(s.Name) > 64 {
			fault("name", fmt.Sprintf("%q", s.Name), "1 to 64 bytes")
		} else if before, ok := seen[s.Name]; ok {
			fault("name", fmt.Sprintf("%q", s.Name), "a name that is not there yet, as it is in "+row(before))
		}
		seen[s.Name] = i
		positive := func(field string, v float64) {
			if !(v > 0) || math.IsInf(v, 0) {
				fault(field, v, "a finite number above 0")
			}
		}
		none := func(field string, v float64) {
			if !(v >= 0) || math.IsInf(v, 0) {
				fault(field, v, "a finite number of 0 or more")
			}
		}
		if len(s.Family) > maxFamily {
			fault("family", fmt.Sprintf("%q", s.Family), fmt.Sprintf("at most %d bytes", maxFamily))
		}
		positive("vcpu", s.CPU)
		positive("memory_gib", s.Memory)
		none("network_gbps", s.Network)
		none("speed", s.Speed)
		none("overhead.cpu", s.Overhead.CPU)
		none("overhead.memory", s.Overhead.Memory)
		none("overhead.network", s.Overhead.Network)
		if s.Overhead.CPU >= s.CPU && s.CPU > 0 {
			fault("overhead.cpu", s.Overhead.CPU, fmt.Sprintf("less than the %v that the size has", s.CPU))
		}
		if s.Overhead.Memory >= s.Memory && s.Memory > 0 {
			fault("overhead.memory", s.Overhead.Memory, fmt.Sprintf("less than the %v that the size has", s.Memory))
		}
		if s.Boot < 0 || s.Boot.Std() > 24*time.Hour {
			fault("boot", s.Boot, "0s to 24h")
		}
		if len(s.Prices) == 0 {
			fault("prices", "[]", "one at least")
		}
		options := map[string]bool{}
		for _, p := range s.Prices {
			at := fmt.Sprintf("prices[%s]", p.Option)
			if options[p.Option] {
				fault(at, "", "one price for each option")
			}
			options[p.Option] = true
			if !(p.Hour > 0) || math.IsInf(p.Hour, 0) {
				fault(at+".hour", p.Hour, "a finite number above 0")
			}
			if !(p.Discount >= 0 && p.Discount < 1) {
				fault(at+".discount", p.Discount, "0 or more and less than 1")
			}
		}
		if s.Min < 0 || s.Min > maxNodes {
			fault("min", s.Min, fmt.Sprintf("0 to %d", maxNodes))
		}
		if s.Max < 0 || s.Max > maxNodes || s.Max > 0 && s.Max < s.Min {
			fault("max", s.Max, fmt.Sprintf("0 for any, or min to %d", maxNodes))
		}
		if !(s.Available >= 0 && s.Available <= 1) {
			fault("available", s.Available, "above 0 up to 1, or 0 for 1")
		}
	}
	return errors.Join(faults...)
}

// maxNodes bounds a fleet.
const maxNodes = 1_000_000

// WithDefaults returns a copy in which every zero field that has a default has it.
func (c Catalog) WithDefaults() Catalog {
	c = slices.Clone(c)
	for i := range c {
		c[i].Speed, c[i].Available = cmp.Or(c[i].Speed, 1), cmp.Or(c[i].Available, 1)
		c[i].Prices = slices.Clone(c[i].Prices)
	}
	return c
}

// Prune returns the sizes worth considering under the purchase options, in order of price, then name: without those that
// are forbidden or have no price, and without those for which there is another of the same family and architecture that costs no more and
// has as much of everything. Between families nothing is pruned: how fast their cores are is only learned. keep names a size that stays in any case, because the fleet is made of it.
func (c Catalog) Prune(keep string, options ...string) Catalog {
	out := make(Catalog, 0, len(c))
	for _, s := range c {
		if _, ok := s.Price(options...); ok && (!s.Forbidden || s.Name == keep) {
			out = append(out, s)
		}
	}
	price := func(s *Size) float64 { p, _ := s.Price(options...); return p }
	slices.SortFunc(out, func(a, b Size) int {
		return cmp.Or(cmp.Compare(price(&a), price(&b)), strings.Compare(a.Name, b.Name))
	})
	kept := out[:0]
	all := slices.Clone(out)
	for i := range all {
		s := &all[i]
		worse := s.Name != keep && slices.ContainsFunc(all, func(o Size) bool {
			if !o.covers(s) || price(&o) > price(s) || o.Forbidden {
				return false
			}
			// Of two that are alike in all, the first by name stays.
			return !s.covers(&o) || price(&o) < price(s) || o.Name < s.Name
		})
		if !worse {
			kept = append(kept, *s)
		}
	}
	return kept
}

// covers says whether s does whatever o does, price aside.
func (s *Size) covers(o *Size) bool {
	r, q := s.Resources(), o.Resources()
	most := func(s *Size) int { return cmp.Or(s.Max, maxNodes) }
	return s.Arch == o.Arch && s.Family == o.Family &&
		r.CPU >= q.CPU && r.Memory >= q.Memory && r.Network >= q.Network && (s.Network > 0 || o.Network == 0) &&
		cmp.Or(s.Speed, 1) >= cmp.Or(o.Speed, 1) && s.Boot <= o.Boot && s.Min <= o.Min && most(s) >= most(o) && cmp.Or(s.Available, 1) >= cmp.Or(o.Available, 1)
}
