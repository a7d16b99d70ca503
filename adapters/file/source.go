package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/timeline"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// SourceConfig describes a file of samples. A zero field means the value in brackets.
type SourceConfig struct {
	// Path is the file, plain or compressed with gzip; its first bytes tell which.
	Path string
	// Step is the length of the interval that each row describes. More than 0.
	Step time.Duration
	// Logger is told when the file was replaced or cut off [nobody].
	Logger *slog.Logger
}

// Source reads a file that may be growing: CSV with a header line and the columns timestamp and value, in any place and among
// others, or JSON with one object on each line, which has these members and perhaps others. The first line tells which.
//
//	timestamp,value                                 {"timestamp":"2024-03-04T20:15:00Z","value":12.5}
//	2024-03-04T20:15:00Z,12.5                       {"timestamp":1709583360,"value":null}
//	1709583360,
//
// A timestamp is the start of the row's interval, RFC 3339 or unix seconds; samples are in UTC. A value is a finite number
// of 0 or more; nothing, null or NaN is a known gap, and an object without a value is an error. Rows may come in any order,
// and a row with the time of an earlier one takes its place. Empty lines are passed over, and so is a last line without a
// line end, which is still being written.
//
// Read takes up where the last one stopped. It reads the file again from the start only for a window that begins before
// the last one's, after the file was replaced or cut off (rotation), which is logged and counted, and, if it is compressed,
// when it has changed; so that a growing file should be a plain one. Rows of earlier windows that were read before a
// rotation stay known, rows that were written between the last Read and the rotation are not seen.
//
// A compressed file may have several members, one behind another, and its last line needs no line end. If it breaks off,
// the rows before that count, and Read says once where it does; if its checksum is wrong, Read says so each time and
// nothing new counts.
//
// A file that is not there is an error, as is a wrong header. A line that cannot be read is an error once: Read has gone
// past it when it is called again, and its interval is a gap. These errors are *LineError, and only the first line of a Read
// is named.
//
// A Source keeps the samples from the start of the last window on, those that lie in the future included. Its methods are
// safe for concurrent use.
type Source struct {
	cfg SourceConfig

	mu     sync.Mutex
	line   timeline.Timeline
	since  time.Time // all rows of Time >= since that lie before the place are in line; zero before the first Read
	place  place
	whole  os.FileInfo // of the compressed file that was read to its end
	counts Counts
}

var _ adapters.Source = (*Source)(nil)

// Counts says what a Source has done so far.
type Counts struct {
	Bytes     int64 // read, after decompression
	Rows      int   // read and understood, each time that they were read
	Bad       int   // lines that could not be read
	Rotations int   // times that the file was replaced or cut off
}

// NewSource returns a Source that has read nothing; the file need not exist yet. The error is scaler.Faults, with every
// fault of cfg.
func NewSource(cfg SourceConfig) (*Source, error) {
	var faults scaler.Faults
	if cfg.Path == "" {
		faults = append(faults, scaler.Fault{Field: "path", Value: `""`, Wanted: "the name of a file"})
	}
	if cfg.Step <= 0 {
		faults = append(faults, scaler.Fault{Field: "step", Value: cfg.Step.String(), Wanted: "more than 0s"})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Source{cfg: cfg}, nil
}

// Counts returns what the Source has done so far.
func (s *Source) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Read implements adapters.Source.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || from.Before(s.since) {
		s.place, s.whole = place{}, nil // rows that were passed over are wanted now
	}
	s.since = from
	s.line.Trim(from)
	if err := s.catchUp(ctx); err != nil {
		return dst, fmt.Errorf("file source: %w", err)
	}
	return s.line.Window(dst, from, to, s.cfg.Step), nil
}

// catchUp reads what is new in the file.
func (s *Source) catchUp(ctx context.Context) error {
	f, err := os.Open(s.cfg.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	magic := make([]byte, 2)
	if n, err := f.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if bytes.Equal(magic[:n], []byte{0x1f, 0x8b}) {
		return s.inflate(ctx, f, info)
	}
	return s.follow(ctx, f, info)
}

// follow reads the plain file f from the place where the last read stopped.
func (s *Source) follow(ctx context.Context, f *os.File, info os.FileInfo) error {
	same, err := s.place.holds(f, info.Size())
	if err != nil {
		return err
	}
	if !same {
		s.counts.Rotations++
		s.cfg.Logger.WarnContext(ctx, "file was replaced or cut off; reading it from the start", "path", s.cfg.Path, "read", s.place.offset, "size", info.Size())
		s.place = place{}
	}
	if s.place.offset == info.Size() {
		return nil
	}
	start := s.place.offset
	err = s.lines(ctx, io.NewSectionReader(f, start, info.Size()-start), false)
	return errors.Join(err, s.place.remember(f))
}

// row takes one sample into the timeline.
func (s *Source) row(x forecast.Sample) {
	s.counts.Rows++
	if !x.Time.Before(s.since) {
		s.line.Add(x)
	}
}
