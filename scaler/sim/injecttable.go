package sim

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// MarshalJSON writes the injection, and each cell with its winner and the scores of every way.
func (m *InjectionMap) MarshalJSON() ([]byte, error) {
	type way struct {
		Name string `json:"name"`
		figures
	}
	type cell struct {
		Rise   float64  `json:"rise_s"`
		Boot   float64  `json:"boot_s"`
		Winner string   `json:"winner"`
		Margin *float64 `json:"margin"`
		Plan   *float64 `json:"plan"`
		Ways   []way    `json:"ways"`
	}
	t, o, in := m.Case.Trace, m.Case.Options, m.Injection
	out := struct {
		Trace     string  `json:"trace"`
		Step      float64 `json:"step_s"`
		N         int     `json:"n"`
		Capacity  float64 `json:"capacity"`
		Penalty   float64 `json:"penalty"`
		Amplitude float64 `json:"amplitude"`
		Decay     float64 `json:"decay_s"`
		Jitter    float64 `json:"jitter_s"`
		Scatter   float64 `json:"scatter"`
		Every     float64 `json:"every_s"`
		Seed      uint64  `json:"seed"`
		Events    int     `json:"events"`
		Cells     []cell  `json:"cells"`
	}{t.Name, t.Step.Seconds(), t.Len(), o.Capacity, o.Penalty, in.Amplitude, in.Decay.Seconds(), in.Jitter.Seconds(),
		in.Scatter, in.Every.Seconds(), in.Seed, m.Events, []cell{}}
	for _, c := range m.Cells {
		one := cell{c.Rise.Seconds(), c.Boot.Seconds(), c.Ways[c.Winner].Name, orNull(c.Margin), orNull(c.Plan), nil}
		for _, w := range c.Ways {
			one.Ways = append(one.Ways, way{w.Name, newFigures(w.Scores, w.Ratio)})
		}
		out.Cells = append(out.Cells, one)
	}
	return json.Marshal(out)
}

// WriteCSV writes a line for each cell and way, below a header line, with the names that JSON has. What cannot be computed
// is empty.
func (m *InjectionMap) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(append([]string{"rise_s", "boot_s", "way"}, append(figureNames(), "winner")...)) // Flush keeps the first error
	for _, c := range m.Cells {
		for i, way := range c.Ways {
			row := []string{strconv.FormatFloat(c.Rise.Seconds(), 'g', -1, 64), strconv.FormatFloat(c.Boot.Seconds(), 'g', -1, 64), way.Name}
			_ = out.Write(append(newFigures(way.Scores, way.Ratio).appendText(row), strconv.FormatBool(i == c.Winner)))
		}
	}
	out.Flush()
	return out.Error()
}

// WriteTable writes the map as text: the terms, who wins in each cell and how much of the cost of the second that saves,
// then what the plan saves over the engine without it, and the ratio of every way.
func (m *InjectionMap) WriteTable(w io.Writer) error {
	t, o, in := m.Case.Trace, m.Case.Options, m.Injection
	if _, err := fmt.Fprintf(w, "%s: %d steps of %v, scored from step %d; capacity %s a replica, penalty %s\n"+
		"%d events, one every %v: %v times the demand around them at the peak (give or take %v of it), decay %v, jitter %v, seed %d\n",
		t.Name, t.Len(), t.Step, o.FirstScored(t), strconv.FormatFloat(o.Capacity, 'g', 6, 64), strconv.FormatFloat(o.Penalty, 'g', 6, 64),
		m.Events, in.Every, in.Amplitude, in.Scatter, in.Decay, in.Jitter, in.Seed); err != nil {
		return err
	}
	percent := func(v float64) string { return decimal(100*v, 1, "%") }
	if err := m.writeGrid(w, "\nwinner, and how much of the cost of the second it saves", func(c *InjectionCell) string {
		return c.Ways[c.Winner].Name + " " + percent(c.Margin)
	}); err != nil {
		return err
	}
	if err := m.writeGrid(w, "\nwhat the plan saves over the better of detection and head-room", func(c *InjectionCell) string { return percent(c.Plan) }); err != nil {
		return err
	}
	for i, name := range injectionWays {
		if err := m.writeGrid(w, "\n"+name+": cost / cost of the clairvoyant optimum", func(c *InjectionCell) string { return decimal(c.Ways[i].Ratio, 3, "") }); err != nil {
			return err
		}
	}
	return nil
}

// writeGrid writes a row for each rise and a column for each boot time below a title.
func (m *InjectionMap) writeGrid(w io.Writer, title string, text func(c *InjectionCell) string) error {
	if _, err := fmt.Fprintln(w, title); err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tab, "rise\t")
	for _, boot := range m.Boots {
		fmt.Fprintf(tab, "boot %v\t", boot)
	}
	for i := range m.Cells {
		if i%len(m.Boots) == 0 {
			fmt.Fprintf(tab, "\n%v\t", m.Cells[i].Rise)
		}
		fmt.Fprintf(tab, "%s\t", text(&m.Cells[i]))
	}
	fmt.Fprintln(tab)
	return tab.Flush()
}
