package prometheus_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
)

func TestWhatARunnerReports(t *testing.T) {
	o := newObserver(t, map[string]string{"service": "shop"})
	require.NotContains(t, scrape(t, o), "headroom_ticks_total", "nobody has reported anything")
	report := adapters.Report{Time: minute(10), Inputs: []adapters.InputReport{
		{Signal: "visits", Input: "datadog", Read: true, Newest: minute(3), Old: true, Failures: 4},
		{Signal: "visits", Input: "prometheus", Read: true, Used: true, Newest: minute(9)},
		{Signal: "jobs"},
	}}
	o.Report(t.Context(), &report)
	report.Err = errors.New("something")
	report.Shadow = adapters.Comparison{Steps: 1, There: adapters.Account{Cost: 2}, Own: adapters.Account{Cost: 1.5}}
	o.Report(t.Context(), &report)
	report.Inputs[0].Failures = 99 // it belongs to the Runner
	got := values(scrape(t, o))
	for name, want := range map[string]string{
		`headroom_ticks_total{service="shop"}`:                                                 "2",
		`headroom_failed_ticks_total{service="shop"}`:                                          "1",
		`headroom_input_used{service="shop",signal="visits",input="datadog"}`:                  "0",
		`headroom_input_used{service="shop",signal="visits",input="prometheus"}`:               "1",
		`headroom_input_used{service="shop",signal="jobs",input=""}`:                           "0",
		`headroom_input_failures{service="shop",signal="visits",input="datadog"}`:              "4",
		`headroom_input_failures{service="shop",signal="visits",input="prometheus"}`:           "0",
		`headroom_input_sample_age_seconds{service="shop",signal="visits",input="datadog"}`:    "420",
		`headroom_input_sample_age_seconds{service="shop",signal="visits",input="prometheus"}`: "60",
		`headroom_shadow_cost_replica_seconds{service="shop",fleet="there"}`:                   "7200",
		`headroom_shadow_cost_replica_seconds{service="shop",fleet="own"}`:                     "5400",
	} {
		require.Equal(t, want, got[name], name)
	}
	require.NotContains(t, got, `headroom_input_sample_age_seconds{service="shop",signal="jobs",input=""}`, "there is none yet")
}
