package scaler

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/policy/sizing"
)

// Sizes says of which machines the nodes may be that carry the replicas, and on what terms their size changes. A Decision then has a
// plan of nodes beside its count (see Decision.Sizing), and the Fleet says which nodes there are.
//
// Where replicas are pods, Pod says what one of them requests, and nodes carry as many as fit. Without it nodes serve by
// themselves: Signal.Capacity is then what one core of speed 1 carries, a replica stands for what a node of the smallest size does,
// and Ready and Starting of the Fleet follow from its nodes. Engine.Use teaches what nodes really carry.
type Sizes struct {
	// Catalog are the sizes, at most 512 [none: an engine knows no sizes].
	Catalog sizing.Catalog `json:"catalog,omitempty"`
	// Options are the purchase options in order of preference [the cheapest of each size].
	Options []string `json:"options,omitempty"`
	// Pod is what a replica requests of a node, where it is a pod [nothing: nodes serve by themselves].
	Pod sizing.Resources `json:"pod,omitzero"`
	// Pods is the largest number of pods on a node, up to 10000 [0: as many as fit].
	Pods int `json:"pods,omitempty"`

	// Wait is the objective that limits how busy cores may be [none: wholly].
	Wait Wait `json:"wait,omitzero"`
	// Target are the largest shares of cores, memory and network that may be used, above 0 up to 1, once Engine.Use has taught what
	// demand takes of them [0.7 of cores or what Wait allows, 0.9 of memory, 0.8 of network].
	Target sizing.Resources `json:"target,omitzero"`
	// Slow is the share of requests that may be too slow, where Engine.Served counts them, above 0 and below 1 [0.01].
	Slow float64 `json:"slow,omitempty"`
	// Errors is by how many standard errors less than what was learned is planned with, 0 to 10 [1.64: right 19 times in 20].
	Errors float64 `json:"errors,omitempty"`

	// Disruption is what it costs to take a node out, in the currency of the catalogue, besides the price of its successor's boot [0].
	Disruption float64 `json:"disruption,omitempty"`
	// Review is over how long sizes are compared with each other, up to 30 days: a whole number of the seasons of demand [24h].
	Review Duration `json:"review,omitempty"`
	// Horizon is how long a new size is expected to stay, 1h to 90 days [24h].
	Horizon Duration `json:"horizon,omitempty"`
	// Margin is how many times its price a change must be expected to save within Horizon, 1 to 100 [1.5].
	Margin float64 `json:"margin,omitempty"`
	// Tolerance asks, if it is above 0, that a change saves at least a Tolerance-th part of the cost for the part of the nodes that it
	// replaces (Karpenter's score, which has 2), up to 100 [0: not asked].
	Tolerance float64 `json:"tolerance,omitempty"`
	// Share is the largest share of the nodes that is exchanged at a time, above 0 up to 1 [0.1].
	Share float64 `json:"share,omitempty"`
	// Weekly is the largest number of changes in seven days, up to 16, negative for any [3].
	Weekly int `json:"weekly,omitempty"`
	// Least is the smallest number of nodes of all sizes together, up to 1000, so that losing one is no disaster [1].
	Least int `json:"least,omitempty"`
	// Uniform wants all nodes of one size, but while they are exchanged [false: what is always needed may stand on larger nodes].
	Uniform bool `json:"uniform,omitempty"`
	// Untried lets a size be used at once of whose family Engine.Use has taught nothing [false: one node first].
	Untried bool `json:"untried,omitempty"`
}

// Wait is an objective on how long requests wait for a core, from which follows how busy cores may be: more of them share a
// queue on a large machine, and so may be busier (Erlang C; see sizing.Queue).
type Wait struct {
	// Service is the mean time that a core takes for a request, up to 1h [0: no objective].
	Service Duration `json:"service,omitempty"`
	// Limit is the wait that counts as late, up to 1h [0s: any wait].
	Limit Duration `json:"limit,omitempty"`
	// Late is the share of requests that may wait for longer, above 0 and below 1 [0.05].
	Late float64 `json:"late,omitempty"`
	// Arrivals and Services are the squared coefficients of variation of the times between requests and of service times, up to 1000 [1].
	Arrivals float64 `json:"arrivals,omitempty"`
	Services float64 `json:"services,omitempty"`
}

const (
	maxSizes   = 512
	maxPods    = 10_000
	maxHorizon = Duration(90 * 24 * time.Hour)
	maxLeast   = 1000
	maxWeekly  = 16
)

// some says whether sizes are chosen at all.
func (z *Sizes) some() bool { return len(z.Catalog) > 0 }

// sizesDefaults fills in what sizes have by default.
func (c *Config) sizesDefaults() {
	z := &c.Sizes
	if !z.some() {
		return
	}
	z.Catalog = z.Catalog.WithDefaults()
	slices.SortStableFunc(z.Catalog, func(a, b sizing.Size) int { return strings.Compare(a.Name, b.Name) }) // no decision depends on its order
	z.Options = slices.Clone(z.Options)
	if w := &z.Wait; w.Service > 0 {
		w.Late, w.Arrivals, w.Services = cmp.Or(w.Late, 0.05), cmp.Or(w.Arrivals, 1), cmp.Or(w.Services, 1)
	}
	z.Target.CPU, z.Target.Memory, z.Target.Network = cmp.Or(z.Target.CPU, 0.7), cmp.Or(z.Target.Memory, 0.9), cmp.Or(z.Target.Network, 0.8)
	z.Errors, z.Slow = cmp.Or(z.Errors, 1.64), cmp.Or(z.Slow, 0.01)
	terms := sizing.DefaultTerms()
	z.Review, z.Horizon = cmp.Or(z.Review, Duration(terms.Review)), cmp.Or(z.Horizon, Duration(terms.Horizon))
	z.Margin, z.Share = cmp.Or(z.Margin, terms.Margin), cmp.Or(z.Share, terms.Share)
	z.Weekly, z.Least = cmp.Or(z.Weekly, terms.Weekly), cmp.Or(z.Least, 1)
}

