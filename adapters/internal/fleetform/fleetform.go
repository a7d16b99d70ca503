// Package fleetform reads a fleet that somebody else wrote as JSON.
package fleetform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

// fleetJSON is its form. Pointers tell what is missing from what is zero.
type fleetJSON struct {
	Size     string            `json:"size"`
	Ready    *int              `json:"ready"`
	Starting *int              `json:"starting"`
	Boot     forecast.Duration `json:"boot"`
}

// Parse reads the fleet that is all of b, such as {"ready":10,"starting":2,"boot":"90s","size":"m5.large"}, of which only ready is
// required. Errors begin with name, and have every fault.
func Parse(name string, b []byte) (policy.Fleet, error) {
	var f fleetJSON
	if err := Decode(name, b, &f); err != nil {
		return policy.Fleet{}, err
	}
	var faults []error
	fault := func(field, value, wanted string) {
		faults = append(faults, fmt.Errorf("%s: %s is %s; wanted %s", name, field, value, wanted))
	}
	if f.Ready == nil || *f.Ready < 0 {
		fault("ready", Number(f.Ready), "0 or more")
	}
	if f.Starting != nil && *f.Starting < 0 {
		fault("starting", Number(f.Starting), "0 or more")
	}
	if f.Boot < 0 {
		fault("boot", f.Boot.String(), "0s (as configured) or more")
	}
	if len(faults) > 0 {
		return policy.Fleet{}, errors.Join(faults...)
	}
	fleet := policy.Fleet{Size: f.Size, Ready: *f.Ready, Boot: f.Boot.Std()}
	if f.Starting != nil {
		fleet.Starting = *f.Starting
	}
	return fleet, nil
}

// Decode reads the JSON object that is all of b, without unknown members. Errors have name and line.
func Decode(name string, b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more text after the closing brace")
		}
	}
	if err == nil {
		return nil
	}
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		at, err = int64(len(b)), errors.New("it ends too early")
	}
	at = min(at, int64(len(b)))
	return fmt.Errorf("%s:%d: %w; wanted one JSON object", name, 1+bytes.Count(b[:at], []byte("\n")), err)
}

// Number shows a number that may be missing.
func Number(n *int) string {
	if n == nil {
		return "missing"
	}
	return strconv.Itoa(*n)
}
