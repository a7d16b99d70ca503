package fit

import (
	"context"
	"math"
	"testing"
)

// BenchmarkProposalsHold measures what proposals are worth on data that neither made nor chose them: Fit sees the first seven
// tenths of each real trace, and what it proposes is compared with the defaults on the rest. It reports the gain in percent
// of the pinball losses, on the geometric mean over all traces, and the number of traces with a proposal:
//
//	go test ./forecast/fit -run '^$' -bench ProposalsHold -benchtime 1x -v
func BenchmarkProposalsHold(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		sum, traces, proposals := 0.0, 0, 0
		for _, name := range traceNames(b) {
			h := trace(b, name)
			seen := h
			seen.Values = h.Values[:len(h.Values)*7/10]
			res, err := Fit(ctx, Options{}, seen)
			if err != nil {
				b.Logf("%s: %v", name, err)
				continue
			}
			traces++
			if len(res.Report.Chosen) == 0 {
				continue
			}
			proposals++
			before := res.Config
			before.Seasons, before.Smoothing = Options{}.Config.Seasons, Options{}.Config.Smoothing
			x, err := Backtest(ctx, before, h, len(seen.Values), 1)
			if err != nil {
				b.Fatal(err)
			}
			y, err := Backtest(ctx, res.Config, h, len(seen.Values), 1)
			if err != nil {
				b.Fatal(err)
			}
			g := gain(x, y)
			sum += math.Log(1 - g)
			promised := float64(res.Report.Rows[len(res.Report.Rows)-1].Gain)
			b.Logf("%s: %v promised %+.2f%%, held %+.2f%%", name, res.Report.Chosen, 100*promised, 100*g)
		}
		b.ReportMetric(100*(1-math.Exp(sum/float64(max(1, traces)))), "gain_%")
		b.ReportMetric(float64(proposals), "proposals")
		b.ReportMetric(float64(traces), "traces")
	}
}
