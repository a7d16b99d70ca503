package sim

import (
	"errors"
	"io"
	"strings"

	"github.com/headroom-go/headroom/internal/csvfile"
)

// table reads a CSV file whose rows have no more fields than its header line.
type table struct {
	*csvfile.Reader
	row []string // the row that next read last, without surrounding space
}

// openTable calls read with the file at path. Every error names the file.
func openTable(path string, read func(r io.Reader) error) error {
	f, err := csvfile.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	return read(f)
}

// newTable reads the header line.
func newTable(r io.Reader, name string) (*table, error) {
	f, err := csvfile.NewReader(r, name)
	if err != nil {
		return nil, err
	}
	return &table{Reader: f}, nil
}

// next reads a row. It returns false after the last one. Blank lines are no rows.
func (t *table) next() (bool, error) {
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if len(row) == 1 && row[0] == "" {
			continue
		}
		if len(row) > len(t.Header) {
			return false, t.Fault("%d fields; wanted at most %d, as the header has", len(row), len(t.Header))
		}
		t.row = row
		return true, nil
	}
}

// field returns the value of a column of the row, or an error if the row is too short to have it.
func (t *table) field(column int) (string, error) {
	if column >= len(t.row) {
		return "", t.Fault("%d fields; wanted at least %d (column %q)", len(t.row), column+1, t.Header[column])
	}
	return t.row[column], nil
}

// column returns the place of the column with that name, capitals or not, or -1. Two of that name are an error.
func (t *table) column(name string) (int, error) {
	found := -1
	for i, h := range t.Header {
		if !strings.EqualFold(h, name) {
			continue
		}
		if found >= 0 {
			return -1, t.Fault("columns %d and %d are both named %q; wanted one", found+1, i+1, name)
		}
		found = i
	}
	return found, nil
}
