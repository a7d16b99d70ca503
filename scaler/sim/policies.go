package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

// The names of the policies that Policies lists, as tables and other tools know them.
const (
	Headroom    = "headroom"    // the engine, see EngineController
	Clairvoyant = "clairvoyant" // see Optimum
	Static      = "static_best" // see StaticBest
	KubeHPA     = "hpa"         // the Kubernetes rule at its defaults, see HPA

	KubeHPABest         = "hpa_best"          // the cheapest target and window in hindsight, see HPABest
	KubeHPASeasonal     = "hpa_seasonal"      // the rule at its defaults and the demand of yesterday and last week, see SeasonalHPA
	KubeHPASeasonalBest = "hpa_seasonal_best" // the cheapest target and window of that in hindsight, see SeasonalHPABest

	// Rules of package compat, see Rule.
	KubeHPABehavior = "hpa_behavior" // the whole Kubernetes controller with an empty behavior
	KubeHPALegacy   = "hpa_legacy"   // the same without behavior
	KnativeKPA      = "kpa"          // at its defaults, with windows of at least a step
	DatadogWPA      = "wpa"          // the cheapest watermarks in hindsight, see WPABest
	LazyCapacity    = "lcp"          // lazy capacity provisioning at the prices of the plant
)

// Policies returns the names of all policies that are built, in the order of a table.
func Policies() []string {
	return []string{Headroom, Clairvoyant, Static, KubeHPA, KubeHPABest, KubeHPASeasonal, KubeHPASeasonalBest,
		KubeHPABehavior, KubeHPALegacy, KnativeKPA, DatadogWPA, LazyCapacity}
}

// ParsePolicies reads a list of names such as "headroom,hpa"; "all" stands for Policies. The order is kept, a name that
// comes again is left out. An unknown name is an error that lists the known ones; so is an empty list.
func ParsePolicies(list string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		add := []string{strings.TrimSpace(name)}
		if add[0] == "all" {
			add = Policies()
		}
		for _, name := range add {
			if !slices.Contains(Policies(), name) {
				return nil, unknownPolicy(name)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

func unknownPolicy(name string) error {
	return fmt.Errorf("policy %q: wanted all, or some of %s", name, strings.Join(Policies(), ","))
}

// Case is what policies are compared on.
type Case struct {
	Trace  *Trace
	Events []forecast.Event // nil if there are none
	// Announced are what the engine is told in place of Events, by start; nil if that is Events. Scores go by Events.
	Announced []forecast.Event
	Options   Options
	// Config is the engine's configuration; EngineConfig makes one that agrees with Options.
	Config scaler.Config
	// Decided, unless it is nil, is called after each decision of the engine with the number of the step. The decision is
	// overwritten by the next. Compare does not keep it, and Sweep does not call it.
	Decided func(step int, d *scaler.Decision)
}

// plan is what the engine is told of.
func (c Case) plan() []forecast.Event {
	if c.Announced != nil {
		return c.Announced
	}
	return c.Events
}

// Play runs one policy of Policies on the case.
func (c Case) Play(ctx context.Context, name string) (Result, error) {
	var r Result
	var err error
	switch name {
	case Clairvoyant:
		r, err = Optimum(ctx, c.Trace, c.Events, c.Options)
	case Static:
		r, err = StaticBest(ctx, c.Trace, c.Events, c.Options)
	case KubeHPABest:
		r, err = HPABest(ctx, c.Trace, c.Events, c.Options)
	case KubeHPASeasonalBest:
		r, err = SeasonalHPABest(ctx, c.Trace, c.Events, c.Options)
	case Headroom, KubeHPA, KubeHPASeasonal, KubeHPABehavior, KubeHPALegacy, KnativeKPA, LazyCapacity:
		if err = c.Options.Validate(c.Trace); err == nil {
			var one Controller
			if one, err = c.controller(name); err == nil {
				r, err = Run(ctx, c.Trace, c.Events, c.Options, one)
			}
		}
	case DatadogWPA:
		r, err = WPABest(ctx, c.Trace, c.Events, c.Options)
	default:
		return Result{}, unknownPolicy(name)
	}
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", name, err)
	}
	r.Name = name
	return r, nil
}

// controller is a policy that needs no hindsight.
func (c Case) controller(name string) (Controller, error) {
	switch name {
	case Headroom:
		h, err := NewEngineController(c.Config, c.plan(), c.Options.Announce)
		if err != nil {
			return nil, err
		}
		h.decided = c.Decided
		return h, nil
	case KubeHPA, KubeHPASeasonal:
		return c.Options.hpa(c.Trace, compat.DefaultHPAParams(), name == KubeHPASeasonal)
	}
	return c.Options.newRule(c.Trace, name)
}
