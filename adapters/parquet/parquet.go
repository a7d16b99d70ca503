// Package parquet reads the demand of a trace from Parquet files. It is a module of its own, because the library that decodes
// them is large.
//
// The columns of a file are those of a table as package ingest has it: one of times, one or more of values, and texts that
// tell series apart. Columns inside groups, lists and maps are not looked at. Command parquet2csv makes a file of it that
// every replay reads.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/headroom-go/headroom/scaler/sim/ingest"
)

// Open recognises the columns of the file at path and looks through it, as ingest.Open does. The numbers in errors are those of
// rows, from 1.
func Open(path string, o ingest.Options) (*ingest.Source, error) {
	return ingest.OpenRows(path, "Parquet", o, func() (ingest.Rows, error) { return openRows(path) })
}

// rows reads a file row by row.
type rows struct {
	path   string
	file   *os.File
	reader *pq.GenericReader[any]
	header []string
	kinds  []spelling // by column of the file; nil for one that is not looked at
	place  []int      // the field of each column of the file

	buffer []pq.Row
	filled int
	next   int
	row    int
	fields []string
	ended  bool
}

// spelling writes a value as the text that package ingest reads.
type spelling func(v pq.Value) string

func openRows(path string) (ingest.Rows, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; wanted a Parquet file", err)
	}
	r := &rows{path: path, file: file, buffer: make([]pq.Row, 256)}
	if err := r.open(); err != nil {
		_ = file.Close() // the first error is the one to tell
		return nil, err
	}
	return r, nil
}

func (r *rows) open() (err error) {
	defer r.guard(&err)
	info, err := r.file.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w; wanted a Parquet file", r.path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a directory; wanted a Parquet file", r.path)
	}
	f, err := pq.OpenFile(r.file, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w; wanted a Parquet file", r.path, err)
	}
	schema := f.Schema()
	r.kinds, r.place = make([]spelling, len(schema.Columns())), make([]int, len(schema.Columns()))
	for _, column := range f.Root().Columns() {
		if !column.Leaf() || column.Repeated() {
			continue
		}
		i := column.Index()
		r.kinds[i], r.place[i] = spellingOf(column), len(r.header)
		r.header = append(r.header, column.Name())
	}
	if len(r.header) < 2 {
		return fmt.Errorf("%s: %d plain columns; wanted one of times and one of values", r.path, len(r.header))
	}
	r.fields = make([]string, len(r.header))
	r.reader = pq.NewGenericReader[any](f)
	return nil
}

// guard turns a panic of the library, which it may do on a damaged file, into an error.
func (r *rows) guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s:%d: %v; wanted a sound Parquet file", r.path, r.row+1, p)
	}
}

// Header implements ingest.Rows.
func (r *rows) Header() []string { return r.header }

// Close implements ingest.Rows.
func (r *rows) Close() error { return errors.Join(r.reader.Close(), r.file.Close()) }

// Next implements ingest.Rows.
func (r *rows) Next() (fields []string, row int, err error) {
	defer r.guard(&err)
	for r.next == r.filled {
		if r.ended {
			return nil, r.row, io.EOF
		}
		n, err := r.reader.ReadRows(r.buffer)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, r.row, fmt.Errorf("%s:%d: %w; wanted a sound Parquet file", r.path, r.row+1, err)
		}
		r.filled, r.next, r.ended = n, 0, err != nil || n == 0
	}
	clear(r.fields)
	for _, v := range r.buffer[r.next] {
		if spell := r.kinds[v.Column()]; spell != nil && !v.IsNull() {
			r.fields[r.place[v.Column()]] = spell(v)
		}
	}
	r.next++
	r.row++
	return r.fields, r.row, nil
}

// julianEpoch is the Julian day of 1970-01-01, from which the old times of twelve bytes count (Parquet format, INT96).
const julianEpoch = 2440588

// spellingOf is how the values of a column are written: times as RFC 3339, numbers in their shortest exact form.
func spellingOf(column *pq.Column) spelling {
	unsigned := false
	if logical := column.Type().LogicalType(); logical != nil {
		switch kind := logical.Value.(type) {
		case *format.TimestampType:
			return timestamps(kind)
		case *format.DateType:
			return func(v pq.Value) string { return stamp(int64(v.Int32())*86400, 0) }
		case *format.DecimalType:
			return decimals(int(kind.Scale), column.Type().Kind())
		case *format.IntType:
			unsigned = !kind.IsSigned
		}
	}
	switch column.Type().Kind() {
	case pq.Boolean:
		return func(v pq.Value) string { return strconv.FormatBool(v.Boolean()) }
	case pq.Int32:
		if unsigned {
			return func(v pq.Value) string { return strconv.FormatUint(uint64(v.Uint32()), 10) }
		}
		return func(v pq.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }
	case pq.Int64:
		if unsigned {
			return func(v pq.Value) string { return strconv.FormatUint(v.Uint64(), 10) }
		}
		return func(v pq.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	case pq.Int96:
		return func(v pq.Value) string {
			t := v.Int96()
			return stamp((int64(t[2])-julianEpoch)*86400, int64(uint64(t[1])<<32|uint64(t[0])))
		}
	case pq.Float:
		return func(v pq.Value) string { return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32) }
	case pq.Double:
		return func(v pq.Value) string { return strconv.FormatFloat(v.Double(), 'g', -1, 64) }
	}
	return func(v pq.Value) string { return string(v.ByteArray()) }
}

func timestamps(kind *format.TimestampType) spelling {
	units := int64(time.Second)
	switch kind.Unit.Value.(type) {
	case *format.MilliSeconds:
		units = 1e3
	case *format.MicroSeconds:
		units = 1e6
	}
	return func(v pq.Value) string {
		n := v.Int64()
		return stamp(n/units, n%units*(int64(time.Second)/units))
	}
}

func stamp(seconds, nanos int64) string {
	return time.Unix(seconds, nanos).UTC().Format(time.RFC3339Nano)
}

// decimals are whole numbers that count powers of ten. Those of byte arrays are wider than a float64.
func decimals(scale int, kind pq.Kind) spelling {
	number := func(n int64) string { return strconv.FormatFloat(float64(n)/math.Pow10(scale), 'g', -1, 64) }
	switch kind {
	case pq.Int32:
		return func(v pq.Value) string { return number(int64(v.Int32())) }
	case pq.Int64:
		return func(v pq.Value) string { return number(v.Int64()) }
	}
	return func(pq.Value) string { return "a decimal of many bytes" }
}
