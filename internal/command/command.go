// Package command is the frame that the commands of this module share: exit codes, signals, errors in one line, and a bar
// of progress on a terminal.
//
// A command is a function that writes its results, complete, to one writer and returns an error. Results go to standard
// output, progress and errors to standard error.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The exit codes of a command, beside 0.
const (
	ExitFailed      = 1   // the results could not be written
	ExitBadInput    = 2   // a flag or a file is not what was wanted
	ExitInterrupted = 130 // a signal, as shells count it
)

// ErrOutput marks the errors of writing results: wrap it to make a command end with ExitFailed.
var ErrOutput = errors.New("cannot write the results")

// Main calls run with the arguments and the streams of the process, and a context that ends with SIGINT or SIGTERM. It
// does not return: the process ends with what run returned.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// ExitCode is the exit code for how the command of that name ended. A call for help (flag.ErrHelp) gets the usage on
// stdout and is no error. Every other error is printed on stderr: one line that begins with name.
func ExitCode(err error, name string, stdout, stderr io.Writer, usage func(io.Writer)) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return 0
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
	switch {
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, ErrOutput):
		return ExitFailed
	}
	return ExitBadInput
}

// Write prints results, and marks the error of doing so with ErrOutput.
func Write(stdout io.Writer, text []byte) error {
	if _, err := stdout.Write(text); err != nil {
		return fmt.Errorf("%w: %w", ErrOutput, err)
	}
	return nil
}
