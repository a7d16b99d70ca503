package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headroom-go/headroom/scaler/sim"
)

// rollingReport is all that is said of series whose paths were forecast.
type rollingReport struct {
	Rows      []rollingRow `json:"rows"`
	Mean      number       `json:"relative_error"`           // geometric mean over all rows
	Reference number       `json:"relative_error_reference"` // the same over isReference alone; null without them
}

// isReference says whether the target of day-ahead accuracy is for that trace: a city's taxis and the tweet volumes.
func isReference(name string) bool {
	return name == "nab_nyc_taxi" || strings.HasPrefix(name, "nab_tweets_")
}

func newRollingReport(rows []rollingRow) *rollingReport {
	r := &rollingReport{Rows: rows}
	var all, reference []float64
	for _, row := range rows {
		if !row.Relative.exists() {
			continue
		}
		all = append(all, float64(row.Relative))
		if isReference(row.Series) {
			reference = append(reference, float64(row.Relative))
		}
	}
	r.Mean, r.Reference = number(geometricMean(all)), number(geometricMean(reference))
	return r
}

// measureHourly forecasts every hour of the next day from every hour, on all traces that are long enough.
func measureHourly(ctx context.Context, traces []*sim.Trace, v variant, notes lines) (*rollingReport, error) {
	var series []*sim.Trace
	for _, t := range traces {
		if h := hourly(t); h != nil {
			series = append(series, h)
		} else {
			notes.note("%s is skipped by the hour: wanted steps of at most an hour, three weeks of them, and demand", t.Name)
		}
	}
	rows, err := inOrder(ctx, len(series), func(ctx context.Context, i int) (rollingRow, error) {
		return rolling(ctx, series[i], hourlyFrom, hourlyHorizon, v)
	}, func(i int, r rollingRow) { notes.progress("%s by the hour (%d of %d)", r.Series, i+1, len(series)) })
	if err != nil {
		return nil, err
	}
	return newRollingReport(rows), nil
}

// Taylor's half-hourly demand for electricity in England and Wales, 12 weeks from Monday 5 June 2000 on. Origins begin after
// two weeks, as those of hourly traces do, and once more after eight, which Taylor (2003), Short-term electricity demand
// forecasting using double seasonal exponential smoothing, keeps for learning alone: the weeks differ, and one figure would
// hide that.
const (
	taylorName    = "taylor"
	taylorDay     = 48
	taylorHorizon = 7 * taylorDay
	taylorEarly   = 2 * taylorHorizon
	taylorFrom    = 8 * taylorHorizon
)

// measureSeries forecasts a day and a week of half hours from every half hour of the series taylor in a file: JSON, an
// object of series by name, each with its values y.
func measureSeries(ctx context.Context, path string, v variant) (*rollingReport, error) {
	t, err := readTaylor(path)
	if err != nil {
		return nil, err
	}
	parts := []struct{ from, horizon int }{
		{taylorEarly, taylorDay}, {taylorEarly, taylorHorizon}, {taylorFrom, taylorDay}, {taylorFrom, taylorHorizon},
	}
	rows, err := inOrder(ctx, len(parts), func(ctx context.Context, i int) (rollingRow, error) {
		return rolling(ctx, t, parts[i].from, parts[i].horizon, v)
	}, func(int, rollingRow) {})
	if err != nil {
		return nil, err
	}
	return newRollingReport(rows), nil
}

func readTaylor(path string) (*sim.Trace, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-series: %w; wanted a JSON file of series", err)
	}
	var file map[string]struct {
		Y []*float64 `json:"y"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("-series %s: %w; wanted an object of series, each with its values y", path, err)
	}
	y := file[taylorName].Y
	if len(y) <= taylorFrom+taylorHorizon {
		return nil, fmt.Errorf("-series %s: series %q has %d values; wanted more than %d", path, taylorName, len(y), taylorFrom+taylorHorizon)
	}
	demand := make([]float64, len(y))
	for i, v := range y {
		if v == nil || !(*v >= 0) {
			return nil, fmt.Errorf("-series %s: value %d of %q is missing or negative; wanted a number of 0 or more", path, i+1, taylorName)
		}
		demand[i] = *v
	}
	return sim.NewTrace(taylorName, time.Date(2000, 6, 5, 0, 0, 0, 0, time.UTC), 30*time.Minute, demand)
}

// table writes a line for each series and the means.
func (r *rollingReport) table(b *bytes.Buffer) {
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "paths of\tstep\tahead\tfrom day\torigins\tMAPE %\trel\tMAPE % at end\trel at end\t")
	for _, row := range r.Rows {
		step := time.Duration(row.Step * 1e9)
		fmt.Fprintf(tab, "%s\t%v\t%v\t%.0f\t%d\t%s\t%s\t%s\t%s\t\n", row.Series, step, time.Duration(row.Horizon)*step, float64(row.From)*row.Step/86400, row.Origins,
			row.MAPE.fixed(2), row.Relative.fixed(3), row.Last.fixed(2), row.AtLast.fixed(3))
	}
	_ = tab.Flush() // a buffer takes everything
	fmt.Fprintf(b, "geometric mean of rel: %s", r.Mean.fixed(4))
	if r.Reference.exists() {
		fmt.Fprintf(b, ", of nab_nyc_taxi and nab_tweets_* %s", r.Reference.fixed(4))
	}
	b.WriteByte('\n')
}
