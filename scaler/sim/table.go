package sim

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

// table reads a CSV file with a header line, plain or compressed with gzip, and names the file and the line in each error.
type table struct {
	name   string
	csv    *csv.Reader
	header []string // as the file spells them, without surrounding space
	row    []string // the row that next read last, without surrounding space
	line   int      // the line of the header or of row
}

// openTable calls read with the file at path. Every error names the file.
func openTable(path string, read func(r io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w; wanted a CSV file, plain or .gz", err) // *fs.PathError: it names the file
	}
	defer func() { _ = f.Close() }() // it was only read
	if there, err := f.Stat(); err == nil && there.IsDir() {
		return fmt.Errorf("%s is a directory; wanted a CSV file, plain or .gz", path)
	}
	return read(f)
}

// newTable reads the header line. Compression is recognised by the first bytes, whatever the file is called.
func newTable(r io.Reader, name string) (*table, error) {
	t := &table{name: name, line: 1}
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, t.fault("%w; wanted a file that gzip wrote, or plain CSV", err)
		}
		b = bufio.NewReader(z)
	}
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" { // the byte order mark that spreadsheets put before UTF-8
		_, _ = b.Discard(3)
	}
	t.csv = csv.NewReader(b)
	t.csv.FieldsPerRecord = -1 // extra columns are allowed, missing ones get an error that says which
	t.csv.ReuseRecord = true
	more, err := t.next()
	if err != nil {
		return nil, err
	}
	if !more {
		return nil, t.fault("the file is empty; wanted a header line")
	}
	t.header = append(t.header, t.row...)
	return t, nil
}

// next reads a row. It returns false after the last one. Blank lines are no rows.
func (t *table) next() (bool, error) {
	for {
		row, err := t.csv.Read()
		if err == io.EOF {
			return false, nil
		}
		if syntax := (*csv.ParseError)(nil); errors.As(err, &syntax) {
			t.line = syntax.Line
			return false, t.fault("%w; wanted CSV", syntax.Err)
		}
		if err != nil {
			t.line++
			return false, t.fault("%w", err)
		}
		t.line, _ = t.csv.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if len(row) == 1 && row[0] == "" {
			continue
		}
		if t.header != nil && len(row) > len(t.header) {
			return false, t.fault("%d fields; wanted at most %d, as the header has", len(row), len(t.header))
		}
		t.row = row
		return true, nil
	}
}

// field returns the value of a column of the row, or an error if the row is too short to have it.
func (t *table) field(column int) (string, error) {
	if column >= len(t.row) {
		return "", t.fault("%d fields; wanted at least %d (column %q)", len(t.row), column+1, t.header[column])
	}
	return t.row[column], nil
}

// column returns the place of the column with that name, capitals or not, or -1. Two of that name are an error.
func (t *table) column(name string) (int, error) {
	found := -1
	for i, h := range t.header {
		if !strings.EqualFold(h, name) {
			continue
		}
		if found >= 0 {
			return -1, t.fault("columns %d and %d are both named %q; wanted one", found+1, i+1, name)
		}
		found = i
	}
	return found, nil
}

// fault is an error in one line that begins with the file and the line.
func (t *table) fault(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", t.name, t.line, fmt.Errorf(format, args...))
}
