package adapters_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// A workload whose demand has two sources. The one that is preferred has stood still for half an hour; the other one takes
// its place, and the report says so. In a program, Run takes the place of Tick.
func ExampleRunner() {
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	first, _ := memory.NewSource(memory.SourceConfig{Step: time.Minute}) // here: one of a datadog.Client
	second, _ := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	for at := now.Add(-24 * time.Hour); at.Before(now); at = at.Add(time.Minute) {
		if now.Sub(at) > 30*time.Minute {
			first.Append(forecast.Sample{Time: at, Value: 400})
		}
		second.Append(forecast.Sample{Time: at, Value: 400})
	}
	fleet, _ := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: 2 * time.Minute, Start: 30})
	engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	if err != nil {
		panic(err)
	}
	runner, err := adapters.NewRunner(adapters.Config{
		Name:   "shop",
		Engine: engine,
		Feeds: []adapters.Feed{{Inputs: []adapters.Input{
			{Name: "datadog", Source: first, Limiter: rate.NewLimiter(rate.Every(time.Second), 10)},
			{Name: "prometheus", Source: second},
		}}},
		Actuator: fleet,
		Store:    &memory.Store{}, // here: file.NewStore
	})
	if err != nil {
		panic(err)
	}
	d, err := runner.Tick(context.Background(), now)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Ready, "->", d.Replicas)
	for _, in := range runner.Report().Inputs {
		fmt.Println(in.Input, "newest", in.Newest.Format("15:04"), "old", in.Old, "used", in.Used)
	}
	// Output:
	// 30 -> 41
	// datadog newest 18:29 old true used false
	// prometheus newest 18:59 old false used true
}

// Shadow mode beside an autoscaler that keeps 60 replicas for a demand that 40 serve.
func ExampleComparison() {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	visits, _ := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	for i := range 26 * 60 {
		visits.Append(forecast.Sample{Time: now.Add(time.Duration(i-24*60) * time.Minute), Value: 400})
	}
	theirs, _ := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Start: 60})
	engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	if err != nil {
		panic(err)
	}
	runner, err := adapters.NewRunner(adapters.Config{
		Engine: engine, Sources: []adapters.Source{visits}, Actuator: theirs, Mode: adapters.ModeShadow,
	})
	if err != nil {
		panic(err)
	}
	for i := range 61 {
		if _, err := runner.Tick(context.Background(), now.Add(time.Duration(i)*time.Minute)); err != nil {
			panic(err)
		}
	}
	c := runner.Report().Shadow
	fmt.Printf("%d minutes: theirs %.1f replica-hours, ours %.1f and %.2f unserved\n", c.Steps, c.There.Replicas, c.Own.Replicas, c.Own.Unserved)
	// Output:
	// 60 minutes: theirs 60.0 replica-hours, ours 41.0 and 0.00 unserved
}
