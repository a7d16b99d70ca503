package adapters

import (
	"context"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Source reads one demand series from wherever it is kept.
//
// Read appends to dst the samples with from <= Time < to, in ascending order and each time once, and returns the longer
// slice. to stands for now: a sample describes the interval that starts at its Time, and one whose interval is not over
// by to is partial and is not returned. An interval without a measurement is left out or has the value NaN; it never has
// the value zero. Nothing there is no error; not being able to look is one. With an error, what is returned is dst as it
// was. A window that ends where or before it starts is empty.
//
// The engine's daily pattern follows the clock of the location that Time is in (Config.Location sets it for all).
//
// A Source retains neither dst nor what it returned. It is called by one goroutine at a time, with windows that move
// forward and overlap, so that a sample that came late is seen. Read honours ctx. Its errors say what was read, for
// example file and line, and hold no secrets. An error that knows whether asking again is worth anything says so: see
// Retry.
type Source interface {
	Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error)
}

// Timed is a Source that knows how late its samples are. A Runner that has not been told otherwise goes by that.
type Timed interface {
	Timing() Timing
}

// Timing says when the samples of a Source come. A zero field means that the Source does not know.
type Timing struct {
	// Delay is how long after the end of an interval Read begins to return its sample: Read sees to it itself, and leaves
	// out what is younger.
	Delay time.Duration
	// MaxAge is the age of the newest sample, counted from the start of its interval, beyond which something is wrong with
	// the system behind the Source.
	MaxAge time.Duration
}
