// Command accuracy measures the forecaster: one streaming pass of the library's defaults over each series, nothing tuned
// for any of them.
//
//	go run ./bench/accuracy -m4 DIR       M4's hourly series, with the measures of that competition
//	go run ./bench/accuracy -traces DIR   demand traces at four lead times: errors, pinball losses, coverage
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
		if r.M4, err = measureM4(ctx, f.m4, notes); err != nil {
			return err
		}
	}
	if f.traces != "" {
		if r.Traces, err = measureTraces(ctx, f.traces, notes); err != nil {
			return err
		}
	}
	text, err := r.format(f.format)
	if err != nil {
		return err
	}
	return command.Write(stdout, text)
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
