package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// variant is what a run changes of the library's defaults: nothing in the zero value.
type variant struct {
	without []forecast.Expert
	compact bool
}

// config is a forecaster's configuration of that variant.
func (v variant) config(step time.Duration, unit float64, leads []forecast.Duration) forecast.Config {
	return forecast.Config{Step: forecast.Duration(step), Unit: unit, Leads: leads, Without: v.without, Compact: v.compact}
}

// leadsOf are the lead times of so many steps.
func leadsOf(step time.Duration, steps []int64) []forecast.Duration {
	leads := make([]forecast.Duration, len(steps))
	for i, h := range steps {
		leads[i] = forecast.Duration(h) * forecast.Duration(step)
	}
	return leads
}

// allExperts are the experts in their order; those from firstSlow on run on the slow clock.
func allExperts() []forecast.Expert {
	all := make([]forecast.Expert, forecast.NumExperts)
	for i := range all {
		all[i] = forecast.Expert(i)
	}
	return all
}

const firstSlow = forecast.ByNaiveMain

// parseExperts reads names with commas between. At least one expert must be left.
func parseExperts(s string) ([]forecast.Expert, error) {
	var out []forecast.Expert
	for _, name := range strings.Split(s, ",") {
		var e forecast.Expert
		if err := e.UnmarshalText([]byte(strings.TrimSpace(name))); err != nil {
			return nil, err
		}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	fast := 0
	for _, e := range out {
		if e < firstSlow {
			fast++
		}
	}
	if fast == int(firstSlow) {
		return nil, fmt.Errorf("all %d experts of short lead times are left out; wanted one of %v to stay", firstSlow, allExperts()[:firstSlow])
	}
	return out, nil
}
