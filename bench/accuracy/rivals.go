package main

import (
	"bytes"
	"fmt"
	"math"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// weigher is a model that says what each expert says; a pass then scores them one by one beside their mix.
type weigher interface {
	weights(dst []forecast.Weight, lead time.Duration) []forecast.Weight
}

// weighed is a forecaster whose experts a pass scores.
type weighed struct{ *forecast.Forecaster }

func (w weighed) weights(dst []forecast.Weight, lead time.Duration) []forecast.Weight {
	return w.Weights(dst, lead)
}

// rivals sums the absolute errors of single experts at one lead time, over the same targets as those of the mix. For an
// expert that sleeps the newest value stands in, as it does for a mix of which all sleep.
type rivals struct {
	err [forecast.NumExperts]float64
	at  [][forecast.NumExperts]float64 // what they said, by target like tally.pending; NaN from one that does not serve the lead
}

func newRivals(steps int64) *rivals {
	return &rivals{at: make([][forecast.NumExperts]float64, steps)}
}

func (r *rivals) expect(target int64, ws []forecast.Weight) {
	at := &r.at[target%int64(len(r.at))]
	for i := range at {
		at[i] = math.NaN()
	}
	for _, w := range ws {
		at[w.Expert] = w.Forecast
		if math.IsNaN(w.Forecast) {
			at[w.Expert] = ws[forecast.ByPersistence].Forecast
		}
	}
}

func (r *rivals) score(target int64, v float64) {
	for i, x := range r.at[target%int64(len(r.at))] {
		r.err[i] += math.Abs(v - x)
	}
}

// expertErrors are the errors of single experts relative to the value a day before, as a row's of the mix, and the best of
// them, which is known only in hindsight.
type expertErrors struct {
	Best     forecast.Expert             `json:"best"`
	BestIs   number                      `json:"best_relative_error"`
	Relative [forecast.NumExperts]number `json:"relative_error"` // by expert; null for one that does not serve the lead
}

// relative divides the sums; nil if there is nothing to divide by.
func (r *rivals) relative(naive float64) *expertErrors {
	if r == nil || !(naive > 0) {
		return nil
	}
	e := &expertErrors{BestIs: number(math.Inf(1))}
	for i, err := range r.err {
		e.Relative[i] = number(err / naive)
		if e.Relative[i] < e.BestIs { // false for NaN
			e.Best, e.BestIs = forecast.Expert(i), e.Relative[i]
		}
	}
	return e
}

// expertMean is the geometric mean of relative errors over the rows of a lead time that count, of the mix and of what it
// is made of.
type expertMean struct {
	Lead     string                      `json:"lead"`
	Traces   int                         `json:"traces"`
	Mix      number                      `json:"mix"`
	Best     number                      `json:"best"` // of each trace, in hindsight
	Relative [forecast.NumExperts]number `json:"relative_error"`
}

// expertMeans takes the means, nil if the experts were not asked for.
func expertMeans(rows []traceRow) []expertMean {
	var out []expertMean
	for _, l := range leadTimes {
		m := expertMean{Lead: l.name}
		var mix, best []float64
		var each [forecast.NumExperts][]float64
		for _, row := range rows {
			if row.Lead != l.name || !row.Enough || row.Experts == nil {
				continue
			}
			mix = append(mix, float64(row.Relative))
			best = append(best, float64(row.Experts.BestIs))
			for e, x := range row.Experts.Relative {
				each[e] = append(each[e], float64(x))
			}
		}
		if len(mix) == 0 {
			continue
		}
		m.Traces, m.Mix, m.Best = len(mix), number(geometricMean(mix)), number(geometricMean(best))
		for e := range each {
			m.Relative[e] = number(geometricMean(each[e])) // NaN where one of the traces has none
		}
		out = append(out, m)
	}
	return out
}

// expertTable writes the best expert of each row beside the mix, and then the means: a line for each expert.
func (r *tracesReport) expertTable(b *bytes.Buffer) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "trace\tlead\trel\tbest expert's\tin hindsight\t")
	for _, row := range r.Rows {
		if row.Experts != nil {
			fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t\n", row.Trace, row.Lead, row.Relative.fixed(3), row.Experts.BestIs.fixed(3), row.Experts.Best)
		}
	}
	_ = tab.Flush() // a buffer takes everything
	b.WriteByte('\n')
	line := func(name string, of func(m *expertMean) number) {
		fmt.Fprintf(tab, "%s\t", name)
		for i := range r.Experts {
			fmt.Fprintf(tab, "%s\t", of(&r.Experts[i]).fixed(3))
		}
		fmt.Fprintln(tab)
	}
	fmt.Fprint(tab, "geometric mean of rel\t")
	for _, m := range r.Experts {
		fmt.Fprintf(tab, "%s\t", m.Lead)
	}
	fmt.Fprintln(tab)
	line("mix", func(m *expertMean) number { return m.Mix })
	line("best in hindsight", func(m *expertMean) number { return m.Best })
	for _, e := range allExperts() {
		line(e.String(), func(m *expertMean) number { return m.Relative[e] })
	}
	_ = tab.Flush() // a buffer takes everything
}
