package deploy_test

import (
	"fmt"

	"github.com/headroom-go/headroom/adapters/deploy"
)

const twoClusters = `
version: 1
defaults:
  engine: {boot: 90s, min: 4, max: 200, signals: [{name: visits, capacity: 120}]}
workloads:
  - name: shop
    mode: act
    feeds: [{signal: visits, inputs: [{name: file, file: {path: visits.csv}}]}]
    actuator: {file: {path: desired.json, fleet_path: fleet.json}}
clusters:
  eu: {}
  us:
    workloads:
      - {name: shop, engine: {min: 2}, mode: shadow}
`

// A deployment that was loaded without secrets can be compared, for example in CI.
func ExampleDiff() {
	eu, err := deploy.Load([]byte(twoClusters), "eu", nil)
	if err != nil {
		panic(err)
	}
	us, err := deploy.Load([]byte(twoClusters), "us", nil)
	if err != nil {
		panic(err)
	}
	comparison := deploy.Diff(eu, us)
	for _, p := range comparison.Workloads {
		fmt.Println(p.Workload, p.Equal())
	}
	for _, d := range comparison.Differences {
		fmt.Println(d.Field, "is", d.A, "and", d.B)
	}
	// Output:
	// shop false
	// workloads[shop].engine.min is 4 and 2
	// workloads[shop].mode is "act" and "shadow"
}

// Everything that is wrong is said at once.
func ExampleParse() {
	_, err := deploy.Parse([]byte(`
version: 1
datadog:
  - {name: main, api_key: "0123456789abcdef"}
workloads:
  - name: shop
    engine: {boot: 90}
    interval: 1 minute
    actuators: {}
`))
	if faults, ok := err.(deploy.Faults); ok { //nolint:errorlint // Parse wraps nothing
		for _, f := range faults {
			fmt.Println(f)
		}
	}
	// Output:
	// line 4: datadog[main].api_key is a text that is not shown; wanted a name for a secret, ${env:NAME} or ${file:/path}, and not the secret itself
	// line 7: workloads[shop].engine.boot is 90; wanted a duration such as "90s", "2m" or "24h"
	// line 8: workloads[shop].interval is "1 minute"; wanted a duration such as "90s", "2m" or "24h"
	// line 9: workloads[shop].actuators is unknown; wanted one of name, engine, feeds, actuator, observers, store, mode, interval, offset, backfill, overlap, location, retry, act_limit, save_every, strict, grace
}
