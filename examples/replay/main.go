// Command replay plays a demand trace through autoscaling policies, and prints what each would have cost beside the
// clairvoyant optimum.
//
//	go run ./examples/replay
//	go run ./examples/replay -trace visits.csv -events spots.csv -policies headroom,hpa -format json
//
// Without -trace it plays a generated week with TV spots. See replay -h for the flags, and package scaler/sim for the
// format of the files, the rules of the simulation and the meaning of the figures. Results go to standard output, progress
// and errors to standard error. Bad input ends with exit code 2 and one line that says what was wanted; no output file is
// left half-written.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/headroom-go/headroom/scaler/sim"
)

// The exit codes of the command.
const (
	exitFailed      = 1   // the results could not be written
	exitBadInput    = 2   // a flag or a file is not what was wanted
	exitInterrupted = 130 // a signal, as shells count it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := replay(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return 0
	}
	fmt.Fprintf(stderr, "replay: %s\n", oneLine(err))
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errOutput):
		return exitFailed
	}
	return exitBadInput
}

// errOutput marks the errors of writing results.
var errOutput = errors.New("cannot write the results")

func replay(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parseFlags(args)
	if err != nil {
		return err
	}
	c, err := f.load()
	if err != nil {
		return err
	}
	bar := newProgress(stderr, f.quiet)
	c.Options.Progress = bar.report
	result, err := sim.Compare(ctx, c, f.names)
	bar.clear()
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
		if err := writeTimeline(f.timeline, result); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
	}
	if _, err := stdout.Write(text); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

// format is the result as text, complete before any of it is printed.
func format(result *sim.Comparison, as string) ([]byte, error) {
	var b bytes.Buffer
	if as == "table" {
		err := result.WriteTable(&b)
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

// oneLine is the text of an error that may have joined several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
