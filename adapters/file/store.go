package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"

	"github.com/headroom-go/headroom/adapters"
)

// ErrDamaged is what Store.Load returns where neither the newest nor the older snapshot is whole.
var ErrDamaged = errors.New("snapshot file is damaged")

// Store keeps the snapshot of one workload in a file, in a directory that exists.
//
// The file is a line of text with the length and the CRC-32C of the snapshot, and then the snapshot. It is replaced as a
// whole, and so that it survives a crash of the machine. The one before is kept beside it, with ".old" at the end of its
// name: where the newest is damaged or missing Load returns that one, and the logger is told. A damaged file is kept, too,
// with ".damaged" at the end, when the next one is saved. While it is written ".tmp" is used. One process may write a path.
//
// Whether a snapshot is of the right engine the Runner finds out. It is for one goroutine at a time.
type Store struct {
	path   string
	logger *slog.Logger
}

var _ adapters.Store = (*Store)(nil)

// NewStore returns a Store for the file at path. It touches no file. logger is told of damage; nil means nobody. An empty path
// is an error.
func NewStore(path string, logger *slog.Logger) (*Store, error) {
	if path == "" {
		return nil, errors.New(`file store: path is ""; wanted the name of a file`)
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Store{path, logger}, nil
}

// Load implements adapters.Store. The error is ErrDamaged (use errors.Is) where there is something, but nothing whole.
func (s *Store) Load(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	b, err := readSnapshot(s.path)
	if err == nil {
		return b, nil
	}
	old, oldErr := readSnapshot(s.path + ".old")
	missing, oldMissing := errors.Is(err, fs.ErrNotExist), errors.Is(oldErr, fs.ErrNotExist)
	switch {
	case oldErr == nil:
		s.logger.WarnContext(ctx, "the newest snapshot cannot be used; the one before is", "path", s.path, "error", err)
		return old, nil
	case missing && oldMissing:
		return nil, nil
	case missing:
		err = oldErr
	case !oldMissing:
		err = errors.Join(err, oldErr)
	}
	return nil, fmt.Errorf("file store: %w", err)
}

// Save implements adapters.Store.
func (s *Store) Save(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := s.rotate(); err != nil {
		return fmt.Errorf("file store: %w", err)
	}
	if err := replace(s.path, append(fmt.Appendf(nil, snapshotHead, len(b), checksum(b)), b...)); err != nil {
		return fmt.Errorf("file store: %w", err)
	}
	return nil
}

// rotate puts the newest file out of the way: a whole one becomes the older one, which is there until another takes its
// place. If what follows fails, that is what Load finds.
func (s *Store) rotate() error {
	_, err := readSnapshot(s.path)
	switch {
	case err == nil:
		return os.Rename(s.path, s.path+".old")
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, ErrDamaged):
		return os.Rename(s.path, s.path+".damaged")
	}
	return err
}

// snapshotHead is the first line of the file: length and checksum of what follows.
const snapshotHead = "headroom-snapshot 1 %d %08x\n"

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// readSnapshot reads the file at path. The error is ErrDamaged where it is there but not whole.
func readSnapshot(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	damaged := func(what string) ([]byte, error) { return nil, fmt.Errorf("%s: %w: %s", path, ErrDamaged, what) }
	head, b, found := bytes.Cut(text, []byte("\n"))
	var length int
	var sum uint32
	if n, _ := fmt.Sscanf(string(head)+"\n", snapshotHead, &length, &sum); !found || n != 2 {
		return damaged(fmt.Sprintf("it begins with %q; wanted headroom-snapshot 1, a length and a checksum", head[:min(len(head), 40)]))
	}
	if len(b) != length {
		return damaged(fmt.Sprintf("%d bytes follow its first line; wanted %d", len(b), length))
	}
	if got := checksum(b); got != sum {
		return damaged(fmt.Sprintf("its checksum is %08x; wanted %08x", got, sum))
	}
	return b, nil
}
