package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// flags are the command line.
type flags struct {
	m4, traces, series, format string
	aired, events              string
	hourly, experts, ablation  bool
	quiet                      bool
	variant                    variant
	without                    string
}

// newFlagSet binds f to a set of flags that prints nothing by itself.
func newFlagSet(f *flags) *flag.FlagSet {
	set := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&f.m4, "m4", "", "forecast M4's hourly series in `DIR`, which holds Hourly-train.csv and Hourly-test.csv, plain or with .gz")
	set.StringVar(&f.traces, "traces", "", "forecast every trace in `DIR`: CSV with columns timestamp and value, plain or .gz")
	set.StringVar(&f.series, "series", "", "forecast a week from every half hour of the series taylor in `FILE`, JSON")
	set.StringVar(&f.aired, "aired", "", "measure the response to the events of -events in the trace in `FILE`")
	set.StringVar(&f.events, "events", "", "the plan of events of -aired: `FILE`, CSV with a column timestamp")
	set.BoolVar(&f.hourly, "hourly", false, "with -traces: forecast the next day of each trace by the hour too")
	set.BoolVar(&f.experts, "experts", false, "with -traces: show the error of each expert, and of the best in hindsight, beside the mix")
	set.BoolVar(&f.ablation, "ablation", false, "with -traces: show what is left of the accuracy without each of the experts")
	set.StringVar(&f.without, "without", "", "leave out the experts in this `list`, names with commas between")
	set.BoolVar(&f.variant.compact, "compact", false, "measure the compact form of the forecaster")
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
			wanted := "the name of a folder"
			switch given.Name {
			case "series", "aired", "events":
				wanted = "the name of a file"
			case "without":
				wanted = "names of experts"
			}
			err = fmt.Errorf("-%s is empty: wanted %s", given.Name, wanted)
		}
	})
	if f.format != "table" && f.format != "json" {
		return f, fmt.Errorf("-format %q: wanted table or json", f.format)
	}
	if err == nil && f.without != "" {
		if f.variant.without, err = parseExperts(f.without); err != nil {
			err = fmt.Errorf("-without %s: %w", f.without, err)
		}
	}
	if err == nil && f.traces == "" {
		for _, needs := range []struct {
			name string
			on   bool
		}{{"hourly", f.hourly}, {"experts", f.experts}, {"ablation", f.ablation}} {
			if needs.on {
				return f, fmt.Errorf("-%s: wanted -traces DIR too", needs.name)
			}
		}
	}
	if err == nil && (f.aired == "") != (f.events == "") {
		return f, errors.New("-aired and -events belong together: wanted a trace and the plan of what was aired in it")
	}
	if err == nil && f.ablation && (f.without != "" || f.variant.compact) {
		return f, errors.New("-ablation chooses what to leave out itself: wanted a call without -without and -compact")
	}
	if err == nil && f.m4 == "" && f.traces == "" && f.series == "" && f.aired == "" {
		err = errors.New("neither -m4 nor -traces is given: wanted a folder to measure, such as -traces DIR")
	}
	return f, err
}
