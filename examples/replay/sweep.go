package main

import (
	"fmt"
	"strings"

	"github.com/headroom-go/headroom/scaler/sim"
)

// axes are what -sweep was given, once for each of them.
type axes []sim.Axis

// String implements flag.Value.
func (a *axes) String() string {
	var paths []string
	for _, axis := range *a {
		paths = append(paths, axis.Path)
	}
	return strings.Join(paths, " ")
}

// Set implements flag.Value.
func (a *axes) Set(text string) error {
	axis, err := sim.ParseAxis(text)
	*a = append(*a, axis)
	return err
}

// checkSweep finds flags that do not go with a sweep, which plays the engine alone, and formats that only a sweep has.
func (f *flags) checkSweep() error {
	if len(f.sweep) == 0 {
		if f.format != "table" && f.format != "json" {
			return fmt.Errorf("-format %q: wanted table or json", f.format)
		}
		return nil
	}
	if f.format != "table" && f.format != "json" && f.format != "csv" {
		return fmt.Errorf("-format %q: wanted table, json or csv", f.format)
	}
	for _, name := range []string{"policies", "timeline", "report", "days", "compare", "controls"} {
		if f.explicit[name] {
			return fmt.Errorf("-%s: a sweep plays the engine many times, and it alone; wanted a call without it, or without -sweep", name)
		}
	}
	return nil
}
