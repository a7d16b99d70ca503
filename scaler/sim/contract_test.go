package sim

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
	names := []string{KubeHPA, Static, KubeHPABest, KubeHPASeasonal, KubeHPASeasonalBest}
	for _, name := range names {
		ratio[name] = map[string]float64{}
	}
	for _, file := range sharedTraces(t) {
		tr, err := OpenTrace(file)
		require.NoError(t, err)
		c := Case{Trace: tr, Options: DefaultOptions(tr)}
		got, err := Compare(context.Background(), c, names)
		require.NoError(t, err)
		for _, r := range got.Results {
			ratio[r.Name][tr.Name] = got.Ratio(r)
		}
	}
	for trace, want := range map[string]float64{"tvads_tatari_web_total_a": 2.27, "wc98_requests_1m_a": 1.43} {
		require.Contains(t, ratio[KubeHPA], trace)
		require.InDelta(t, want, ratio[KubeHPA][trace], 0.02, trace)
	}
	for name, want := range map[string]float64{
		KubeHPA: 2.22, Static: 2.78, KubeHPABest: 1.87, KubeHPASeasonal: 2.40, KubeHPASeasonalBest: 1.93,
	} {
		require.Len(t, ratio[name], 23)
		logs := 0.0
		for _, r := range ratio[name] {
			logs += math.Log(r)
		}
		mean := math.Exp(logs / 23)
		t.Logf("%s: geometric mean of cost over optimum %.4f", name, mean)
		require.InEpsilon(t, want, mean, 0.01, name)
	}
}
