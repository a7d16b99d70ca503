package file

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxLine is the longest line in bytes. What is longer is no row.
const maxLine = 64 << 10

// lines reads rows from r, which begins at the place, and moves the place behind each complete line. closed says that no
// more will come: then a last line without a line end is complete too.
func (s *Source) lines(ctx context.Context, r io.Reader, closed bool) error {
	b := bufio.NewReaderSize(r, maxLine)
	var bad *LineError
	for {
		line, size, err := nextLine(b)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return fmt.Errorf("%s:%d: %w", s.cfg.Path, s.place.line+1, err)
		}
		if ended && (!closed || size == 0) {
			break
		}
		s.counts.Bytes += size
		if fault := s.take(line, size); fault != nil {
			fault.Path, fault.Line = s.cfg.Path, s.place.line+1
			if s.place.header.format == formatUnknown {
				return fault // without a header nothing that follows means anything; it is looked at again next time
			}
			s.counts.Bad++
			if bad == nil {
				bad = fault
			} else {
				bad.More++
			}
		}
		s.place.offset += size
		s.place.line++
		if s.place.line%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if bad != nil {
		return bad
	}
	return nil
}

// take understands one line. The first says what the others are, and is a row itself where they are JSON. line is nil if it
// is too long.
func (s *Source) take(line []byte, size int64) *LineError {
	if line == nil {
		return &LineError{Found: fmt.Sprintf("a line of %d bytes", size), Wanted: fmt.Sprintf("at most %d", maxLine)}
	}
	if s.place.line == 0 {
		var fault *LineError
		s.place.header, fault = parseHeader(line)
		if s.place.header.format != formatJSON {
			return fault
		}
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	parse := parseRow
	if s.place.header.format == formatJSON {
		parse = parseObject
	}
	x, fault := parse(line, s.place.header)
	if fault == nil {
		s.row(x)
	}
	return fault
}

// nextLine returns the next line without its end, nil if it is longer than the buffer, and its size with its end. At the
// end of the file it returns io.EOF with what there is of a last line.
func nextLine(b *bufio.Reader) (line []byte, size int64, err error) {
	line, err = b.ReadSlice('\n')
	size = int64(len(line))
	long := false
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		line, err = b.ReadSlice('\n')
		size += int64(len(line))
	}
	if long {
		return nil, size, err
	}
	return bytes.TrimRight(line, "\r\n"), size, err
}

// inflate reads the compressed file f, unless it is as it was. There is no going on in the middle of a compressed file:
// it is read from its start. Of a file that breaks off the rows before that count; the error comes once for each content,
// so that one which is still being written is not blind.
func (s *Source) inflate(ctx context.Context, f *os.File, info os.FileInfo) error {
	if w := s.whole; w != nil && os.SameFile(w, info) && w.Size() == info.Size() && w.ModTime().Equal(info.ModTime()) {
		return nil
	}
	s.place, s.whole = place{}, nil
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s: %w; wanted a whole gzip file", s.cfg.Path, err)
	}
	err = s.lines(ctx, z, true)
	told := isLine(err) || errors.Is(err, io.ErrUnexpectedEOF)
	if err == nil || told && s.place.header.format != formatUnknown {
		s.whole = info
	}
	s.place = place{} // a place in what is compressed is none in the file
	return err
}

func isLine(err error) bool {
	var fault *LineError
	return errors.As(err, &fault)
}
