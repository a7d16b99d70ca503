package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// Comparison is what several policies did on one case.
type Comparison struct {
	Case    Case
	Optimum Result   // the clairvoyant optimum, whether it is among the policies or not
	Results []Result // one for each policy, in the order asked for

	// What may be looked into further, and is part of the output if it is not empty: see ByDay, Compare and Controls.
	Days     []Day
	Pairs    []Paired
	Controls []Control

	stream *Stream // what was played, if it is no trace
}

// steps are the number of steps that were played.
func (c *Comparison) steps() int {
	if c.stream != nil {
		return c.stream.Steps
	}
	return c.Case.Trace.Len()
}

// Compare plays the policies with these names (see Policies), and the clairvoyant optimum in any case. Options.Progress
// hears of all of them together. Any fault is an error; then there is no comparison.
func Compare(ctx context.Context, c Case, names []string) (*Comparison, error) {
	if err := c.Options.Validate(c.Trace); err != nil {
		return nil, err
	}
	report, done, n := c.Options.Progress, 0, c.Trace.Len()
	play := func(name string, total int) (Result, error) {
		one := c
		if report != nil {
			one.Options.Progress = func(steps, of int) { report(done+int(float64(n)*float64(steps)/float64(of)), total) }
		}
		r, err := one.Play(ctx, name)
		done += n
		return r, err
	}
	total := n
	for _, name := range names {
		if name != Clairvoyant {
			total += n
		}
	}
	optimum, err := play(Clairvoyant, total)
	if err != nil {
		return nil, err
	}
	out := &Comparison{Case: c, Optimum: optimum}
	out.Case.Decided = nil
	for _, name := range names {
		r := optimum
		if name != Clairvoyant {
			if r, err = play(name, total); err != nil {
				return nil, err
			}
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

// Ratio returns the cost of r over the cost of the optimum, or NaN where the optimum costs nothing.
func (c *Comparison) Ratio(r Result) float64 {
	if c.Optimum.Cost == 0 {
		return math.NaN()
	}
	return r.Cost / c.Optimum.Cost
}

// Result returns the result of the policy with that name and whether there is one.
func (c *Comparison) Result(name string) (Result, bool) {
	for _, r := range c.Results {
		if r.Name == name {
			return r, true
		}
	}
	return Result{}, false
}

// MarshalJSON writes the object of the replay command's -format json: the terms (those of the plant as far as they are not
// the defaults), and for each policy its cost, its ratio to the optimum and its scores. What cannot be computed is null. A policy that searched in hindsight has what won on top: a
// target and a window (in seconds), or two watermarks.
func (c *Comparison) MarshalJSON() ([]byte, error) {
	type scores struct {
		Name string `json:"name"`
		figures
		Target        *float64 `json:"target,omitempty"`
		Window        *float64 `json:"window_s,omitempty"`
		HighWatermark *float64 `json:"high_watermark,omitempty"`
		LowWatermark  *float64 `json:"low_watermark,omitempty"`
	}
	t, o := c.Case.Trace, c.Case.Options
	out := struct {
		Trace    string  `json:"trace"`
		Step     float64 `json:"step_s"`
		N        int     `json:"n"`
		Capacity float64 `json:"capacity"`
		Boot     float64 `json:"boot_s"`
		Penalty  float64 `json:"penalty"`
		*plantTerms
		Policies []scores      `json:"policies"`
		Days     []Day         `json:"days,omitempty"`
		Pairs    []pairedJSON  `json:"compare,omitempty"`
		Controls []controlJSON `json:"controls,omitempty"`
	}{t.Name, t.Step.Seconds(), c.steps(), o.Capacity, o.Boot.Seconds(), o.Penalty, o.plantTerms(), []scores{}, c.Days, nil, nil}
	for _, r := range c.Results {
		p := scores{Name: r.Name, figures: newFigures(r.Scores, c.Ratio(r))}
		if r.Found != nil {
			p.Target, p.Window = orNull(r.Found.Target), orNull(r.Found.Window.Seconds())
		}
		if m := r.Watermarks; m != nil {
			p.HighWatermark, p.LowWatermark = orNull(m.HighWatermark), orNull(m.LowWatermark)
		}
		out.Policies = append(out.Policies, p)
	}
	for _, p := range c.Pairs {
		out.Pairs = append(out.Pairs, p.json())
	}
	for _, control := range c.Controls {
		out.Controls = append(out.Controls, control.json())
	}
	return json.Marshal(out)
}

// orNull is nil, which JSON writes as null, for what is not a finite number.
func orNull(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// scoredFrom says where scoring begins. In a stream only the one or the other is known.
func (c *Comparison) scoredFrom() string {
	t, o := c.Case.Trace, c.Case.Options
	switch {
	case c.stream == nil:
		first := o.FirstScored(t)
		return fmt.Sprintf("step %d (%s)", first, t.Spelling[first])
	case o.ScoreFrom.IsZero():
		return fmt.Sprintf("step %d", o.warmupSteps(c.stream.Steps))
	}
	return formatTimestamp(o.ScoreFrom, false)
}

// WriteTable writes the comparison as text: the terms in two lines, then a line for each policy that leads with its ratio
// to the optimum, then a line for each policy that searched in hindsight with what it found, and then Days, Pairs and
// Controls if there are any. What cannot be computed is "-". Shares are in percent of demand ("unserved"), of the scored time ("violation") and of the excess demand around
// events ("events").
func (c *Comparison) WriteTable(w io.Writer) error {
	t, o := c.Case.Trace, c.Case.Options
	if _, err := fmt.Fprintf(w, "%s: %d steps of %v, scored from %s\n"+
		"capacity %s a replica, boot %v, lag %v, penalty %s; ratio = cost / cost of the clairvoyant optimum\n%s\n",
		t.Name, c.steps(), t.Step, c.scoredFrom(),
		strconv.FormatFloat(o.Capacity, 'g', 6, 64), o.Boot, o.Lag, strconv.FormatFloat(o.Penalty, 'g', 6, 64), o.plantTerms().line()); err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	width := len("policy") // the names stand to the left, the numbers to the right: names get the same length
	for _, r := range c.Results {
		width = max(width, len(r.Name))
	}
	fmt.Fprintf(tab, "%-*s\tratio\tcost\treplica-hours\tunserved\tviolation\tchanges/day\treversals/day\tevents\t\n", width, "policy")
	for _, r := range c.Results {
		fmt.Fprintf(tab, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, r.Name, decimal(c.Ratio(r), 3, ""),
			decimal(r.Cost, 1, ""), decimal(r.ReplicaHours, 1, ""), decimal(100*r.Unserved, 3, "%"),
			decimal(100*r.Violation, 3, "%"), decimal(r.ChangesPerDay, 1, ""), decimal(r.ReversalsPerDay, 1, ""),
			decimal(100*r.EventUnserved, 1, "%"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if err := c.writeFound(w); err != nil {
		return err
	}
	return c.writeMore(w)
}

// writeMore writes what was looked into further, each below an empty line.
func (c *Comparison) writeMore(w io.Writer) error {
	for _, part := range []struct {
		there bool
		write func(io.Writer) error
	}{
		{len(c.Days) > 0, func(w io.Writer) error { return WriteDays(w, c.Days) }},
		{len(c.Pairs) > 0, func(w io.Writer) error { return writePairs(w, c.Pairs) }},
		{len(c.Controls) > 0, func(w io.Writer) error { return WriteControls(w, c.Controls) }},
	} {
		if !part.there {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := part.write(w); err != nil {
			return err
		}
	}
	return nil
}

// writeFound writes what the searches in hindsight found, below an empty line, or nothing if there are none.
func (c *Comparison) writeFound(w io.Writer) error {
	before, width := "\n", 0
	for _, r := range c.Results {
		if r.found() != "" {
			width = max(width, len(r.Name))
		}
	}
	for _, r := range c.Results {
		found := r.found()
		if found == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s  %-*s  found in hindsight: %s\n", before, width, r.Name, found); err != nil {
			return err
		}
		before = ""
	}
	return nil
}

// found is what a search in hindsight found, "" if there was none.
func (r *Result) found() string {
	switch {
	case r.Found != nil:
		return fmt.Sprintf("target %.2f, window %v", r.Found.Target, r.Found.Window)
	case r.Watermarks != nil:
		return fmt.Sprintf("watermarks %.3f to %.3f", r.Watermarks.LowWatermark, r.Watermarks.HighWatermark)
	}
	return ""
}

// decimal writes a number with a fixed number of digits after the point, or "-" for what is not a finite number.
func decimal(v float64, digits int, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + unit
}
