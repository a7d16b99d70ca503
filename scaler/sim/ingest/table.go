package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// rows are the lines of a file that is a table: CSV, or JSON objects with the fields of the first.
type rows interface {
	// Next returns the fields of a row, in the order of the header, and its line, or io.EOF. A row may end early.
	Next() (fields []string, line int, err error)
}

// timeNames and valueNames are what columns are called that need not be named, the likeliest first.
var (
	timeNames = []string{"timestamp", "time", "ts", "datetime", "date_time", "date", "_time", "@timestamp", "time (utc)", "timestamp (utc)",
		"timestamp_ms", "time_ms", "epoch", "unix"}
	valueNames = []string{"value", "_value"}
)

// tableDecoder turns rows into points.
type tableDecoder struct {
	name   string
	header []string
	rows   rows
	stamps *stamps

	at      int   // the column of the time
	values  []int // the columns of values: one, or one for each series
	labels  []int // the columns that tell series apart
	noNames bool  // a column of values has the whole file's only series
	seriesTable

	row     []string // what next reads values from
	line    int
	time    int64
	pending int // the next of values
	key     strings.Builder
	first   bool // row is the first, which was read to know the columns
}

func newTable(name string, header []string, r rows, o Options, s *stamps) (*tableDecoder, error) {
	d := &tableDecoder{name: name, header: header, rows: r, stamps: s, first: true}
	row, line, err := r.Next()
	if errors.Is(err, io.EOF) {
		return nil, faultAt(name, 1, "no rows; wanted at least two")
	}
	if err != nil {
		return nil, err
	}
	d.row, d.line = slices.Clone(row), line
	if err := d.findColumns(o); err != nil {
		return nil, faultAt(name, 1, "%w", err)
	}
	return d, nil
}

// findColumns settles which column is what, by the options, the names, and what stands in the first row.
func (d *tableDecoder) findColumns(o Options) error {
	var err error
	if d.at, err = d.column(o.TimeColumn, "time-column", timeNames); err != nil {
		return err
	}
	if d.at < 0 {
		d.at = 0
	}
	value, err := d.column(o.ValueColumn, "value-column", valueNames)
	if err != nil {
		return err
	}
	var numbers, words []int
	for i := range d.header {
		if i == d.at || i == value {
			continue
		}
		if _, err := strconv.ParseFloat(d.field(i), 64); err == nil || d.field(i) == "" {
			numbers = append(numbers, i)
		} else if _, err := parseValue(d.field(i)); err == nil {
			numbers = append(numbers, i)
		} else {
			words = append(words, i)
		}
	}
	switch {
	case value >= 0:
		d.values, d.labels = []int{value}, words
		if value == d.at {
			return fmt.Errorf("column %q: wanted one for the time and another for the value", d.header[value])
		}
	case len(numbers) == 1:
		d.values, d.labels = numbers, words
	case len(numbers) == 0 && len(words) == 1: // the fault is that value's
		d.values = words
	case len(numbers) > 1 && len(words) == 0:
		d.values = numbers
		for _, i := range numbers {
			d.names = append(d.names, d.header[i])
		}
		return nil
	default:
		return fmt.Errorf("no column is known to be the value; wanted -value-column with one of %s", quoteList(d.header))
	}
	if len(d.labels) == 0 {
		d.noNames = true
		d.names = []string{d.header[d.values[0]]}
	}
	return nil
}

// column finds a column by the name that was asked for, else by the usual ones; -1 if there is none.
func (d *tableDecoder) column(asked, flag string, usual []string) (int, error) {
	names := usual
	if asked != "" {
		names = []string{asked}
	}
	for _, name := range names {
		for i, h := range d.header {
			if h == name || strings.EqualFold(h, name) {
				return i, nil
			}
		}
	}
	if asked != "" {
		return 0, fmt.Errorf("no column is named %q; wanted -%s with one of %s", asked, flag, quoteList(d.header))
	}
	return -1, nil
}

func (d *tableDecoder) field(i int) string {
	if i >= len(d.row) {
		return ""
	}
	return d.row[i]
}

func (d *tableDecoder) each(yield func(p *point) error) error { return eachOf(d.next, yield) }

func (d *tableDecoder) next(p *point) error {
	if d.pending == 0 {
		if err := d.readRow(); err != nil {
			return err
		}
	}
	value := d.values[d.pending]
	*p = point{series: d.pending, at: d.time, text: d.field(value), line: d.line}
	d.pending = (d.pending + 1) % len(d.values)
	if d.noNames || len(d.labels) == 0 {
		return nil
	}
	d.key.Reset()
	for _, i := range d.labels {
		d.key.WriteString(d.field(i))
		d.key.WriteByte(0)
	}
	var err error
	if p.series, err = d.number(d.key.String(), d.labelText); err != nil {
		return faultAt(d.name, d.line, "%w", err)
	}
	return nil
}

func (d *tableDecoder) readRow() error {
	if !d.first {
		var err error
		if d.row, d.line, err = d.rows.Next(); err != nil {
			return err
		}
	}
	d.first = false
	if len(d.row) > len(d.header) {
		return faultAt(d.name, d.line, "%d fields; wanted at most %d, as the header has", len(d.row), len(d.header))
	}
	var err error
	if d.time, err = d.stamps.parse(d.field(d.at)); err != nil {
		return faultAt(d.name, d.line, "%s %q: %w", d.header[d.at], d.field(d.at), err)
	}
	return nil
}

// labelText is the name of the row's series.
func (d *tableDecoder) labelText() (string, error) {
	parts := make([]string, 0, len(d.labels))
	for _, i := range d.labels {
		parts = append(parts, d.header[i]+"="+strconv.Quote(d.field(i)))
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}

// quoteList writes at most twenty names for an error.
func quoteList(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == 20 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(n))
	}
	return b.String()
}
