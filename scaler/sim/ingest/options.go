package ingest

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kinds of measurements.
const (
	// Auto is Counter for a series of Prometheus whose name ends in _total, which its naming rules keep for counters, and
	// Gauge for every other.
	Auto = "auto"
	// Gauge is a load as it stands: requests per second, visits per minute, cores. Counts per interval may stay what they are
	// too, because a replay needs the same unit throughout, not a certain one.
	Gauge = "gauge"
	// Counter is a number that only grows, and begins anew at zero: it becomes a rate per second (see forecast.Counter).
	Counter = "counter"
	// Count is what happened during an interval, the usual distance of the times: it becomes a rate per second.
	Count = "count"
)

// Kinds returns the names of all kinds.
func Kinds() []string { return []string{Auto, Gauge, Counter, Count} }

// SumOf is the value of Options.Series that adds all series.
const SumOf = "sum"

// Options say what to read from a file. The zero value is right for a file with one series.
type Options struct {
	// TimeColumn and ValueColumn are the columns (CSV) or fields (JSON objects) to read, where they have unusual names.
	TimeColumn, ValueColumn string
	// Series is the series to read, by its name or by a part of it that no other has; SumOf adds all of them. Empty is right
	// for the only one.
	Series string
	// Kind is one of Kinds; empty is Auto.
	Kind string
	// Step is the length of a step; 0 takes the usual distance of the times. Points of one step become their mean.
	Step time.Duration
}

// Validate reports every fault of o.
func (o Options) Validate() error {
	var faults []error
	if o.Kind != "" && !slices.Contains(Kinds(), o.Kind) {
		faults = append(faults, fmt.Errorf("kind %q: wanted one of %s", o.Kind, quoteList(Kinds())))
	}
	if o.Step < 0 {
		faults = append(faults, fmt.Errorf("step %v: wanted more than 0, or 0 for the distance of the times", o.Step))
	}
	return errors.Join(faults...)
}
