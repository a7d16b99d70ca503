package sim

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler"
)

// sharedTraces returns the files of real demand traces that lie beside the repository, or skips the test.
func sharedTraces(t *testing.T) []string {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, filepath.Dir(root), root, "no go.mod above the test")
		root = filepath.Dir(root)
	}
	files, err := filepath.Glob(filepath.Join(root, "..", "shared", "traces", "*.csv*"))
	require.NoError(t, err)
	var traces []string
	for _, f := range files {
		if !strings.Contains(filepath.Base(f), "_spots_") { // a plan of spots is no trace
			traces = append(traces, f)
		}
	}
	if len(traces) == 0 {
		t.Skip("the folder ../shared/traces beside the repository is absent")
	}
	return traces
}

// TestKnownFigures compares with the figures of an independent implementation of the same contract: boot 120 s, penalty 20,
// no events.
func TestKnownFigures(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 23 traces")
	}
	ratio := map[string]map[string]float64{}
	names := []string{KubeHPA, Static, KubeHPABest, KubeHPASeasonal, KubeHPASeasonalBest, Headroom,
		KubeHPABehavior, KubeHPALegacy, KnativeKPA, DatadogWPA, LazyCapacity}
	changes, reversals := 0., 0.
	for _, name := range names {
		ratio[name] = map[string]float64{}
	}
	for _, file := range sharedTraces(t) {
		tr, err := OpenTrace(file)
		require.NoError(t, err)
		c := Case{Trace: tr, Options: DefaultOptions(tr)}
		c.Config, err = EngineConfig(scaler.Config{}, tr, c.Options)
		require.NoError(t, err)
		got, err := Compare(context.Background(), c, names)
		require.NoError(t, err)
		for _, r := range got.Results {
			ratio[r.Name][tr.Name] = got.Ratio(r)
			if r.Name == Headroom {
				changes, reversals = changes+r.ChangesPerDay/23, reversals+r.ReversalsPerDay/23
			}
		}
		require.LessOrEqual(t, ratio[Headroom][tr.Name], 1.03*ratio[KubeHPABest][tr.Name], "on no trace is a tuned HPA cheaper by more: %s", tr.Name)
	}
	for trace, want := range map[string]float64{"tvads_tatari_web_total_a": 2.27, "wc98_requests_1m_a": 1.43} {
		require.Contains(t, ratio[KubeHPA], trace)
		require.InDelta(t, want, ratio[KubeHPA][trace], 0.02, trace)
	}
	for name, want := range map[string]float64{
		KubeHPA: 2.22, Static: 2.78, KubeHPABest: 1.87, KubeHPASeasonal: 2.40, KubeHPASeasonalBest: 1.93, Headroom: 1.67,
		// The whole controller at its defaults is the same policy, written another way.
		KubeHPABehavior: 2.22, KubeHPALegacy: 2.22,
		// Nobody else's figures: what the rules cost here, so that a change is seen.
		KnativeKPA: 2.436, DatadogWPA: 1.964, LazyCapacity: 2.656,
	} {
		require.Len(t, ratio[name], 23)
		logs := 0.0
		for _, r := range ratio[name] {
			logs += math.Log(r)
		}
		mean := math.Exp(logs / 23)
		t.Logf("%s: geometric mean of cost over optimum %.4f", name, mean)
		if name == Headroom { // ours is no fact of the contract but a promise
			require.LessOrEqual(t, mean, want)
			continue
		}
		require.InEpsilon(t, want, mean, 0.01, name)
	}
	t.Logf("headroom: %.0f changes and %.0f reversals a day in the mean", changes, reversals)
	require.LessOrEqual(t, changes, 140.)
	require.LessOrEqual(t, reversals, 45.)
}
