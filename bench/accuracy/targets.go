package main

import (
	"fmt"
	"math"
)

// The targets of the 95 % quantile's coverage, on every trace and lead time. Counts that are mostly zero over-cover by
// nature, because the quantile of a lump is its upper edge; where the median is lower than busyMedian nothing is too much.
const (
	coverageLow  = 0.93
	coverageHigh = 0.97
	busyMedian   = 20
	coverageAt   = 3 // index of .95 in levels
)

// tracesReport is all that is said of the traces of a folder.
type tracesReport struct {
	Levels     [len(levels)]float64 `json:"levels"` // of Pinball and Coverage
	Rows       []traceRow           `json:"rows"`
	Means      []leadMean           `json:"means"`
	Violations []violation          `json:"violations"`
	Experts    []expertMean         `json:"experts,omitempty"` // where they were asked for
}

// leadMean is the geometric mean of the relative errors at a lead time, over the traces that have enough targets and a
// relative error.
type leadMean struct {
	Lead     string `json:"lead"`
	Traces   int    `json:"traces"`
	Relative number `json:"relative_error"`
}

// violation is a row that misses a target.
type violation struct {
	Trace    string `json:"trace"`
	Lead     string `json:"lead"`
	Coverage number `json:"coverage_95"`
	Wanted   string `json:"wanted"`
}

func (v violation) String() string {
	return fmt.Sprintf("%s %s %.4f (wanted %s)", v.Trace, v.Lead, float64(v.Coverage), v.Wanted)
}

func newTracesReport(rows []traceRow) *tracesReport {
	r := &tracesReport{Levels: levels, Rows: rows, Means: []leadMean{}, Violations: []violation{}}
	for _, l := range leadTimes {
		var errs []float64
		for _, row := range rows {
			if row.Lead == l.name && row.Enough && !math.IsNaN(float64(row.Relative)) {
				errs = append(errs, float64(row.Relative))
			}
		}
		r.Means = append(r.Means, leadMean{Lead: l.name, Traces: len(errs), Relative: number(geometricMean(errs))})
	}
	r.Experts = expertMeans(rows)
	for _, row := range rows {
		if wanted := missed(&row); wanted != "" {
			r.Violations = append(r.Violations, violation{row.Trace, row.Lead, row.Coverage[coverageAt], wanted})
		}
	}
	return r
}

// missed says what was wanted of a row's coverage, or nothing if that is what it has, or has too few targets to tell.
func missed(r *traceRow) string {
	c := float64(r.Coverage[coverageAt])
	switch {
	case !r.Enough:
	case !(c >= coverageLow):
		return fmt.Sprintf("at least %v", coverageLow)
	case r.Median >= busyMedian && c > coverageHigh:
		return fmt.Sprintf("at most %v", coverageHigh)
	}
	return ""
}
