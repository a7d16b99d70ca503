package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// Observer appends each decision as one line of JSON to a file. It opens the file anew each time, so that the file may be
// rotated by renaming it. A line that was left unfinished, by a crash or a full disk, is ended before the next.
//
// What goes wrong is logged, and Err has it; the decision is then missing from the file. It is safe for concurrent use.
type Observer struct {
	path   string
	logger *slog.Logger

	mu  sync.Mutex
	err error
}

var _ adapters.Observer = (*Observer)(nil)

// NewObserver returns an Observer that appends to the file at path, which it makes if there is none. logger is told of
// errors; nil means nobody. An empty path is an error.
func NewObserver(path string, logger *slog.Logger) (*Observer, error) {
	if path == "" {
		return nil, errors.New(`file observer: path is ""; wanted the name of a file`)
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Observer{path: path, logger: logger}, nil
}

// Decision implements adapters.Observer.
func (o *Observer) Decision(ctx context.Context, d *scaler.Decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err = o.write(d); o.err != nil {
		o.err = fmt.Errorf("file observer: %w", o.err)
		o.logger.ErrorContext(ctx, "a decision was not written", "error", o.err)
	}
}

// Err returns what went wrong with the newest decision, nil if it was written.
func (o *Observer) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *Observer) write(d *scaler.Decision) error {
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(o.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	torn, err := unfinished(f)
	if err == nil {
		if torn {
			line = append([]byte("\n"), line...)
		}
		_, err = f.Write(append(line, '\n')) // in one piece: a reader sees a line or none, as far as the system allows
	}
	return errors.Join(err, f.Close())
}

// unfinished says whether the last line of f has no end.
func unfinished(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return last[0] != '\n', err
}
