package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/policy/sizing/exports"
	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/sizes"
)

// readCatalog reads the sizes of -catalog.
func readCatalog(path string) (sizing.Catalog, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	c, err := exports.Read(file, path)
	if err != nil {
		return nil, err
	}
	var unpriced []string
	for i := range c {
		if len(c[i].Prices) == 0 {
			unpriced = append(unpriced, c[i].Name)
		}
	}
	if len(unpriced) > 0 {
		return nil, fmt.Errorf("%s: no price of %s; wanted one for each size", path, strings.Join(unpriced, ", "))
	}
	return c, nil
}

// compareSizes plays the policies over the sizes of -catalog. Of a case without them the capacity is here what a core carries.
func (f *flags) compareSizes(ctx context.Context, c sim.Case) (tabular, error) {
	catalog, err := readCatalog(f.catalog)
	if err != nil {
		return nil, err
	}
	machines, err := sizes.Machines(catalog, sizes.Load{
		PerDemand: sizing.Resources{CPU: 1 / c.Options.Capacity}, Target: 1, Boot: c.Options.Boot, Out: float64(f.disruption),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.catalog, err)
	}
	return sizes.Compare(ctx, sizes.Case{Trace: c.Trace, Events: c.Events, Options: c.Options, Machines: machines, Config: c.Config}, f.names)
}

// checkCatalog finds flags that do not go with sizes, and reads the names of the policies.
func (f *flags) checkCatalog() (err error) {
	if f.disruption != 0 && f.catalog == "" {
		return fmt.Errorf("-disruption: wanted -catalog too; it is the price of taking out a node of it")
	}
	if f.catalog == "" {
		return nil
	}
	for _, name := range []string{"timeline", "days", "compare", "controls", "stream", "report", "cap"} {
		if f.explicit[name] {
			return fmt.Errorf("-%s: it knows no sizes; wanted a call without it, or without -catalog", name)
		}
	}
	if f.names, err = sizes.ParsePolicies(f.policies); err != nil {
		return fmt.Errorf("-policies: %w", err)
	}
	return nil
}
