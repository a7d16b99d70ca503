// Package csvfile reads the rows of a CSV file with a header line, plain or compressed with gzip, and names the file and
// the line in each error.
package csvfile

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Reader reads rows. How many fields a row has is for the caller to judge.
type Reader struct {
	Name   string   // of the source, for errors
	Header []string // as the file spells them, without the space around them
	Line   int      // of the header or of the newest row
	csv    *csv.Reader
}

// Open opens the file at path, which the caller closes. Every error names the file.
func Open(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; wanted a CSV file, plain or .gz", err) // *fs.PathError: it names the file
	}
	if there, err := file.Stat(); err == nil && there.IsDir() {
		_ = file.Close() // nothing was read
		return nil, fmt.Errorf("%s is a directory; wanted a CSV file, plain or .gz", path)
	}
	return file, nil
}

// NewReader reads the header line of r; name stands for r in errors. Compression is recognised by the first bytes, whatever
// the file is called.
func NewReader(r io.Reader, name string) (*Reader, error) {
	b, err := Unpack(r, 0)
	if err != nil {
		return nil, (&Reader{Name: name, Line: 1}).Fault("%w; wanted a file that gzip wrote, or plain CSV", err)
	}
	return NewPlainReader(b, name, ',')
}

// Unpack returns what r holds without its compression, if it begins as gzip does, and without the byte order mark that
// spreadsheets put before UTF-8. The reader can look ahead so many bytes, 4096 at least.
func Unpack(r io.Reader, ahead int) (*bufio.Reader, error) {
	ahead = max(ahead, 4096)
	b := bufio.NewReaderSize(r, ahead)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReaderSize(z, ahead)
	}
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = b.Discard(3)
	}
	return b, nil
}

// NewPlainReader is NewReader for what Unpack returned, with another separator of fields.
func NewPlainReader(b *bufio.Reader, name string, separator rune) (*Reader, error) {
	f := &Reader{Name: name, Line: 1}
	f.csv = csv.NewReader(b)
	f.csv.Comma = separator
	f.csv.FieldsPerRecord = -1
	f.csv.ReuseRecord = true
	row, err := f.Next()
	if errors.Is(err, io.EOF) {
		return nil, f.Fault("the file is empty; wanted a header line")
	}
	if err != nil {
		return nil, err
	}
	f.Header = append(f.Header, row...)
	return f, nil
}

// Next returns the next row without the space around its fields, valid until the call after it, or io.EOF.
func (f *Reader) Next() ([]string, error) {
	row, err := f.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if syntax := (*csv.ParseError)(nil); errors.As(err, &syntax) {
		f.Line = syntax.Line
		return nil, f.Fault("%w; wanted CSV", syntax.Err)
	}
	if err != nil {
		f.Line++
		return nil, f.Fault("%w; wanted a CSV file, plain or .gz", err)
	}
	f.Line, _ = f.csv.FieldPos(0)
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	return row, nil
}

// Fault is an error in one line that begins with the file and the line.
func (f *Reader) Fault(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.Name, f.Line, fmt.Errorf(format, args...))
}