// sizesFaults reports what is wrong with the sizes.
func (c *Config) sizesFaults(fault func(ok bool, field, value, wanted string)) {
	z := &c.Sizes
	if !z.some() {
		return
	}
	number := func(v, lo, hi float64, open bool, field string) {
		wanted := fmt.Sprintf("%g to %g", lo, hi)
		if open {
			wanted = fmt.Sprintf("above %g, up to %g", lo, hi)
		}
		fault(v >= lo && v <= hi && (!open || v > lo), "sizes."+field, strconv.FormatFloat(v, 'g', -1, 64), wanted)
	}
	count := func(n, lo, hi int, field string) {
		fault(n >= lo && n <= hi, "sizes."+field, strconv.Itoa(n), fmt.Sprintf("%d to %d", lo, hi))
	}
	between := func(d, lo, hi Duration, field string) {
		fault(d >= lo && d <= hi, "sizes."+field, d.String(), fmt.Sprintf("%v to %v", lo, hi))
	}
	count(len(z.Catalog), 1, maxSizes, "catalog (number of sizes)")
	if err := z.Catalog.Validate(func(i int) string { return fmt.Sprintf("sizes.catalog[%d]", i) }); err != nil {
		var each interface{ Unwrap() []error }
		faults := []error{err}
		if errors.As(err, &each) {
			faults = each.Unwrap()
		}
		for _, err := range faults {
			fault(false, "sizes.catalog", "not valid: "+err.Error(), "a catalogue without that")
		}
	}
	priced := false
	for i := range z.Catalog {
		s := &z.Catalog[i]
		_, ok := s.Price(z.Options...)
		priced = priced || ok && !s.Forbidden && z.units(s) > 0
	}
	fault(priced, "sizes.catalog", fmt.Sprintf("%d sizes", len(z.Catalog)), fmt.Sprintf("one that is allowed, has a price under the options %q, and carries something", z.Options))
	for i, r := range sizing.ResourceNames {
		number(z.Pod.At(i), 0, 1e6, false, "pod."+r)
		number(z.Target.At(i), 0, 1, true, "target."+r)
	}
	count(z.Pods, 0, maxPods, "pods")
	between(z.Wait.Service, 0, Duration(time.Hour), "wait.service")
	between(z.Wait.Limit, 0, Duration(time.Hour), "wait.limit")
	if z.Wait.Service > 0 {
		fault(z.Wait.Late > 0 && z.Wait.Late < 1, "sizes.wait.late", strconv.FormatFloat(z.Wait.Late, 'g', -1, 64), "above 0 and below 1")
		number(z.Wait.Arrivals, 0, 1000, false, "wait.arrivals")
		number(z.Wait.Services, 0, 1000, false, "wait.services")
	}
	fault(z.Slow > 0 && z.Slow < 1, "sizes.slow", strconv.FormatFloat(z.Slow, 'g', -1, 64), "above 0 and below 1")
	number(z.Errors, 0, 10, false, "errors")
	number(z.Disruption, 0, 1e9, false, "disruption")
	between(z.Review, 1, maxGuard, "review")
	between(z.Horizon, Duration(time.Hour), maxHorizon, "horizon")
	number(z.Margin, 1, 100, false, "margin")
	number(z.Tolerance, 0, 100, false, "tolerance")
	number(z.Share, 0, 1, true, "share")
	fault(z.Weekly <= maxWeekly, "sizes.weekly", strconv.Itoa(z.Weekly), fmt.Sprintf("up to %d, or negative for any", maxWeekly))
	count(z.Least, 1, maxLeast, "least")
}

// pods says whether replicas are pods.
func (z *Sizes) pods() bool { return z.Pod != (sizing.Resources{}) }

// busy is the share of the time for which the cores of a size may be busy under the objective on waiting.
func (z *Sizes) busy(s *sizing.Size) float64 {
	w := &z.Wait
	if w.Service <= 0 {
		return 1
	}
	q := sizing.Queue{Workers: max(1, int(math.Round(s.CPU))), Service: w.Service.Std().Seconds(), Arrivals: w.Arrivals, Services: w.Services}
	return q.Utilisation(w.Limit.Std().Seconds(), w.Late)
}

// units is what a node of a size carries before anything is learned: pods, or cores of speed 1.
func (z *Sizes) units(s *sizing.Size) float64 {
	has := s.Resources()
	if z.pods() {
		n, _ := sizing.Pods(has, z.Pod, z.Pods)
		return float64(n)
	}
	return float64(float64(has.CPU*cmp.Or(s.Speed, 1)) * z.busy(s))
}

// terms are those of a change.
func (z *Sizes) terms() sizing.Terms {
	return sizing.Terms{
		Review: z.Review.Std(), Horizon: z.Horizon.Std(), Margin: z.Margin, Tolerance: z.Tolerance, Share: z.Share, Canary: !z.Untried, Weekly: max(0, z.Weekly), Least: z.Least, Uniform: z.Uniform,
	}
}
