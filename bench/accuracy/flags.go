package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// flags are the command line.
type flags struct {
	m4, traces, format string
	quiet              bool
}

// newFlagSet binds f to a set of flags that prints nothing by itself.
func newFlagSet(f *flags) *flag.FlagSet {
	set := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&f.m4, "m4", "", "forecast M4's hourly series in `DIR`, which holds Hourly-train.csv and Hourly-test.csv, plain or with .gz")
	set.StringVar(&f.traces, "traces", "", "forecast every trace in `DIR`: CSV with columns timestamp and value, plain or .gz")
	set.StringVar(&f.format, "format", "table", "print a `table or json`")
	set.BoolVar(&f.quiet, "quiet", false, "show no progress")
	return set
}

// usage prints the flags, which were asked for.
func usage(w io.Writer) {
	fmt.Fprintln(w, "accuracy measures the forecaster with its defaults, in one streaming pass over each series.")
	set := newFlagSet(new(flags))
	set.SetOutput(w)
	set.PrintDefaults()
}

// parseFlags reads the command line and checks what can be checked without a file being read.
func parseFlags(args []string) (flags, error) {
	var f flags
	set := newFlagSet(&f)
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("argument %q: wanted flags only, such as -traces %s", set.Arg(0), set.Arg(0))
	}
	var err error
	set.Visit(func(given *flag.Flag) {
		if given.Value.String() == "" && err == nil {
			err = fmt.Errorf("-%s is empty: wanted the name of a folder", given.Name)
		}
	})
	if f.format != "table" && f.format != "json" {
		return f, fmt.Errorf("-format %q: wanted table or json", f.format)
	}
	if err == nil && f.m4 == "" && f.traces == "" {
		err = errors.New("neither -m4 nor -traces is given: wanted a folder to measure, such as -traces DIR")
	}
	return f, err
}
