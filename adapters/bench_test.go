package adapters_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
)

// BenchmarkGroupTick is one minute of 500 workloads whose sources and fleets are in memory: what the shell and the engines
// take of the machine. kB/workload is what all of it keeps, after a backfill of an hour.
func BenchmarkGroupTick(b *testing.B) {
	const n = 500
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var cfg adapters.GroupConfig
	for i := range n {
		cfg.Workloads = append(cfg.Workloads, workload(b, fmt.Sprint(i), &endless{value: float64(i)}))
	}
	g, err := adapters.NewGroup(cfg)
	require.NoError(b, err)
	now := noon
	require.NoError(b, g.Tick(b.Context(), now))
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		now = now.Add(time.Minute)
		if err := g.Tick(b.Context(), now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n/1024, "kB/workload")
}
