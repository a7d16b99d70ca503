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

// checkMode finds flags that do not go with a sweep or with planted events, and formats that only these have.
func (f *flags) checkMode() error {
	mode := ""
	for _, name := range []string{"sweep", "inject", "fit"} {
		switch {
		case f.explicit[name] && mode != "":
			return fmt.Errorf("-%s: wanted it or -%s, not both", name, mode)
		case f.explicit[name]:
			mode = name
		}
	}
	if f.format != "table" && f.format != "json" && (f.format != "csv" || mode == "" || mode == "fit") {
		return fmt.Errorf("-format %q: wanted table or json, or csv with -sweep or -inject", f.format)
	}
	for _, name := range []string{"policies", "timeline", "report", "days", "compare", "controls", "stream", "catalog"} {
		if f.explicit[name] && mode != "" {
			return fmt.Errorf("-%s: -%s plays policies of its own, many times; wanted a call without it, or without -%s", name, mode, mode)
		}
	}
	return nil
}
