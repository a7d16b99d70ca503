package fit

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// traceNames are those of the real traces, or the benchmark is skipped.
func traceNames(b *testing.B) []string {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "traces", "*.csv*"))
	var names []string
	for _, file := range files {
		if name, _, _ := strings.Cut(filepath.Base(file), ".csv"); !strings.Contains(name, "spots") { // a plan, not a trace
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		b.Skip("the folder ../shared/traces beside the repository is absent")
	}
	return names
}

// BenchmarkClassicalModels compares classical models, fitted to the first half of each real trace, with the Forecaster on the
// second half: the ratio of absolute errors, on the geometric mean over the traces that allow the model.
//
//	go test ./forecast/fit -run '^$' -bench ClassicalModels -benchtime 1x -v
func BenchmarkClassicalModels(b *testing.B) {
	type cell struct{ model, lead string }
	for b.Loop() {
		ratios := map[cell][]float64{}
		for _, name := range traceNames(b) {
			res, err := Fit(context.Background(), Options{Classical: true, Evals: 1}, trace(b, name))
			if err != nil {
				b.Fatal(err)
			}
			base := res.Report.Rows[0]
			for _, row := range res.Report.Rows {
				if !math.IsNaN(float64(row.Gain)) {
					continue
				}
				model, _, seasonal := strings.Cut(row.Choice, ", ")
				if seasonal && strings.HasPrefix(model, "ETS") {
					model += ", seasonal"
				}
				for i, s := range row.Scores {
					if r := float64(s.Pinball[0] / base.Scores[i].Pinball[0]); r > 0 && !math.IsInf(r, 1) {
						c := cell{model, text(s.Lead)}
						ratios[c] = append(ratios[c], r)
					}
				}
			}
		}
		cells := make([]cell, 0, len(ratios))
		for c := range ratios {
			cells = append(cells, c)
		}
		slices.SortFunc(cells, func(x, y cell) int { return strings.Compare(x.model+x.lead, y.model+y.lead) })
		for _, c := range cells {
			sum := 0.0
			for _, r := range ratios[c] {
				sum += math.Log(r)
			}
			b.Logf("%-22s %-4s %.2f of the Forecaster's error on %d traces", c.model, c.lead, math.Exp(sum/float64(len(ratios[c]))), len(ratios[c]))
		}
	}
}
