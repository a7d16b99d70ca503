// Command accuracy measures the forecaster: one streaming pass of the library's defaults over each series, nothing tuned
// for any of them.
//
//	go run ./bench/accuracy -m4 DIR       M4's hourly series, with the measures of that competition
//	go run ./bench/accuracy -traces DIR   demand traces at four lead times: errors, pinball losses, coverage
//	go run ./bench/accuracy -series FILE  a week of half hours ahead on Taylor's demand for electricity
//	go run ./bench/accuracy -aired TRACE -events PLAN   the response to announced events, and what their plan is worth
//
// -m4 wants Hourly-train.csv and Hourly-test.csv of the M4 competition, plain or with .gz. It prints sMAPE, MASE, OWA, MSIS
// and the coverage of the 95 % interval for the 48 hours that follow each series; see smape, mase, owa, msis and inside for
// the formulas and their source.
//
// -traces wants files as package scaler/sim reads them: CSV with columns timestamp and value, plain or .gz. A file without
// a column named value, such as a plan of spots, is skipped with a line on standard error. For each trace and lead time of
// 2 minutes, 10 minutes, an hour and a day it prints, over the targets from two days after the first step on,
//
//	n      the number of targets: steps that have a value, forecast from a step that has one
//	rel    mean |median - value| over mean |value one day before - value|, both over the targets that have both
//	pNN    mean pinball loss at that level over the mean of the trace
//	cNN    coverage: the share of targets at or below that quantile
//
// and then the geometric mean of rel for each lead time, and the rows that miss the targets of coverage. Lead times below
// one step are skipped. Rows of fewer than 500 targets are marked with a star and count for neither.
//
// With -traces, -experts adds the error of each single expert and of the one that was the best in hindsight, on the same
// targets (for an expert that sleeps the newest value stands in); -ablation forecasts the folder once more for each expert
// left out, for the experts of the fast clock alone and for the compact form, and prints the geometric means; -hourly
// forecasts every hour of the next day from every hour, on the means of the hours, from two weeks after the start on.
// -series does the same for the day and the week after every half hour of the series taylor in a JSON file of series, from
// its third week on, and from its ninth. For these paths it prints, over all steps of all paths and over the last steps alone,
//
//	MAPE   mean of |median - value| / value in per cent, values of 0 left out
//	rel    sum of |median - value| over that of |value of the newest day known at the origin - value|
//
// -aired passes over a trace with its plan of events announced a day ahead, and once more without them. It prints the mean
// response of the events that no other is near, step by step, beside the response that was learned by the end and the prior,
// and the share of what stands above the median of the quiet steps before, in the six steps from each start on, that the .9
// quantile of four steps ahead covers.
//
// -without leaves experts out and -compact measures the compact form, in all of these.
//
// Results go to standard output, progress and errors to standard error. Bad input ends with exit code 2 and one line that
// names the file and the line, and says what was wanted.
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/headroom-go/headroom/internal/command"
)

func main() { command.Main(run) }

// run is the command without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command.ExitCode(measure(ctx, args, stdout, stderr), "accuracy", stdout, stderr, usage)
}

func measure(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parseFlags(args)
	if err != nil {
		return err
	}
	notes := lines{w: stderr, quiet: f.quiet}
	var r report
	if f.m4 != "" {
		if r.M4, err = measureM4(ctx, f.m4, f.variant, notes); err != nil {
			return err
		}
	}
	if f.traces != "" {
		if err := r.measureFolder(ctx, f, notes); err != nil {
			return err
		}
	}
	if f.series != "" {
		if r.Series, err = measureSeries(ctx, f.series, f.variant); err != nil {
			return err
		}
	}
	if f.aired != "" {
		if r.Airings, err = measureAirings(ctx, f.aired, f.events, f.variant); err != nil {
			return err
		}
	}
	text, err := r.format(f.format)
	if err != nil {
		return err
	}
	return command.Write(stdout, text)
}

// measureFolder fills in all that was asked for of the traces of a folder.
func (r *report) measureFolder(ctx context.Context, f flags, notes lines) error {
	traces, err := openTraces(ctx, f.traces, notes)
	if err != nil {
		return err
	}
	if r.Traces, err = measureTraces(ctx, traces, settings{variant: f.variant, experts: f.experts}, notes); err != nil {
		return err
	}
	if f.hourly {
		if r.Hourly, err = measureHourly(ctx, traces, f.variant, notes); err != nil {
			return err
		}
	}
	if f.ablation {
		if r.Ablation, err = measureAblation(ctx, traces, notes.w, notes.quiet); err != nil {
			return err
		}
	}
	return nil
}

// lines tells what happens while it happens, one line each.
type lines struct {
	w     io.Writer
	quiet bool
}

// progress says how far the run has come, unless it shall be quiet.
func (l lines) progress(format string, args ...any) {
	if !l.quiet {
		l.note(format, args...)
	}
}

// note says what the reader of the results must know.
func (l lines) note(format string, args ...any) {
	fmt.Fprintf(l.w, "accuracy: "+format+"\n", args...)
}
