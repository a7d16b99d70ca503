package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a catalogue whose prices say who is dearer, and no more.
const sample = "../../scaler/sim/sizes/testdata/relative-order-only-2026-11-23.json"

func TestCatalog(t *testing.T) {
	args := []string{"-quiet", "-catalog", sample, "-policies", "headroom_sizes,clairvoyant,hpa", "-disruption", "0.01"}
	table := results(t, args...)
	for _, want := range []string{"8 sizes", "\nheadroom_sizes ", "\nclairvoyant ", "\nhpa ", "no fleet of several sizes is below"} {
		require.Contains(t, table, want)
	}
	var got struct {
		Sizes    []struct{ Out float64 }
		Bound    float64 `json:"bound_ratio"`
		Policies []struct {
			Name  string
			Ratio float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(results(t, append(args, "-format", "json")...)), &got))
	require.Len(t, got.Sizes, 8)
	require.Equal(t, 0.01, got.Sizes[0].Out)
	require.Len(t, got.Policies, 3)
	require.Equal(t, 1., got.Policies[1].Ratio)
	require.LessOrEqual(t, got.Bound, 1.)
	require.Greater(t, got.Policies[0].Ratio, 1.)
}

func TestCatalogFaults(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"not there", "-catalog no.csv", "no.csv: no such file"},
		{"no prices", "-catalog " + file(t, "s.csv", "name,vcpu,memory_gib\na,2,4\n"), "no price of a; wanted one for each size"},
		{"a policy of counts", "-policies kpa -catalog " + sample, `policy "kpa": with sizes wanted`},
		{"days", "-days date -catalog " + sample, "-days: it knows no sizes"},
		{"fit", "-fit -catalog " + sample, "-catalog: -fit plays policies of its own"},
		{"a plant without sizes", "-drain 30s -catalog " + sample, "they are not simulated with sizes"},
		{"disruption of nothing", "-disruption 1", "-disruption: wanted -catalog too"},
		{"negative disruption", "-disruption -1 -catalog " + sample, "load: out -1: wanted"},
	} {
		code, stdout, stderr := play(strings.Fields("-quiet " + c.args)...)
		require.Equal(t, 2, code, c.name)
		require.Empty(t, stdout, c.name)
		require.Contains(t, stderr, c.want, c.name)
		require.Equal(t, 1, strings.Count(stderr, "\n"), c.name)
	}
}
