package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/ingest"
)

// checkStream checks what -stream cannot go with, and takes all that a stream can play where no policies were asked for.
func (f *flags) checkStream() error {
	if !f.stream {
		return nil
	}
	if f.trace == "" {
		return errors.New("-stream: wanted -trace too; the generated trace is short")
	}
	for _, name := range []string{"timeline", "sweep", "report", "days", "compare", "controls"} {
		if f.explicit[name] {
			return fmt.Errorf("-stream: wanted a call without -%s, which needs the whole trace", name)
		}
	}
	if !f.explicit["policies"] {
		f.names = sim.StreamPolicies()
	}
	for _, name := range f.names {
		if !slices.Contains(sim.StreamPolicies(), name) {
			return fmt.Errorf("-stream: policy %q needs the whole trace; wanted some of %s", name, strings.Join(sim.StreamPolicies(), ","))
		}
	}
	return nil
}

// openStream is readTrace for -stream. What it returns for a trace are its ends.
func (f *flags) openStream(notes io.Writer) (*sim.Trace, error) {
	var err error
	if f.asItStands() {
		f.streamed, err = sim.OpenStream(f.trace)
	} else {
		var source *ingest.Source
		if source, err = ingest.Open(f.trace, f.input); err != nil {
			return nil, err
		}
		if f.streamed, err = source.Stream(traceName(f.trace)); err == nil {
			fmt.Fprintf(notes, "replay: %s\n", source.Summary())
		}
	}
	if err != nil {
		return nil, err
	}
	return f.streamed.Ends(), nil
}
