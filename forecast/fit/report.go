package fit

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Report says what each choice gains in a backtest with the real Forecaster. String makes a table of it, and it marshals to
// JSON.
type Report struct {
	Step   forecast.Duration `json:"step"`
	From   time.Time         `json:"from"` // of the part that is scored
	To     time.Time         `json:"to"`
	Naive  forecast.Duration `json:"naive"`  // season of the naive forecast that errors are compared with
	Chosen []string          `json:"chosen"` // the choices that are proposed, the largest gain first
	Rows   []Row             `json:"rows"`   // the configuration of today first, then each choice, all together, what is proposed, classical models
}

// Row is a configuration, or a classical model, in a backtest.
type Row struct {
	Choice    string             `json:"choice"`
	Seasons   forecast.Seasons   `json:"seasons,omitzero"`
	Smoothing forecast.Smoothing `json:"smoothing,omitzero"`
	Gain      Number             `json:"gain"`   // share of the pinball losses that it saves, on the geometric mean over lead times and levels; null for models that have a mean alone
	Better    int                `json:"better"` // in how many of the twelve parts of what is scored it saves anything
	Scores    []Score            `json:"scores"`
}

func newReport(h History, train, naive int, rows []Row, chosen []choice) Report {
	r := Report{
		Step: h.Step, From: h.Time(train), To: h.Time(len(h.Values)), Naive: forecast.Duration(naive) * h.Step,
		Rows: rows, Chosen: make([]string, 0, len(chosen)),
	}
	for _, c := range chosen {
		r.Chosen = append(r.Chosen, c.name)
	}
	return r
}

// String returns a table: a line a choice and lead time. Losses are in percent of mean demand.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s in steps of %s; error of the median relative to naive of %s; pinball losses in %% of mean demand\n",
		r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), text(r.Step), text(r.Naive))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "gain\tparts\tlead\terror")
	for _, q := range Levels {
		fmt.Fprintf(w, "\tloss at %v", q)
	}
	fmt.Fprint(w, "\t  choice\n")
	for _, row := range r.Rows {
		for i, s := range row.Scores {
			saved, better, name := "", "", ""
			if i == 0 {
				name = row.Choice
				if !math.IsNaN(float64(row.Gain)) {
					saved, better = fmt.Sprintf("%+.2f%%", 100*float64(row.Gain)), fmt.Sprintf("%d of %d", row.Better, parts)
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s", saved, better, text(s.Lead), figure(1, s.Relative))
			for _, v := range s.Pinball {
				fmt.Fprintf(w, "\t%s", figure(100, v))
			}
			fmt.Fprintf(w, "\t  %s\n", name)
		}
	}
	_ = w.Flush() // a strings.Builder takes everything
	if len(r.Chosen) == 0 {
		b.WriteString("nothing gains: keep the configuration as it is\n")
	} else {
		b.WriteString("proposed: " + strings.Join(r.Chosen, ", ") + "\n")
	}
	return b.String()
}

// figure writes a number with three digits after the point, or a dash.
func figure(scale float64, v Number) string {
	if math.IsNaN(float64(v)) {
		return "-"
	}
	return fmt.Sprintf("%.3f", scale*float64(v))
}

// text is a duration without zeros at its end: 24h, not 24h0m0s.
func text(d forecast.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
