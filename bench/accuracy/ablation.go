package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/scaler/sim"
)

// ablationRow says what is left of the accuracy on the traces of a folder when something is left out.
type ablationRow struct {
	Name  string     `json:"name"`
	Means []leadMean `json:"means"`
}

// namedVariant is a row of an ablation before it was run.
type namedVariant struct {
	name string
	variant
}

// ablations are the variants: all experts, all but each of them, those of the fast clock alone, the compact form.
func ablations() []namedVariant {
	all := allExperts()
	out := []namedVariant{{name: "all experts"}}
	for _, e := range all {
		out = append(out, namedVariant{"without " + e.String(), variant{without: []forecast.Expert{e}}})
	}
	return append(out,
		namedVariant{"fast experts only", variant{without: all[firstSlow:]}},
		namedVariant{"compact", variant{compact: true}})
}

// measureAblation forecasts the traces once for each variant.
func measureAblation(ctx context.Context, traces []*sim.Trace, stderr io.Writer, quiet bool) ([]ablationRow, error) {
	variants := ablations()
	total := len(variants) * len(traces)
	bar := command.NewProgress(stderr, "ablation", quiet)
	defer bar.Clear()
	results, err := inOrder(ctx, total, func(ctx context.Context, i int) ([]traceRow, error) {
		return measureTrace(ctx, traces[i%len(traces)], settings{variant: variants[i/len(traces)].variant})
	}, func(i int, _ []traceRow) { bar.Report(i+1, total) })
	if err != nil {
		return nil, err
	}
	out := make([]ablationRow, len(variants))
	for v := range variants {
		var rows []traceRow
		for _, r := range results[v*len(traces) : (v+1)*len(traces)] {
			rows = append(rows, r...)
		}
		out[v] = ablationRow{Name: variants[v].name, Means: newTracesReport(rows).Means}
	}
	return out, nil
}

// ablationTable writes a line for each variant.
func ablationTable(b *bytes.Buffer, rows []ablationRow) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tab, "geometric mean of rel\t")
	for _, m := range rows[0].Means {
		fmt.Fprintf(tab, "%s\t", m.Lead)
	}
	fmt.Fprintln(tab)
	for _, r := range rows {
		fmt.Fprintf(tab, "%s\t", r.Name)
		for _, m := range r.Means {
			fmt.Fprintf(tab, "%s\t", m.Relative.fixed(4))
		}
		fmt.Fprintln(tab)
	}
	_ = tab.Flush() // a buffer takes everything
}
