package file

import (
	"context"
	"errors"
	"log/slog"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// Observer appends each decision as one line of JSON to a file. It opens the file anew each time, so that the file may be
// rotated by renaming it. A line that was left unfinished, by a crash or a full disk, is ended before the next.
//
// What goes wrong is logged, and Err has it; the decision is then missing from the file. It is safe for concurrent use.
type Observer struct{ *journal }

var _ adapters.Observer = (*Observer)(nil)

// NewObserver returns an Observer that appends to the file at path, which it makes if there is none. logger is told of
// errors; nil means nobody. An empty path is an error.
func NewObserver(path string, logger *slog.Logger) (*Observer, error) {
	if path == "" {
		return nil, errors.New(`file observer: path is ""; wanted the name of a file`)
	}
	return &Observer{newJournal(path, logger)}, nil
}

// Decision implements adapters.Observer.
func (o *Observer) Decision(ctx context.Context, d *scaler.Decision) {
	o.note(ctx, "file observer", d)
}

// Err returns what went wrong with the newest decision, nil if it was written.
func (o *Observer) Err() error { return o.newest() }
