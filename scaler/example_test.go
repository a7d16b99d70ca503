package scaler_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

func Example() {
	engine, err := scaler.New(scaler.Config{
		Penalty: 20, // a replica's worth of unserved visits costs 20 times the replica
		Signals: []scaler.Signal{{Name: "visits", Capacity: 10}},
	})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 7, 18, 0, 0, 0, time.UTC)
	spot := forecast.Event{ID: "tv-1", Kind: "tv", Start: now.Add(62*time.Minute + 20*time.Second), Weight: 900}
	if err := engine.Announce(spot); err != nil {
		panic(err)
	}
	var d scaler.Decision
	fleet := policy.Fleet{Ready: 12}
	for range 60 { // your control loop
		_ = engine.Observe(0, forecast.Sample{Time: now, Value: 100})
		now = now.Add(time.Minute)
		if err := engine.Recommend(&d, now, fleet); err != nil {
			panic(err)
		}
		fleet = policy.Fleet{Ready: d.Replicas} // here: call your cloud
	}
	fmt.Println(&d)
	// Output:
	// 11 -> 24 replicas (event 11 -> 24): visits at 19:02:00 is 122 (half), 279.7 (.95); a replica carries 10; band-wide leads (11.21 replica-hours in a day, hpa 14.49)
}

func ExampleDecision_Explain() {
	engine, _ := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	now := time.Date(2026, 3, 7, 18, 0, 0, 0, time.UTC)
	_ = engine.Announce(forecast.Event{ID: "tv-1", Kind: "tv", Start: now.Add(62*time.Minute + 20*time.Second)})
	var d scaler.Decision
	for range 60 {
		_ = engine.Observe(0, forecast.Sample{Time: now, Value: 100})
		now = now.Add(time.Minute)
		_ = engine.Recommend(&d, now, policy.Fleet{Ready: 12})
	}
	fmt.Println(d.Explain())
	_ = engine.WhatIf(&d, now, policy.Fleet{Ready: 12}, scaler.WhatIf{Withdraw: []string{"tv-1"}})
	fmt.Println("Without the spot:", d.Explain().What)
	// Output:
	// Order 12 replicas: 24 instead of 12, in service at 19:02.
	// The event tv-1 (tv) starts at 19:02:20: the forecast of visits for 19:02 is about 122, 1 time in 20 above 280, and 24 replicas carry 240; one too few costs 20 times as much as one too many.
	// Without the event 11 replicas would do; what it needs is looked at every minute until its effect is over, at 19:10:20 at the latest.
	// Without the spot: Release 1 replica now: 11 instead of 12.
}

// What the README shows is what the example above runs.
func TestTheReadmeShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(source), "func Example() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
		lines = append(lines, strings.TrimPrefix(line, "\t"))
	}
	require.Contains(t, string(readme), "```go\n"+strings.Join(lines, "\n")+"\n```")
	require.LessOrEqual(t, len(lines), 25)

	_, told, _ := strings.Cut(string(source), "fmt.Println(\"Without the spot:\", d.Explain().What)\n\t// Output:\n")
	told, _, _ = strings.Cut(told, "}\n")
	require.Contains(t, string(readme), strings.TrimRight(strings.ReplaceAll(told, "\t// ", "    "), "\n"))

	_, saved, _ := strings.Cut(string(source), "fmt.Printf(\"%d replicas\\n\", d.Replicas)\n\t// Output:\n")
	saved, _, _ = strings.Cut(saved, "}\n")
	require.NotEmpty(t, saved)
	require.Contains(t, string(readme), strings.TrimRight(strings.ReplaceAll(saved, "\t// ", "    "), "\n"))
	_, text, _ := strings.Cut(string(readme), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	cfg, err := scaler.ParseConfig([]byte(text))
	require.NoError(t, err)
	require.NoError(t, cfg.WithDefaults().Validate())
}

// Somebody moves over from a rule that keeps replicas at 60 % of their capacity. At first that rule goes on deciding, and the
// engine says what it would have cost; then the engine is let go.
func ExampleEngine_Pin() {
	engine, err := scaler.New(scaler.Config{
		Signals: []scaler.Signal{{Name: "visits", Capacity: 10}},
		Policy:  "today",
		Today: &scaler.Today{
			AtCapacity:     []float64{100}, // the rule thinks in percent of a replica
			TargetTracking: &compat.TargetTrackingConfig{TargetValue: 60, EstimatedInstanceWarmup: new(120)},
		},
	})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	var d scaler.Decision
	fleet := policy.Fleet{Ready: 20}
	tick := func() {
		_ = engine.Observe(0, forecast.Sample{Time: now, Value: 100 + float64(now.Minute()%20)})
		now = now.Add(time.Minute)
		_ = engine.Recommend(&d, now, fleet)
		fleet = policy.Fleet{Ready: d.Replicas}
	}
	for range 2 * 24 * 60 {
		tick()
	}
	fmt.Printf("today %d replicas, the engine %d\n", d.Replicas, d.Unpinned)
	fmt.Printf("in a day: today %.0f replica-hours, the engine %.0f, saved %.0f\n", d.Costs.Today.Day, d.Costs.Unpinned.Day, d.Costs.Saving().Day)
	_ = engine.Pin("") // from now on those that cost least decide
	tick()
	fmt.Printf("%d replicas\n", d.Replicas)
	// Output:
	// today 20 replicas, the engine 11
	// in a day: today 415 replica-hours, the engine 246, saved 169
	// 11 replicas
}
