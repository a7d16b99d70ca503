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
// example file and line, and hold no secrets.
type Source interface {
	Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error)
}
