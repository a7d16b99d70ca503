package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// MarshalJSON writes what each proposal costs and saves in the first part and in the rest, and which is best in the first.
func (p *Prices) MarshalJSON() ([]byte, error) {
	type part struct {
		figures
		Saved *float64 `json:"saved"`
	}
	type price struct {
		Name  string `json:"name"`
		First part   `json:"first"`
		Rest  part   `json:"rest"`
	}
	t, o := p.Case.Trace, p.Case.Options
	out := struct {
		Trace   string  `json:"trace"`
		Step    float64 `json:"step_s"`
		N       int     `json:"n"`
		From    int     `json:"from"`
		Split   int     `json:"split"`
		Penalty float64 `json:"penalty"`
		Best    *string `json:"best"`
		Prices  []price `json:"prices"`
	}{t.Name, t.Step.Seconds(), t.Len(), o.FirstScored(t), p.Split, o.Penalty, nil, []price{}}
	for _, one := range p.rows() {
		out.Prices = append(out.Prices, price{one.Name,
			part{newFigures(one.First, one.FirstRatio), orNull(one.FirstSaved)},
			part{newFigures(one.Rest, one.RestRatio), orNull(one.RestSaved)}})
	}
	if p.Best >= 0 {
		out.Best = &p.Of[p.Best].Name
	}
	return json.Marshal(out)
}

// rows are the configuration of the case, and then the proposals.
func (p *Prices) rows() []Price { return append([]Price{p.Now}, p.Of...) }

// equals says whether two runs came out the same. The share of events may be NaN, which is never equal to itself.
func (s Scores) equals(other Scores) bool {
	s.EventUnserved, other.EventUnserved = 0, 0
	return s == other
}

// WriteTable writes a line for the configuration of the case and for each proposal that makes any difference, and below them what the proposal that
// is best in the first part was worth in the rest.
func (p *Prices) WriteTable(w io.Writer) error {
	t, o := p.Case.Trace, p.Case.Options
	if _, err := fmt.Fprintf(w, "%s: %d steps of %v; proposals from the first %d of them (scored from step %d), and what they save in the other %d\n"+
		"penalty %s; ratio = cost / cost of the clairvoyant optimum; saved = share of the cost of the configuration as it is\n\n",
		t.Name, t.Len(), t.Step, p.Split, o.FirstScored(t), t.Len()-p.Split, strconv.FormatFloat(o.Penalty, 'g', 6, 64)); err != nil {
		return err
	}
	rows, width := p.rows(), len("proposal")
	for _, r := range rows {
		width = max(width, len(r.Name))
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tab, "%-*s\tfirst: ratio\tsaved\trest: ratio\tsaved\treplica-hours saved\tunserved\t\n", width, "proposal")
	var same []string
	for i, r := range rows {
		if i > 0 && r.First.equals(p.Now.First) && r.Rest.equals(p.Now.Rest) {
			same = append(same, r.Name)
			continue
		}
		fmt.Fprintf(tab, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, r.Name, decimal(r.FirstRatio, 3, ""), decimal(100*r.FirstSaved, 2, "%"),
			decimal(r.RestRatio, 3, ""), decimal(100*r.RestSaved, 2, "%"), decimal(p.Now.Rest.ReplicaHours-r.Rest.ReplicaHours, 1, ""), decimal(100*r.Rest.Unserved, 3, "%"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(same) > 0 {
		if _, err := fmt.Fprintf(w, "\nwithout any difference: %s\n", strings.Join(same, ", ")); err != nil {
			return err
		}
	}
	verdict := "no proposal saves anything in the first part: keep the configuration as it is"
	if p.Best >= 0 {
		best := p.Of[p.Best]
		verdict = fmt.Sprintf("best in the first part: %s, which saves %s there and %s in the rest", best.Name, decimal(100*best.FirstSaved, 2, "%"), decimal(100*best.RestSaved, 2, "%"))
		if best.RestSaved <= 0 {
			verdict += ": it does not hold, keep the configuration as it is"
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", verdict)
	return err
}
