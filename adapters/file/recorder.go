package file

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Recorder is an Actuator in front of another one that writes down each order and how it was taken, as one line of JSON:
//
//	{"time":"2026-03-07T18:59:00Z","from":12,"to":24,"error":"...","decision":{...}}
//
// "from" is the ordered count that the decision was about, "error" is left out where the order was taken, and the decision is
// whole, with its reasons. Unlike an Observer, which has every decision, it has only what was done, once for each try.
//
// The order comes first: what goes wrong with the file is logged, and Err has it, but does not undo or hide what the other
// Actuator did. The file may be rotated, as that of an Observer. It is safe for concurrent use if the other Actuator is.
type Recorder struct {
	to adapters.Actuator
	*journal
}

var _ adapters.Bounding = (*Recorder)(nil)

// NewRecorder returns a Recorder of the orders to an Actuator in the file at path, which it makes if there is none. logger is
// told of errors; nil means nobody. An empty path, or no Actuator, is an error.
func NewRecorder(to adapters.Actuator, path string, logger *slog.Logger) (*Recorder, error) {
	switch {
	case to == nil:
		return nil, errors.New("file recorder: actuator is nil; wanted one to pass orders on to")
	case path == "":
		return nil, errors.New(`file recorder: path is ""; wanted the name of a file`)
	}
	return &Recorder{to, newJournal(path, logger)}, nil
}

// order is the form of a line.
type order struct {
	Time     time.Time        `json:"time"`
	From     int              `json:"from"`
	To       int              `json:"to"`
	Error    string           `json:"error,omitempty"`
	Decision *scaler.Decision `json:"decision"`
}

// Fleet implements adapters.Actuator.
func (r *Recorder) Fleet(ctx context.Context) (policy.Fleet, error) { return r.to.Fleet(ctx) }

// Apply implements adapters.Actuator.
func (r *Recorder) Apply(ctx context.Context, d *scaler.Decision) error {
	err := r.to.Apply(ctx, d)
	line := order{Time: d.Time, From: d.Ready + d.Starting, To: d.Replicas, Decision: d}
	if err != nil {
		line.Error = err.Error()
	}
	r.note(ctx, "file recorder", line)
	return err
}

// Bounds implements adapters.Bounding: it is as the other Actuator has it.
func (r *Recorder) Bounds() bool {
	b, ok := r.to.(adapters.Bounding)
	return ok && b.Bounds()
}

// Err returns what went wrong with the newest line, nil if it was written.
func (r *Recorder) Err() error { return r.newest() }
