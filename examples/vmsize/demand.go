package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// begin is a Monday.
var begin = time.Date(2026, time.September, 7, 0, 0, 0, 0, time.UTC)

// scatter draws a count with the mean v: counts scatter by about the root of their mean.
func scatter(rng *rand.Rand, v float64) float64 {
	return math.Max(0, math.Round(v+float64(rng.NormFloat64()*math.Sqrt(v))))
}

// season is the demand of a shop, visits a minute, that grows fourfold until the last week, quiet at night and at the weekend.
// In its third quarter four TV spots air an evening, each of which brings what the shop has at its busiest within minutes.
func season(weeks int) (*sim.Trace, []forecast.Event, error) {
	rng := rand.New(rand.NewPCG(20260907, 1))
	n := weeks * 7 * 1440
	demand := make([]float64, n)
	for i := range demand {
		growth := math.Exp2(2 * float64(i) / float64(n))
		hour := float64(i%1440) / 60
		level := 0.55 - 0.45*math.Cos(2*math.Pi*(hour-2.5)/24)
		if i/1440%7 >= 5 {
			level *= 0.8
		}
		demand[i] = 180 * growth * level
	}
	var events []forecast.Event
	for day := weeks * 7 / 2; day < weeks*7*3/4; day++ {
		for k := range 4 {
			at := day*1440 + 19*60 + k*45 + rng.IntN(20)
			visits := demand[at] * (2.5 + 2*rng.Float64())
			for m := range 8 { // half of them in the second minute, then less and less
				demand[at+m] += visits * [...]float64{.2, .5, .35, .2, .1, .06, .03, .01}[m]
			}
			events = append(events, forecast.Event{
				ID: fmt.Sprintf("spot-%d", len(events)+1), Kind: "spot", Start: begin.Add(time.Duration(at) * time.Minute), Duration: 30 * time.Second,
			})
		}
	}
	for i, v := range demand {
		demand[i] = scatter(rng, v)
	}
	t, err := sim.NewTrace("season", begin, time.Minute, demand)
	return t, events, err
}

// spikes is a steady load of 100 visits a minute that is four times as large for some minutes from 20:00 on every day.
func spikes(days, minutes int) (*sim.Trace, error) {
	rng := rand.New(rand.NewPCG(20260907, uint64(minutes)))
	demand := make([]float64, days*1440)
	for i := range demand {
		v := 100.0
		if at := i%1440 - 20*60; at >= 0 && at < minutes {
			v = 400
		}
		demand[i] = scatter(rng, v)
	}
	return sim.NewTrace("spikes", begin, time.Minute, demand)
}
