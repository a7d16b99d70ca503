package sim

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Day is what the policies of a comparison did on one day, as far as it is scored.
type Day struct {
	// Date is the day in UTC, as in 2017-10-16.
	Date string `json:"date"`
	// Steps is the number of its scored steps; the first and the last day are seldom whole.
	Steps int `json:"steps"`
	// Optimum is the cost of the clairvoyant optimum, the boot times of the replicas it adds that day among it.
	Optimum float64 `json:"optimum"`
	// Policies are those of the comparison, in its order.
	Policies []DayScores `json:"policies"`
}

// DayScores judge a policy over a day. Cost and Changes are parts of those in Scores: the days add up to them.
type DayScores struct {
	Name     string  `json:"name"`
	Cost     float64 `json:"cost"`
	Unserved float64 `json:"unserved"` // the part of the day's demand, 0..1; 0 where there was none
	Changes  int     `json:"changes"`
}

// ByDay returns the days of the comparison, by date.
func (c *Comparison) ByDay() []Day {
	t, o := c.Case.Trace, c.Case.Options
	spans := daySpans(t, o)
	days := make([]Day, len(spans))
	for k, s := range spans {
		days[k] = Day{
			Date:     t.Times[s.from].UTC().Format(time.DateOnly),
			Steps:    s.to - s.from,
			Optimum:  c.daily(c.Optimum, s).Cost,
			Policies: make([]DayScores, 0, len(c.Results)),
		}
		for _, r := range c.Results {
			days[k].Policies = append(days[k].Policies, c.daily(r, s))
		}
	}
	return days
}

// WorstFirst sorts days by how much more the policy at that place costs than the optimum, the largest difference first.
func WorstFirst(days []Day, policy int) {
	slices.SortStableFunc(days, func(a, b Day) int {
		return cmp.Compare(b.Policies[policy].Cost-b.Optimum, a.Policies[policy].Cost-a.Optimum)
	})
}

// span are the steps from .. to-1.
type span struct{ from, to int }

// daySpans are the scored steps of each day in UTC.
func daySpans(t *Trace, o Options) []span {
	var spans []span
	day := time.Time{}
	for i := o.FirstScored(t); i < t.Len(); i++ {
		if at := t.Times[i].UTC().Truncate(24 * time.Hour); len(spans) == 0 || !at.Equal(day) {
			spans = append(spans, span{from: i})
			day = at
		}
		spans[len(spans)-1].to = i + 1
	}
	return spans
}

// daily judges a result over some steps.
func (c *Comparison) daily(r Result, s span) DayScores {
	t, o := c.Case.Trace, c.Case.Options
	d := DayScores{Name: r.Name}
	var billed, ups int64
	var demand, unserved float64
	for i := s.from; i < s.to; i++ {
		billed += int64(r.Ordered[i])
		if r.Draining != nil {
			billed += int64(r.Draining[i])
		}
		if v := t.Demand[i]; v >= 0 {
			demand += v
			unserved += shortfall(v, o.Capacity, r.Ready[i])
		}
		if i > o.FirstScored(t) && r.Ordered[i] != r.Ordered[i-1] {
			d.Changes++
			ups += int64(max(0, r.Ordered[i]-r.Ordered[i-1]))
		}
	}
	if demand > 0 {
		d.Unserved = unserved / demand
	}
	d.Cost = float64(float64(billed)*t.Step.Hours()) + float64(o.Penalty*(unserved/o.Capacity*t.Step.Hours()))
	if r.Name == Clairvoyant {
		d.Cost += float64(float64(ups) * o.shortestStart().Hours())
	}
	return d
}

// WriteDays writes days as text: a line for each, with cost, share of demand unserved and changes of each policy.
func WriteDays(w io.Writer, days []Day) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tab, "date\tsteps\toptimum\t")
	if len(days) > 0 {
		for _, p := range days[0].Policies {
			fmt.Fprintf(tab, "%s\tunserved\tchanges\t", p.Name)
		}
	}
	fmt.Fprintln(tab)
	for _, d := range days {
		fmt.Fprintf(tab, "%s\t%d\t%s\t", d.Date, d.Steps, decimal(d.Optimum, 1, ""))
		for _, p := range d.Policies {
			fmt.Fprintf(tab, "%s\t%s\t%d\t", decimal(p.Cost, 1, ""), decimal(100*p.Unserved, 3, "%"), p.Changes)
		}
		fmt.Fprintln(tab)
	}
	return tab.Flush()
}
