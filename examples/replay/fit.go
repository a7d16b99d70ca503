package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/forecast/fit"
	"github.com/headroom-go/headroom/scaler/sim"
)

// fitted is where the first part of the trace ends, from which -fit makes its proposals, as a part of all steps.
const fitted = 0.6

// price makes proposals from the first part of the trace and prices them on all of it.
func price(ctx context.Context, c sim.Case) (*sim.Prices, error) {
	split := int(fitted * float64(c.Trace.Len()))
	proposals, err := propose(ctx, c, split)
	if err != nil {
		return nil, err
	}
	return sim.PriceProposals(ctx, c, split, proposals)
}

// propose returns what package fit finds in the steps before split, and what may be set without a search: each expert
// left out, other bins, detection of spikes, the compact form.
func propose(ctx context.Context, c sim.Case, split int) ([]sim.Proposal, error) {
	now := forecast.Config{Seasons: c.Config.Forecast.Seasons, Smoothing: c.Config.Forecast.Smoothing, Bin: c.Config.Forecast.Bin,
		Without: c.Config.Forecast.Without, Spikes: c.Config.Forecast.Spikes, Compact: c.Config.Forecast.Compact}
	boot, lag := c.Options.BootSteps(c.Trace.Step), c.Options.LagSteps(c.Trace.Step)
	found, err := fit.Fit(ctx, fit.Options{
		Config: now, Leads: []forecast.Duration{forecast.Duration(time.Duration(max(boot, 1)+1+lag) * c.Trace.Step)},
	}, fit.History{Start: c.Trace.Times[0], Step: forecast.Duration(c.Trace.Step), Values: c.Trace.Demand[:split]})
	if err != nil {
		return nil, err
	}
	var list []sim.Proposal
	add := func(name string, change func(cfg *forecast.Config)) {
		cfg := now
		change(&cfg)
		list = append(list, sim.Proposal{Name: name, Config: cfg})
	}
	for _, row := range found.Report.Rows[1:] { // the first is the configuration as it is
		add("fit: "+row.Choice, func(cfg *forecast.Config) { cfg.Seasons, cfg.Smoothing = row.Seasons, row.Smoothing })
	}
	for e := range forecast.NumExperts {
		if !slices.Contains(now.Without, e) {
			add("without "+e.String(), func(cfg *forecast.Config) { cfg.Without = append(slices.Clone(now.Without), e) })
		}
	}
	for _, bin := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour} {
		if d := forecast.Duration(bin); d != now.Bin && (now.Bin != 0 || bin != 15*time.Minute) {
			add(fmt.Sprintf("bin %v", bin), func(cfg *forecast.Config) { cfg.Bin = d })
		}
	}
	add(onOff("spikes", now.Spikes), func(cfg *forecast.Config) { cfg.Spikes = !cfg.Spikes })
	add(onOff("compact", now.Compact), func(cfg *forecast.Config) { cfg.Compact = !cfg.Compact })
	return list, nil
}

// onOff names the opposite of how a switch is.
func onOff(name string, now bool) string {
	if now {
		return "no " + name
	}
	return name
}
