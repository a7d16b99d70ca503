package sim

import (
	"fmt"
	"strings"
	"time"
)

// plantTerms are the terms of the plant that differ from the defaults, for output.
type plantTerms struct {
	BootTimes    string  `json:"boot_times,omitempty"`
	FailedStarts float64 `json:"failed_starts,omitempty"`
	GiveUp       float64 `json:"give_up_s,omitempty"`
	Drain        float64 `json:"drain_s,omitempty"`
	Cap          int     `json:"cap,omitempty"`
	ScaleToZero  bool    `json:"scale_to_zero,omitempty"`
	Activation   float64 `json:"activation_s,omitempty"`
	Signal       string  `json:"signal,omitempty"`
	Seed         uint64  `json:"seed,omitempty"`
}

func (o Options) plantTerms() *plantTerms {
	p := &plantTerms{
		BootTimes: o.BootTimes.String(), FailedStarts: o.FailedStarts, Drain: o.Drain.Seconds(), Cap: o.Cap,
		ScaleToZero: o.ScaleToZero, Activation: o.Activation.Seconds(), Seed: o.Seed,
	}
	if o.FailedStarts > 0 {
		p.GiveUp = o.GiveUp.Seconds()
	}
	if o.Signal != SignalDemand {
		p.Signal = o.Signal.String()
	}
	return p
}

// line is the terms as a line of a table with its end, and what they make of the optimum, "" if there are none.
func (p *plantTerms) line() string {
	var parts []string
	add := func(there bool, format string, args ...any) {
		if there {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	add(p.BootTimes != "", "boot times %s", p.BootTimes)
	add(p.FailedStarts > 0, "%g of starts fail and are given up after %v", p.FailedStarts, seconds(p.GiveUp))
	add(p.Drain > 0, "drain %v", seconds(p.Drain))
	add(p.Cap > 0, "at most %d replicas", p.Cap)
	add(p.ScaleToZero, "scale to zero")
	add(p.Activation > 0, "activation %v", seconds(p.Activation))
	add(p.Signal != "", "HPA sees %s", p.Signal)
	add(p.Seed != 0, "seed %d", p.Seed)
	if len(parts) == 0 {
		return ""
	}
	line := strings.Join(parts, ", ") + "\n"
	if p.BootTimes != "" || p.FailedStarts > 0 || p.Drain > 0 || p.Activation > 0 {
		line += "the optimum is spared what the plant does to others: ratios are to a lower bound, and not those of another plant\n"
	}
	return line
}
