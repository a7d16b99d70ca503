package sim

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// MarshalJSON writes the axes, and each point with its value for every axis, its scores and whether it is on the front.
func (r *SweepResult) MarshalJSON() ([]byte, error) {
	type point struct {
		Values []json.RawMessage `json:"values"`
		figures
		Front bool `json:"front"`
	}
	t := r.Case.Trace
	out := struct {
		Trace  string  `json:"trace"`
		Step   float64 `json:"step_s"`
		N      int     `json:"n"`
		Axes   []Axis  `json:"axes"`
		Points []point `json:"points"`
	}{t.Name, t.Step.Seconds(), t.Len(), r.Axes, make([]point, len(r.Points))}
	for i, p := range r.Points {
		out.Points[i] = point{p.Values, newFigures(p.Scores, p.Ratio), p.Front}
	}
	return json.Marshal(out)
}

// WriteCSV writes a line for each point, below a header line: the values of the axes, the scores with the names that JSON
// has, and whether the point is on the front. What cannot be computed is empty.
func (r *SweepResult) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	var row []string
	for _, a := range r.Axes {
		row = append(row, a.Path)
	}
	_ = out.Write(append(append(row, figureNames()...), "front")) // Flush keeps the first error
	for _, p := range r.Points {
		row = row[:0]
		for _, v := range p.Values {
			row = append(row, label(v))
		}
		row = newFigures(p.Scores, p.Ratio).appendText(row)
		_ = out.Write(append(row, strconv.FormatBool(p.Front)))
	}
	out.Flush()
	return out.Error()
}

// WriteTable writes the points as text, in the order of the axes, with the columns of Comparison.WriteTable. A "*" marks
// the points on the front.
func (r *SweepResult) WriteTable(w io.Writer) error {
	t, o := r.Case.Trace, r.Case.Options
	first := o.FirstScored(t)
	if _, err := fmt.Fprintf(w, "%s: %d steps of %v, scored from step %d (%s)\n"+
		"%d combinations; ratio = cost / cost of the clairvoyant optimum in the same plant; * = on the front of replica-hours against unserved demand\n\n",
		t.Name, t.Len(), t.Step, first, t.Spelling[first], len(r.Points)); err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, a := range r.Axes {
		fmt.Fprintf(tab, "%s\t", a.Path)
	}
	fmt.Fprint(tab, "ratio\tcost\treplica-hours\tunserved\tviolation\tchanges/day\treversals/day\tevents\tfront\t\n")
	for _, p := range r.Points {
		for _, v := range p.Values {
			fmt.Fprintf(tab, "%s\t", label(v))
		}
		front := ""
		if p.Front {
			front = "*"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", decimal(p.Ratio, 3, ""), decimal(p.Cost, 1, ""), decimal(p.ReplicaHours, 1, ""),
			decimal(100*p.Unserved, 3, "%"), decimal(100*p.Violation, 3, "%"), decimal(p.ChangesPerDay, 1, ""), decimal(p.ReversalsPerDay, 1, ""),
			decimal(100*p.EventUnserved, 1, "%"), front)
	}
	return tab.Flush()
}
