// Command parquet2csv writes the demand of a trace in a Parquet file as CSV, timestamp,value on a regular grid, for
// examples/replay.
//
//	cd adapters/parquet && go run ./parquet2csv -series 'host="a"' visits.parquet > visits.csv
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/headroom-go/headroom/adapters/parquet"
	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/scaler/sim/ingest"
)

func main() { command.Main(run) }

// run is the command without the process around it. It returns the exit code.
func run(_ context.Context, args []string, stdout, stderr io.Writer) int {
	return command.ExitCode(convert(args, stdout, stderr), "parquet2csv", stdout, stderr, usage)
}

func newFlagSet(o *ingest.Options) *flag.FlagSet {
	set := flag.NewFlagSet("parquet2csv", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&o.TimeColumn, "time-column", "", "read times from the column of this `name` (default: a usual name, or the first)")
	set.StringVar(&o.ValueColumn, "value-column", "", "read demand from the column of this `name` (default: value, or the only one of numbers)")
	set.StringVar(&o.Series, "series", "", "of several series take the one of this `name`, or of this part of a name; sum adds them all")
	set.StringVar(&o.Kind, "kind", ingest.Auto, "the series is a `gauge, counter or count`: counters and counts per interval become rates per second")
	set.DurationVar(&o.Step, "step", 0, "the length of a step as a `time` (default: the distance of the times)")
	return set
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "parquet2csv [flags] FILE writes the demand in a Parquet file as CSV for examples/replay.")
	set := newFlagSet(new(ingest.Options))
	set.SetOutput(w)
	set.PrintDefaults()
}

func convert(args []string, stdout, stderr io.Writer) error {
	var o ingest.Options
	set := newFlagSet(&o)
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return fmt.Errorf("%d arguments: wanted one, the name of a Parquet file", set.NArg())
	}
	source, err := parquet.Open(set.Arg(0), o)
	if err != nil {
		return err
	}
	// Faults of the file end before a line is written.
	if err := source.Each(func(time.Time, float64) error { return nil }); err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	if err := errors.Join(source.WriteCSV(out), out.Flush()); err != nil {
		return fmt.Errorf("%w: %w", command.ErrOutput, err)
	}
	fmt.Fprintf(stderr, "parquet2csv: %s\n", source.Summary())
	return nil
}
