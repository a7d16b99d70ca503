// Command replay plays a demand trace through autoscaling policies, and prints what each would have cost beside the
// clairvoyant optimum.
//
//	go run ./examples/replay
//	go run ./examples/replay -trace visits.csv -events spots.csv -policies headroom,hpa -format json
//	go run ./examples/replay -sweep engine.penalty=5:50:5 -sweep calm=0.01..0.2\ log\ 4 -format csv -out sweep.csv
//	go run ./examples/replay -inject 'amplitude=3 rise=0s,2m,10m boot=30s,2m,15m'
//	go run ./examples/replay -trace visits.csv -fit
//	go run ./examples/replay -trace visits.csv -catalog sizes.csv
//	go run ./examples/replay -trace export.json.gz -series 'job="web"'
//
// A trace may be what a monitoring system wrote: see package scaler/sim/ingest for the formats.
//
// Without -trace it plays a generated week with TV spots. See replay -h for the flags, and package scaler/sim for the
// format of the files, the rules of the simulation and the meaning of the figures. Results go to standard output, progress
// and errors to standard error. Bad input ends with exit code 2 and one line that says what was wanted; no output file is
// left half-written.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/report"
)

func main() { command.Main(run) }

// run is the command without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command.ExitCode(replay(ctx, args, stdout, stderr), "replay", stdout, stderr, usage)
}

func replay(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parseFlags(args)
	if err != nil {
		return err
	}
	c, err := f.load(stderr)
	if err != nil {
		return err
	}
	bar := command.NewProgress(stderr, "replay", f.quiet)
	c.Options.Progress = bar.Report
	page := report.Page{}
	if f.report != "" && slices.Contains(f.names, sim.Headroom) {
		page.Log = report.NewLog(c.Trace)
		c.Decided = page.Log.Decided
	}
	var result tabular
	var compared *sim.Comparison
	switch {
	case len(f.sweep) > 0:
		result, err = sim.Sweep(ctx, c, f.sweep)
	case f.stream:
		result, err = sim.CompareStream(ctx, f.streamed, c, f.names)
	case f.explicit["inject"]:
		in := f.inject
		if f.explicit["seed"] {
			in.Seed = f.seed
		}
		result, err = sim.MapInjection(ctx, c, in.Injection, in.rises, in.boots)
	case f.catalog != "":
		result, err = f.compareSizes(ctx, c)
	case f.fit:
		result, err = price(ctx, c)
	default:
		compared, err = sim.Compare(ctx, c, f.names)
		result = compared
		if err == nil && page.Log != nil {
			page.Penalties, err = penalties(ctx, compared)
		}
		if err == nil {
			err = f.lookFurther(ctx, compared)
		}
	}
	bar.Clear()
	if err != nil {
		return err
	}
	text, err := format(result, f.format)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // nothing is written after an interrupt
		return err
	}
	if f.timeline != "" {
		if err := writeTimeline(f.timeline, compared); err != nil {
			return fmt.Errorf("%w: %w", command.ErrOutput, err)
		}
	}
	if f.report != "" {
		page.Comparison = compared
		if err := writeWhole(f.report, page.Write); err != nil {
			return fmt.Errorf("%w: %w", command.ErrOutput, err)
		}
		if !f.explicit["report"] && !f.quiet {
			fmt.Fprintf(stderr, "replay: the report is %s\n", f.report)
		}
	}
	if f.out != "" {
		if err := writeWhole(f.out, func(w io.Writer) error { return command.Write(w, text) }); err != nil {
			return fmt.Errorf("%w: %w", command.ErrOutput, err)
		}
		return nil
	}
	return command.Write(stdout, text)
}

// tabular is a result that can be printed as a table, and marshals to JSON.
type tabular interface {
	WriteTable(w io.Writer) error
}

// penalties plays the engine at other penalties than that of the comparison, for the report's picture.
func penalties(ctx context.Context, result *sim.Comparison) ([]report.Priced, error) {
	own, others := result.Case.Options.Penalty, []float64{5, 10, 20, 50, 200}
	others = slices.DeleteFunc(others, func(p float64) bool { return p == own })
	priced, err := report.Penalties(ctx, result.Case, others)
	if r, ok := result.Result(sim.Headroom); ok {
		priced = append(priced, report.Priced{Penalty: own, Scores: r.Scores})
	}
	slices.SortFunc(priced, func(a, b report.Priced) int { return cmp.Compare(a.Penalty, b.Penalty) })
	return priced, err
}

// format is the result as text, complete before any of it is printed.
func format(result tabular, as string) ([]byte, error) {
	var b bytes.Buffer
	if as == "table" {
		err := result.WriteTable(&b)
		return b.Bytes(), err
	}
	if list, ok := result.(interface{ WriteCSV(w io.Writer) error }); ok && as == "csv" {
		err := list.WriteCSV(&b)
		return b.Bytes(), err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	err = json.Indent(&b, text, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}
