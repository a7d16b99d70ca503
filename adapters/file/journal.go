package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// journal is a file of one JSON value on each line, to which is appended. It is opened anew each time, so that it may be
// rotated by renaming it.
type journal struct {
	path   string
	logger *slog.Logger

	mu  sync.Mutex
	err error // of the newest entry
}

func newJournal(path string, logger *slog.Logger) *journal {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &journal{path: path, logger: logger}
}

// note appends an entry, and logs it if that fails. who stands in the error.
func (j *journal) note(ctx context.Context, who string, entry any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err = j.append(entry); j.err != nil {
		j.err = fmt.Errorf("%s: %w", who, j.err)
		j.logger.ErrorContext(ctx, "a decision was not written", "error", j.err)
	}
}

// newest returns what went wrong with the newest entry.
func (j *journal) newest() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

func (j *journal) append(entry any) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
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
