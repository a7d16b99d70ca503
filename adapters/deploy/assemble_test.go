package deploy

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
)

const twoSignals = `
version: 1
datadog:
  - {name: main, api_key: "${env:A}", application_key: "${env:B}", limit: org}
limits:
  - {name: org, rate: 1}
  - {name: shared, rate: 3, burst: 7}
defaults:
  actuator: {record: orders.jsonl} # of no kind, which a workload has
workloads:
  - name: shop
    act_limit: shared
    engine: {signals: [{name: visits}, {name: orders}]}
    feeds:
      - signal: orders
        inputs:
          - {name: other, limit: shared, delay: 45s, other: {type: made, settings: {a: 1}, secrets: {key: "${env:A}"}}}
      - signal: visits
        inputs:
          - {name: datadog, delay: 30s, limit: shared, datadog: {query: "sum:visits{*}.rollup(sum, 60)"}}
    actuator: {memory: {start: 2}}
`

func TestPartsAreWhatTheDocumentSays(t *testing.T) {
	d, err := Load([]byte(twoSignals), "eu", env)
	require.NoError(t, err)
	var told Part
	a := assembling{deployment: d, parts: Parts{Sources: map[string]func(Part) (adapters.Source, error){"made": func(p Part) (adapters.Source, error) {
		told = p
		return memory.NewSource(memory.SourceConfig{Step: p.Step})
	}}}}
	a.assemble()
	require.Empty(t, a.faults)
	got := a.workload(&d.Config.Workloads[0], "workloads[0]")
	require.Equal(t, "datadog", got.Feeds[0].Inputs[0].Name, "feeds are in the order of the signals")
	require.Equal(t, "other", got.Feeds[1].Inputs[0].Name)

	shared := a.limits["shared"]
	require.Equal(t, 7, shared.Burst())
	require.Same(t, shared, got.ActLimiter)
	require.Same(t, shared, got.Feeds[0].Inputs[0].Limiter)
	require.Same(t, shared, got.Feeds[1].Inputs[0].Limiter)
	org := reflect.ValueOf(a.orgs["main"]).Elem().FieldByName("cfg").FieldByName("Limiter")
	require.Equal(t, reflect.ValueOf(a.limits["org"]).Pointer(), org.Pointer())

	timed, ok := got.Feeds[0].Inputs[0].Source.(adapters.Timed)
	require.True(t, ok)
	require.Equal(t, 30*time.Second, timed.Timing().Delay)

	require.Equal(t, "shop", told.Workload)
	require.Equal(t, "other", told.Name)
	require.Equal(t, 45*time.Second, told.Delay)
	require.Equal(t, time.Minute, told.Step)
	require.Equal(t, 2*time.Minute, told.Boot)
	require.Equal(t, map[string]string{"cluster": "eu", "workload": "shop"}, told.Tags)
	require.JSONEq(t, `{"a":1}`, string(told.Settings))
	require.Equal(t, hidden, told.Secrets["key"].Reveal())
}

// A preset is a name for a penalty, and a default that is written out is none.
func TestDiffKnowsWhatIsTheSame(t *testing.T) {
	load := func(engine string) *Deployment {
		d, err := Load([]byte("version: 1\nworkloads: [{name: a, engine: "+engine+", actuator: {memory: {}}, feeds: [{signal: demand, inputs: [{name: a, file: {path: a}}]}]}]"), "", nil)
		require.NoError(t, err)
		return d
	}
	c := Diff(load("{preset: performance}"), load("{penalty: 50, step: 1m, signals: [{name: demand}]}"))
	require.Empty(t, c.Differences)
	require.True(t, c.Workloads[0].Equal())
}
