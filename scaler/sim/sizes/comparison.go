package sizes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// The names of the policies that choose a size while they run. Beside them stand those of package sim with the best size in
// hindsight, under their own names, and Clairvoyant.
const (
	HeadroomSizes   = "headroom_sizes"   // the engine, with the sizes to choose from: see Sizer
	HeadroomUniform = "headroom_uniform" // the same with nodes of one size at a time
	HeadroomScore   = "headroom_score"   // the same if Karpenter's score approves of replacing all
	VPABest         = "vpa_best"         // VPA with the best fixed count in hindsight
	AutopilotBest   = "autopilot_best"   // Autopilot's moving window with the best fixed count in hindsight
	HPAAndVPA       = "hpa_vpa"          // VPA's size with HPA's count, both of CPU, which VPA's documentation advises against
	HPAAndAutopilot = "hpa_autopilot"
)

// Policies returns the names of all policies that Compare plays, in the order of a table.
func Policies() []string {
	return []string{HeadroomSizes, HeadroomUniform, HeadroomScore, Clairvoyant, sim.Headroom, sim.Static, sim.KubeHPA, sim.KubeHPABest,
		VPABest, AutopilotBest, HPAAndVPA, HPAAndAutopilot}
}

// ParsePolicies reads a list of names of Policies, with commas between; "all" stands for all of them.
func ParsePolicies(list string) ([]string, error) {
	if strings.TrimSpace(list) == "all" {
		return Policies(), nil
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(Policies(), name) {
			return nil, fmt.Errorf("policy %q: with sizes wanted all, or some of %s", name, strings.Join(Policies(), ","))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Comparison is how policies did on a case.
type Comparison struct {
	Case    Case
	Optimum Result
	Bound   float64 // see Mixed
	Results []Result
}

// Compare plays the policies. The optimum and the bound are found whatever names say. Policies that change sizes begin with
// the machine that is cheapest for what it carries.
func Compare(ctx context.Context, c Case, names []string) (*Comparison, error) {
	out := &Comparison{Case: c}
	var err error
	if out.Optimum, err = Optimum(ctx, c.part(0, 1+len(names))); err != nil {
		return nil, err
	}
	if out.Bound, err = Mixed(c); err != nil {
		return nil, err
	}
	for i, name := range names {
		r := out.Optimum
		if name != Clairvoyant {
			if r, err = c.part(1+i, 1+len(names)).Play(ctx, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

// Play runs one policy of Policies.
func (c Case) Play(ctx context.Context, name string) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	var r Result
	var err error
	start := c.start()
	switch name {
	case Clairvoyant:
		r, err = Optimum(ctx, c)
	case HeadroomSizes:
		r, err = c.sized(ctx, start, c.Config.Sizes)
	case HeadroomUniform, HeadroomScore:
		terms := c.Config.Sizes
		if terms.Uniform = true; name == HeadroomScore {
			terms.Tolerance = 2
		}
		r, err = c.sized(ctx, start, terms)
	case VPABest:
		r, _, err = VerticalBest(ctx, c, VPA, start)
	case AutopilotBest:
		r, _, err = VerticalBest(ctx, c, Autopilot, start)
	case HPAAndVPA, HPAAndAutopilot:
		rule := VPA
		if name == HPAAndAutopilot {
			rule = Autopilot
		}
		var v Controller
		if v, err = NewVertical(c, rule, 0, start); err == nil {
			r, err = Run(ctx, c, start, v)
		}
	default:
		r, _, err = Fixed(ctx, c, name)
	}
	r.Name = name
	return r, err
}

// sized plays a Sizer.
func (c Case) sized(ctx context.Context, start int, terms scaler.Sizes) (Result, error) {
	z, err := NewSizer(c, terms)
	if err != nil {
		return Result{}, err
	}
	r, err := Run(ctx, c, start, z)
	r.SizesPerWeek = float64(z.Changes) / (float64(c.Trace.Len()) * c.Trace.Step.Hours() / (7 * 24))
	return r, err
}

// start is the machine that is cheapest for what it carries, the first of equals.
func (c *Case) start() int {
	for k := range c.Machines {
		if c.Machines[k].Price/c.Machines[k].Capacity == c.cheapest() {
			return k
		}
	}
	return 0
}

// Ratio returns the cost of r over that of the optimum, NaN where that costs nothing.
func (c *Comparison) Ratio(r Result) float64 {
	if c.Optimum.Cost == 0 {
		return math.NaN()
	}
	return r.Cost / c.Optimum.Cost
}

// size is what stands for the machine of a result.
func (c *Comparison) size(r Result) string {
	if r.Machine < 0 {
		return "several"
	}
	return c.Case.Machines[r.Machine].Name
}

// WriteTable writes the terms, a line for each policy, and how far the bound lies below the optimum.
func (c *Comparison) WriteTable(w io.Writer) error {
	o := c.Case.Options
	if _, err := fmt.Fprintf(w, "%s, %d steps of %v, %d sizes, unserved demand at %g times the capacity for it (%.4g a unit and hour)\n\n",
		c.Case.Trace.Name, c.Case.Trace.Len(), c.Case.Trace.Step, len(c.Case.Machines), o.Penalty, c.Case.Worth()); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "policy\tsize\tratio\tcost\tnodes\ttaken out\tunserved\tshare unserved\tchanges/day\tsizes/day\tplans/week")
	for _, r := range c.Results {
		fmt.Fprintf(t, "%s\t%s\t%.3f\t%.4g\t%.4g\t%.4g\t%.4g\t%.3f %%\t%.1f\t%.2f\t%.2f\n", r.Name, c.size(r), c.Ratio(r), r.Cost, r.Run+r.Boot, r.Out,
			r.Unserved, 100*r.UnservedShare, r.ChangesPerDay, r.SizesPerDay, r.SizesPerWeek)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nratio 1 is the optimum of one size at a time; no fleet of several sizes is below %.3f\n", c.Bound/c.Optimum.Cost)
	return err
}

// MarshalJSON writes the terms, the sizes and for each policy its figures; null is what cannot be computed.
func (c *Comparison) MarshalJSON() ([]byte, error) {
	type size struct {
		Name     string  `json:"name"`
		Price    float64 `json:"price"`
		Capacity float64 `json:"capacity"`
		Boot     float64 `json:"boot_s"`
		Out      float64 `json:"out"`
		Max      int     `json:"max,omitempty"`
	}
	type figures struct {
		Name     string   `json:"name"`
		Size     string   `json:"size,omitempty"`
		Ratio    *float64 `json:"ratio"`
		Cost     float64  `json:"cost"`
		Nodes    float64  `json:"nodes"`
		Out      float64  `json:"out"`
		Unserved float64  `json:"unserved_cost"`
		Share    float64  `json:"unserved"`
		Changes  float64  `json:"changes_per_day"`
		Sizes    float64  `json:"sizes_per_day"`
		Plans    float64  `json:"plans_per_week,omitempty"`
	}
	ratio := func(cost float64) *float64 {
		if r := cost / c.Optimum.Cost; !math.IsNaN(r) && !math.IsInf(r, 0) {
			return &r
		}
		return nil
	}
	out := struct {
		Trace    string    `json:"trace"`
		Step     float64   `json:"step_s"`
		N        int       `json:"n"`
		Penalty  float64   `json:"penalty"`
		Worth    float64   `json:"worth"`
		Sizes    []size    `json:"sizes"`
		Bound    *float64  `json:"bound_ratio"`
		Policies []figures `json:"policies"`
	}{c.Case.Trace.Name, c.Case.Trace.Step.Seconds(), c.Case.Trace.Len(), c.Case.Options.Penalty, c.Case.Worth(), nil, ratio(c.Bound), []figures{}}
	for _, m := range c.Case.Machines {
		out.Sizes = append(out.Sizes, size{m.Name, m.Price, m.Capacity, m.Boot.Seconds(), m.Out, m.Max})
	}
	for _, r := range c.Results {
		f := figures{r.Name, "", ratio(r.Cost), r.Cost, r.Run + r.Boot, r.Out, r.Unserved, r.UnservedShare, r.ChangesPerDay, r.SizesPerDay, r.SizesPerWeek}
		if r.Machine >= 0 {
			f.Size = c.size(r)
		}
		out.Policies = append(out.Policies, f)
	}
	return json.Marshal(out)
}
