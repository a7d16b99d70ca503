package scaler

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/headroom-go/headroom/forecast"
)

// Errors of Announce and Withdraw; see package forecast.
var (
	ErrEventTableFull = forecast.ErrEventTableFull
	ErrUnknownEvent   = forecast.ErrUnknownEvent
)

// ErrUnknownPolicy is the error of Pin.
var ErrUnknownPolicy = errors.New("no policy has this name; wanted one of Engine.Shadows")

// Errors of Restore. The engine that is refused was not built; start a new one and feed it the recent history.
var (
	ErrSnapshotCorrupt     = errors.New("snapshot is damaged")
	ErrSnapshotVersion     = errors.New("snapshot has a version that this build does not read")
	ErrSnapshotFingerprint = errors.New("snapshot was made with another configuration")
)

// SampleError says why a sample was refused. The engine's state is as if the sample had not been offered.
type SampleError struct {
	Signal int     // index of the signal
	Value  float64 // what was offered
	Wanted string
}

// Error implements error.
func (e *SampleError) Error() string {
	return fmt.Sprintf("signal %d: sample value is %s; wanted %s", e.Signal, strconv.FormatFloat(e.Value, 'g', -1, 64), e.Wanted)
}

// ErrNoSizes is the error of Use where the configuration has no sizes.
var ErrNoSizes = errors.New("the engine chooses no sizes: Config.Sizes has no catalogue")

// UseError says which argument of Use is impossible.
type UseError struct {
	Field, Value, Wanted string
}

// Error implements error.
func (e *UseError) Error() string {
	return fmt.Sprintf("use: %s is %s; wanted %s", e.Field, e.Value, e.Wanted)
}

// FleetError says which field of a fleet is impossible.
type FleetError struct {
	Field, Value, Wanted string
}

// Error implements error.
func (e *FleetError) Error() string {
	return fmt.Sprintf("fleet: %s is %s; wanted %s", e.Field, e.Value, e.Wanted)
}
