package main

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

// csvFile reads a CSV file with a header line, plain or compressed with gzip, and names the file and the line in each
// error.
type csvFile struct {
	path   string
	file   *os.File
	csv    *csv.Reader
	header []string
	line   int // of the newest row
}

// openCSV opens a file and reads its header. Compression is recognised by the first bytes, whatever the file is called.
func openCSV(path string) (*csvFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; wanted a CSV file, plain or .gz", err) // *fs.PathError: it names the file
	}
	f := &csvFile{path: path, file: file, line: 1}
	if err := f.begin(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *csvFile) begin() error {
	b := bufio.NewReader(f.file)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return f.fault("%w; wanted a file that gzip wrote, or plain CSV", err)
		}
		b = bufio.NewReader(z)
	}
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" { // the byte order mark that spreadsheets put before UTF-8
		_, _ = b.Discard(3)
	}
	f.csv = csv.NewReader(b)
	f.csv.FieldsPerRecord = -1
	f.csv.ReuseRecord = true
	row, err := f.next()
	if errors.Is(err, io.EOF) {
		return f.fault("the file is empty; wanted a header line")
	}
	if err != nil {
		return err
	}
	f.header = append(f.header, row...)
	return nil
}

// next returns the next row without the space around its fields, valid until the call after it, or io.EOF.
func (f *csvFile) next() ([]string, error) {
	row, err := f.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if syntax := (*csv.ParseError)(nil); errors.As(err, &syntax) {
		f.line = syntax.Line
		return nil, f.fault("%w; wanted CSV", syntax.Err)
	}
	if err != nil {
		f.line++
		return nil, f.fault("%w; wanted a CSV file, plain or .gz", err)
	}
	f.line, _ = f.csv.FieldPos(0)
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	return row, nil
}

func (f *csvFile) close() { _ = f.file.Close() } // it was only read

// fault is an error in one line that begins with the file and the line.
func (f *csvFile) fault(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.path, f.line, fmt.Errorf(format, args...))
}
