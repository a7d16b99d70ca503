package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/fleetform"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ActuatorConfig describes the files between the engine and whatever acts. A zero field means the value in brackets.
type ActuatorConfig struct {
	// Path is the file that is written for each change.
	Path string
	// FleetPath is the file in which the other side says what the fleet is [nobody says: see Actuator].
	FleetPath string
	// Start is the fleet before the first change, where there is no FleetPath [0].
	Start int
}

// Actuator writes the desired count to a file, for a script or a configuration manager to act upon:
//
//	{"replicas":12,"decision":{...}}
//
// with the JSON form of the scaler.Decision. The file is replaced as a whole: a reader never sees half of it, and after a
// crash it is the old one or the new one. Beside it, Path with ".tmp" at the end is used. One process may write a Path.
//
// The fleet comes from FleetPath, such as
//
//	{"ready":10,"starting":2,"boot":"90s","size":"m5.large"}
//
// of which only "ready" is required; unknown members are refused. The other side must count replicas as starting as soon as
// it has read the desired count, and must replace the file as a whole too. Without FleetPath the desired count is taken
// for ready at once: the file at Path is then the memory, over restarts too, and Start the fleet while there is none.
type Actuator struct{ cfg ActuatorConfig }

var _ adapters.Actuator = (*Actuator)(nil)

// NewActuator returns an Actuator. It touches no file. The error is scaler.Faults, with every fault of cfg.
func NewActuator(cfg ActuatorConfig) (*Actuator, error) {
	var faults scaler.Faults
	fault := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	fault(cfg.Path != "", "path", `""`, "the name of a file")
	fault(cfg.Path == "" || cfg.FleetPath != cfg.Path, "fleet_path", strconv.Quote(cfg.FleetPath), "another file than path")
	fault(cfg.Start >= 0, "start", strconv.Itoa(cfg.Start), "0 or more")
	if len(faults) > 0 {
		return nil, faults
	}
	return &Actuator{cfg}, nil
}

// desired is the form of the file at Path.
type desired struct {
	Replicas *int            `json:"replicas"`
	Decision json.RawMessage `json:"decision"`
}

// Apply implements adapters.Actuator.
func (a *Actuator) Apply(ctx context.Context, d *scaler.Decision) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("file actuator: %w", err)
	}
	b, err := json.Marshal(desired{&d.Replicas, reason})
	if err != nil {
		return fmt.Errorf("file actuator: %w", err)
	}
	if err := replace(a.cfg.Path, append(b, '\n')); err != nil {
		return fmt.Errorf("file actuator: %w", err)
	}
	return nil
}

// Fleet implements adapters.Actuator.
func (a *Actuator) Fleet(ctx context.Context) (policy.Fleet, error) {
	if ctx.Err() != nil {
		return policy.Fleet{}, ctx.Err()
	}
	var fleet policy.Fleet
	var err error
	if a.cfg.FleetPath != "" {
		fleet, err = readFleet(a.cfg.FleetPath)
	} else {
		fleet, err = a.own()
	}
	if err != nil {
		return policy.Fleet{}, fmt.Errorf("file actuator: %w", err)
	}
	return fleet, nil
}

// own is the fleet where nobody else says what it is.
func (a *Actuator) own() (policy.Fleet, error) {
	b, err := os.ReadFile(a.cfg.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return policy.Fleet{Ready: a.cfg.Start}, nil
	}
	if err != nil {
		return policy.Fleet{}, err
	}
	var d desired
	if err := fleetform.Decode(a.cfg.Path, b, &d); err != nil {
		return policy.Fleet{}, err
	}
	if d.Replicas == nil || *d.Replicas < 0 {
		return policy.Fleet{}, fmt.Errorf("%s: replicas is %s; wanted 0 or more", a.cfg.Path, fleetform.Number(d.Replicas))
	}
	return policy.Fleet{Ready: *d.Replicas}, nil
}
