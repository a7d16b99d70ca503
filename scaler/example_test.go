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
}
