package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/ingest"
)

// inputFlags say how to read a trace. Any of them asks for package ingest, whatever the file is.
var inputFlags = []string{"time-column", "value-column", "series", "kind", "step"}

// checkInput checks the flags that say how to read a trace.
func (f *flags) checkInput() error {
	f.input.Step = f.step.Std()
	for _, name := range inputFlags {
		if f.explicit[name] && f.trace == "" {
			return fmt.Errorf("-%s: wanted -trace too; it says how to read it", name)
		}
	}
	if f.explicit["step"] && f.input.Step <= 0 {
		return fmt.Errorf("-step %v: wanted more than 0", f.step)
	}
	if err := f.input.Validate(); err != nil {
		return fmt.Errorf("-%w", err)
	}
	return nil
}

// asItStands says whether the trace is read by the contract of package sim, with no grid.
func (f *flags) asItStands() bool {
	for _, name := range inputFlags {
		if f.explicit[name] {
			return false
		}
	}
	return ingest.IsContract(f.trace)
}

// readTrace reads the trace, and says on notes what became of a file that had to be put on a grid.
func (f *flags) readTrace(notes io.Writer) (*sim.Trace, error) {
	if f.stream {
		return f.openStream(notes)
	}
	if f.asItStands() {
		return sim.OpenTrace(f.trace)
	}
	source, err := ingest.Open(f.trace, f.input)
	if err != nil {
		return nil, err
	}
	t, err := source.Trace(traceName(f.trace))
	if err == nil {
		fmt.Fprintf(notes, "replay: %s\n", source.Summary())
	}
	return t, err
}

// traceName is the name of a file without its directory and the ends that say its format.
func traceName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	return strings.TrimSuffix(name, filepath.Ext(name))
}
