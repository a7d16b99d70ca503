package sizes

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompareAllPolicies(t *testing.T) {
	names, err := ParsePolicies("all")
	require.NoError(t, err)
	c := days(t)
	last := 0.0
	c.Options.Progress = func(done, total int) {
		now := float64(done) / float64(total)
		require.GreaterOrEqual(t, now, last-1e-12, "progress never goes back")
		last = now
	}
	got, err := Compare(context.Background(), c, names)
	require.NoError(t, err)
	require.Len(t, got.Results, len(names))
	require.Equal(t, 1., last)
	first := c.Options.FirstScored(c.Trace)
	for i, r := range got.Results {
		require.Equal(t, names[i], r.Name)
		slack := 0.0 // boots that were paid before the first scored step
		for k, n := range r.Nodes[first] {
			slack += float64(n) * c.Machines[k].in()
		}
		require.GreaterOrEqual(t, r.Cost+slack, got.Bound, r.Name)
		require.InDelta(t, r.Cost, r.Run+r.Boot+r.Out+r.Unserved, 1e-9)
	}
	var table strings.Builder
	require.NoError(t, got.WriteTable(&table))
	for _, name := range names {
		require.Contains(t, table.String(), "\n"+name+" ")
	}
	text, err := json.Marshal(got)
	require.NoError(t, err)
	var back struct {
		Bound    float64 `json:"bound_ratio"`
		Policies []struct {
			Name  string
			Ratio float64
			Cost  float64
		}
	}
	require.NoError(t, json.Unmarshal(text, &back))
	require.Len(t, back.Policies, len(names))
	require.LessOrEqual(t, back.Bound, 1.)
	require.InDelta(t, got.Results[0].Cost/got.Optimum.Cost, back.Policies[0].Ratio, 1e-12)

	_, err = ParsePolicies("hpa,kpa")
	require.ErrorContains(t, err, `policy "kpa"`)
	names, err = ParsePolicies(" hpa, vpa_best,hpa")
	require.NoError(t, err)
	require.Equal(t, []string{"hpa", "vpa_best"}, names)
}
