package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// The generated week: visits per minute of a web site from a Monday on, with a plan of TV spots.
const (
	demoSeed  = 20260105
	demoDays  = 7
	demoPeak  = 400.0 // visits a minute at the busiest hour of a weekday, without spots
	demoSpots = 12    // a day
)

// demoHours is the daily profile: demand at each full hour, as a part of the busiest.
var demoHours = [25]float64{
	.28, .18, .12, .10, .09, .11, .20, .34, .48, .57, .62, .66, .70, .68, .66, .65, .68, .74, .84, .94, 1, .92, .70, .45, .28,
}

// demoNetworks are what a spot costs and how many visits a dollar brings.
var demoNetworks = [...]struct {
	name           string
	spend, respond float64
}{
	{"north", 120, 9}, {"coast", 260, 6}, {"metro", 480, 5}, {"prime", 900, 4}, {"late", 70, 11},
}

// demoResponse says what part of the visits of a spot have come a number of seconds after its start.
var demoResponse = [...]struct{ seconds, part float64 }{
	{0, 0}, {20, .02}, {40, .12}, {60, .27}, {90, .48}, {120, .62}, {180, .78}, {240, .87}, {300, .92}, {480, .98}, {600, 1},
}

// demo generates the trace and the events that are played without -trace. They are the same on every machine: the random
// source is written out below, and the arithmetic has no function that differs between processors.
func demo() (*sim.Trace, []forecast.Event) {
	start := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	rng := splitMix(demoSeed)
	demand := make([]float64, demoDays*24*60)
	for i := range demand {
		hour, minute := i/60%24, i%60
		rise := (demoHours[hour+1] - demoHours[hour]) * float64(minute) / 60
		demand[i] = demoPeak * (demoHours[hour] + rise)
		if i/(24*60) >= 5 { // the week-end
			demand[i] *= 0.8
		}
	}
	var events []forecast.Event
	for day := range demoDays {
		for range demoSpots {
			at := day*24*3600 + 7*3600 + int(rng.uniform()*17*3600) // from 7 o'clock to midnight
			network := demoNetworks[int(rng.uniform()*float64(len(demoNetworks)))]
			spend := math.Round(network.spend * (0.7 + float64(0.6*rng.uniform())))
			visits := spend * network.respond * 0.5 * (rng.uniform() + rng.uniform() + 0.4) // nobody knows this part
			addSpot(demand, float64(at), visits)
			events = append(events, forecast.Event{
				Kind:     "spot",
				Start:    start.Add(time.Duration(at) * time.Second),
				Duration: 30 * time.Second,
				Weight:   spend,
				Labels:   []forecast.Label{{Key: "network", Value: network.name}},
			})
		}
	}
	slices.SortStableFunc(events, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
	for i := range events {
		events[i].ID = fmt.Sprintf("spot-%d", i+1)
	}
	for i, d := range demand {
		// Counts scatter by about the root of their mean; twelve uniform numbers make a bell.
		bell := -6.0
		for range 12 {
			bell += rng.uniform()
		}
		demand[i] = max(0, math.Round(d+float64(1.3*bell*math.Sqrt(d))))
	}
	t, err := sim.NewTrace("demo", start, time.Minute, demand)
	if err != nil {
		panic(err) // the generator is broken: no input leads here
	}
	return t, events
}

// addSpot adds the visits of a spot that starts at a second of the week to the demand of the minutes.
func addSpot(demand []float64, at, visits float64) {
	last := demoResponse[len(demoResponse)-1].seconds
	for i := int(at / 60); i < len(demand) && float64(i*60) < at+last; i++ {
		part := responded(float64(i*60+60)-at) - responded(float64(i*60)-at)
		demand[i] += float64(visits * part)
	}
}

// responded interpolates demoResponse.
func responded(seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	for i, to := range demoResponse {
		if seconds < to.seconds {
			from := demoResponse[i-1]
			return from.part + float64((to.part-from.part)*((seconds-from.seconds)/(to.seconds-from.seconds)))
		}
	}
	return 1
}

// splitMix is the SplitMix64 generator (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
type splitMix uint64

// uniform returns a number from 0 up to but not including 1.
func (s *splitMix) uniform() float64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
