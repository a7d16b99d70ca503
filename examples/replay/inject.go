package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// injection is what -inject was given; what it does not say is that of sim.DefaultInjection.
type injection struct {
	sim.Injection
	rises, boots []time.Duration
}

// String implements flag.Value: the flag has no default.
func (in *injection) String() string { return "" }

// Set implements flag.Value: it reads terms with blanks between.
func (in *injection) Set(text string) error {
	if in.rises == nil {
		in.Injection = sim.DefaultInjection()
		in.rises, _ = parseDurations("0s,1m,2m,5m,10m,20m,30m")
		in.boots, _ = parseDurations("30s,1m,2m,5m,10m,15m")
	}
	for _, term := range strings.Fields(text) {
		name, value, ok := strings.Cut(term, "=")
		if !ok || value == "" {
			return fmt.Errorf("%q: wanted NAME=VALUE, such as amplitude=3", term)
		}
		if err := in.set(name, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (in *injection) set(name, value string) (err error) {
	switch name {
	case "amplitude":
		return setNumber(&in.Amplitude, value)
	case "scatter":
		return setNumber(&in.Scatter, value)
	case "decay":
		return setDuration(&in.Decay, value)
	case "jitter":
		return setDuration(&in.Jitter, value)
	case "every":
		return setDuration(&in.Every, value)
	case "rise":
		in.rises, err = parseDurations(value)
	case "boot":
		in.boots, err = parseDurations(value)
	default:
		return fmt.Errorf("unknown; wanted some of amplitude, decay, jitter, scatter, every, rise, boot")
	}
	return err
}

func setNumber(to *float64, text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q: wanted a number", text)
	}
	*to = v
	return nil
}

func setDuration(to *time.Duration, text string) error {
	return (*forecast.Duration)(to).UnmarshalText([]byte(text))
}

// parseDurations reads a list such as 30s,2m.
func parseDurations(text string) ([]time.Duration, error) {
	var list []time.Duration
	for item := range strings.SplitSeq(text, ",") {
		var d time.Duration
		if err := setDuration(&d, item); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}
