package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// number is a float64 that JSON writes as null and a table as a dash where it does not exist (NaN, infinite).
type number float64

func (n number) exists() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if !n.exists() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// fixed formats n with so many decimals.
func (n number) fixed(decimals int) string {
	if !n.exists() {
		return "-"
	}
	return strconv.FormatFloat(float64(n), 'f', decimals, 64)
}

// report is the result of a run: the parts that were asked for.
type report struct {
	M4       *m4Report      `json:"m4,omitempty"`
	Traces   *tracesReport  `json:"traces,omitempty"`
	Hourly   *rollingReport `json:"hourly,omitempty"`
	Series   *rollingReport `json:"series,omitempty"`
	Airings  *airingReport  `json:"airings,omitempty"`
	Ablation []ablationRow  `json:"ablation,omitempty"`
}

// format is the report as text, a "table" or "json", complete before any of it is printed.
func (r report) format(as string) ([]byte, error) {
	var b bytes.Buffer
	if as == "json" {
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		err := enc.Encode(r)
		return b.Bytes(), err
	}
	gap := func() {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
	}
	if r.M4 != nil {
		r.M4.table(&b)
	}
	if r.Traces != nil {
		gap()
		r.Traces.table(&b)
	}
	if r.Traces != nil && r.Traces.Experts != nil {
		gap()
		r.Traces.expertTable(&b)
	}
	for _, paths := range []*rollingReport{r.Hourly, r.Series} {
		if paths != nil {
			gap()
			paths.table(&b)
		}
	}
	if r.Airings != nil {
		gap()
		r.Airings.table(&b)
	}
	if r.Ablation != nil {
		gap()
		ablationTable(&b, r.Ablation)
	}
	return b.Bytes(), nil
}

// table writes a header and one line of figures.
func (r *m4Report) table(b *bytes.Buffer) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "m4 hourly\tseries\thours\tsMAPE\tMASE\tOWA\tMSIS\tc95\t")
	fmt.Fprintf(tab, "mean\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", r.Series, r.Horizon, r.SMAPE, r.MASE, r.OWA, r.MSIS, r.Coverage)
	_ = tab.Flush() // a buffer takes everything
}

// table writes a line for each row, one for each mean, and the line of violations.
func (r *tracesReport) table(b *bytes.Buffer) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tab, "trace\tstep\tlead\tn\trel\t")
	for _, letter := range []string{"p", "c"} {
		for _, q := range r.Levels {
			fmt.Fprintf(tab, "%s%.0f\t", letter, 100*q)
		}
	}
	fmt.Fprintln(tab)
	few := false
	for _, row := range r.Rows {
		star := ""
		if !row.Enough {
			star, few = "*", true
		}
		step := time.Duration(math.Round(row.Step * 1e9))
		fmt.Fprintf(tab, "%s\t%v\t%s\t%d%s\t%s\t", row.Trace, step, row.Lead, row.N, star, row.Relative.fixed(3))
		for _, p := range row.Pinball {
			fmt.Fprintf(tab, "%s\t", p.fixed(4))
		}
		for _, c := range row.Coverage {
			fmt.Fprintf(tab, "%s\t", c.fixed(3))
		}
		fmt.Fprintln(tab)
	}
	_ = tab.Flush() // a buffer takes everything
	if few {
		fmt.Fprintf(b, "* fewer than %d targets: counts for nothing below\n", enough)
	}
	b.WriteString("\ngeometric mean of rel:")
	for i, m := range r.Means {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, " %s %s (%d traces)", m.Lead, m.Relative.fixed(3), m.Traces)
	}
	fmt.Fprintf(b, "\nviolations of the targets of c95 (at least %v; at most %v where the trace's median is %d or more):", coverageLow, coverageHigh, busyMedian)
	if len(r.Violations) == 0 {
		b.WriteString(" none\n")
		return
	}
	texts := make([]string, len(r.Violations))
	for i, v := range r.Violations {
		texts[i] = v.String()
	}
	fmt.Fprintf(b, " %d: %s\n", len(texts), strings.Join(texts, "; "))
}
