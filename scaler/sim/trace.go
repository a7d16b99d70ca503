package sim

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// MaxSteps is the largest number of steps that a trace may have, holes included: a slip in one timestamp must not fill the
// memory with holes.
const MaxSteps = 10_000_000

// Trace is the demand that a simulation replays: one value per step, in any unit of load (requests per second, visits per
// minute, cores in use).
type Trace struct {
	// Name is what tables call the trace.
	Name string
	// Step is the length of a step. Times are what the source says and need not lie on a grid.
	Step time.Duration
	// Times holds the start of each step, strictly increasing.
	Times []time.Time
	// Demand holds the load during each step, 0 or more; NaN is a hole: a step nobody measured.
	Demand []float64
	// Spelling holds each time as the source spells it, for output that has to be joined with the source again.
	Spelling []string
}

// NewTrace returns a trace of regular steps from start on. It keeps demand. A step that is not positive, fewer than two
// steps, and negative or infinite demand are errors.
func NewTrace(name string, start time.Time, step time.Duration, demand []float64) (*Trace, error) {
	t := &Trace{Name: name, Step: step, Demand: demand}
	t.Times = make([]time.Time, len(demand))
	t.Spelling = make([]string, len(demand))
	for i := range demand {
		t.Times[i] = start.Add(time.Duration(i) * step)
		t.Spelling[i] = formatTimestamp(t.Times[i], false)
	}
	return t, t.Validate()
}

// Len returns the number of steps, holes included.
func (t *Trace) Len() int { return len(t.Demand) }

// Validate reports every fault of t: it is nil for a trace that ReadTrace, OpenTrace or NewTrace returned.
func (t *Trace) Validate() error {
	var faults []error
	if t.Step <= 0 {
		faults = append(faults, fmt.Errorf("step %v: wanted more than 0", t.Step))
	}
	n := len(t.Demand)
	if n < 2 || n > MaxSteps {
		faults = append(faults, fmt.Errorf("demand: %d steps; wanted 2 to %d", n, MaxSteps))
	}
	if len(t.Times) != n || len(t.Spelling) != n {
		faults = append(faults, fmt.Errorf("times and spelling: %d and %d; wanted %d, one for each step", len(t.Times), len(t.Spelling), n))
	}
	for i := 1; i < len(t.Times); i++ {
		if !t.Times[i].After(t.Times[i-1]) {
			faults = append(faults, fmt.Errorf("times[%d] %v: wanted later than times[%d]", i, t.Times[i], i-1))
			break
		}
	}
	for i, d := range t.Demand {
		if d < 0 || math.IsInf(d, 0) {
			faults = append(faults, fmt.Errorf("demand[%d] %v: wanted a finite number of 0 or more, or NaN for a hole", i, d))
			break
		}
	}
	return errors.Join(faults...)
}

// OpenTrace reads the trace in a file as ReadTrace does and names it after the file, without the directory and without
// ".csv" and ".gz".
func OpenTrace(path string) (t *Trace, err error) {
	err = openTable(path, func(r io.Reader) error {
		t, err = ReadTrace(r, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.Name = traceName(path)
	return t, nil
}

func traceName(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".csv")
}

// ReadTrace reads a trace from CSV, plain or compressed with gzip; name stands for the source in errors and tables.
//
// The header line is required. The columns are those named timestamp and value, else the first two. Times are RFC 3339 or
// unix seconds and increase strictly; at least two rows are wanted. The step is the most frequent difference of
// neighbouring times, the smallest of them on a tie. Where a row is missing, steps without demand are filled in at the
// last time plus the step while that lies before the next row's. An empty value or NaN is a hole too; a negative or
// infinite one is an error. An error is one line that begins with name and the number of the line.
func ReadTrace(r io.Reader, name string) (*Trace, error) {
	file, err := newTable(r, name)
	if err != nil {
		return nil, err
	}
	at, of, err := traceColumns(file)
	if err != nil {
		return nil, err
	}
	rows := rowList{trace: Trace{Name: name}}
	if err := eachRow(file, at, of, func(r row) error { rows.add(r); return nil }); err != nil {
		return nil, err
	}
	return rows.fill(name)
}

// traceColumns finds the columns of time and value.
func traceColumns(file *table) (at, of int, err error) {
	if at, err = file.column("timestamp"); err != nil {
		return 0, 0, err
	}
	if of, err = file.column("value"); err != nil {
		return 0, 0, err
	}
	if len(file.Header) < 2 {
		return 0, 0, file.Fault("one column, %q; wanted timestamp and value", file.Header[0])
	}
	switch { // a column whose name we do not know is one of the first two
	case at >= 0 && of >= 0:
	case at < 0 && of < 0:
		if _, _, err := parseTimestamp(file.Header[0]); err == nil {
			return 0, 0, file.Fault("the first line is data; wanted a header line such as \"timestamp,value\"")
		}
		at, of = 0, 1
	case at < 0:
		if of == 0 {
			at = 1
		} else {
			at = 0
		}
	case at > 1:
		return 0, 0, file.Fault("no column is named \"value\"; wanted columns timestamp and value")
	default:
		of = 1 - at
	}
	return at, of, nil
}

// row is a line of a trace.
type row struct {
	time     time.Time
	demand   float64
	spelling string
	isUnix   bool // how the time is spelled
	line     int
}

// eachRow calls yield with the rows of a file, whose times increase. Fewer than two are an error.
func eachRow(file *table, at, of int, yield func(r row) error) error {
	var first, last row
	for n := 0; ; n++ {
		more, err := file.next()
		if err != nil {
			return err
		}
		if !more {
			if n < 2 {
				return file.Fault("the trace ends after %d rows; wanted at least 2", n)
			}
			return nil
		}
		r, err := readRow(file, at, of)
		if err != nil {
			return err
		}
		if n == 0 {
			first = r
		} else if !r.time.After(last.time) {
			return file.Fault("timestamp %q is not after line %d's; wanted strictly increasing times", r.spelling, last.line)
		}
		if r.time.Sub(first.time) == math.MaxInt64 {
			return file.Fault("timestamp %q is more than 292 years after the first; wanted a shorter trace", r.spelling)
		}
		last = r
		if err := yield(r); err != nil {
			return err
		}
	}
}

func readRow(file *table, at, of int) (r row, err error) {
	r.line = file.Line
	if r.spelling, err = file.field(at); err != nil {
		return r, err
	}
	value, err := file.field(of)
	if err != nil {
		return r, err
	}
	if r.time, r.isUnix, err = parseTimestamp(r.spelling); err != nil {
		return r, file.Fault("timestamp %q: %w", r.spelling, err)
	}
	if r.demand, err = parseDemand(value); err != nil {
		return r, file.Fault("value %q: %w", value, err)
	}
	return r, nil
}

// rowList collects the rows of a file before the step is known.
type rowList struct {
	trace  Trace
	lines  []int32
	isUnix []bool
}

func (l *rowList) add(r row) {
	l.trace.Times = append(l.trace.Times, r.time)
	l.trace.Spelling = append(l.trace.Spelling, strings.Clone(r.spelling)) // else it keeps its whole line
	l.trace.Demand = append(l.trace.Demand, r.demand)
	l.lines = append(l.lines, int32(min(r.line, math.MaxInt32)))
	l.isUnix = append(l.isUnix, r.isUnix)
}

var errDemand = errors.New("wanted a finite number of 0 or more, or nothing for a hole")

// parseDemand reads the load of a step. Nothing and NaN mean that it is not known.
func parseDemand(s string) (float64, error) {
	if s == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || math.IsInf(v, 0) {
		return 0, errDemand
	}
	return v + 0, nil // a negative zero becomes zero
}

// fill returns the trace with a step without demand wherever a row is missing.
func (l *rowList) fill(name string) (*Trace, error) {
	rows := &l.trace
	step := modalStep(rows.Times)
	n := len(rows.Times)
	for i := 1; i < len(rows.Times); i++ {
		gap := rows.Times[i].Sub(rows.Times[i-1])
		if n += int(min((gap-1)/step, MaxSteps)); n > MaxSteps {
			return nil, fmt.Errorf("%s:%d: timestamp %q: the hole before it makes more than %d steps of %v; wanted fewer",
				name, l.lines[i], rows.Spelling[i], MaxSteps, step)
		}
	}
	if n == len(rows.Times) { // no hole: what has been read is the trace
		rows.Step = step
		return rows, nil
	}
	t := &Trace{
		Name:     name,
		Step:     step,
		Times:    make([]time.Time, 0, n),
		Demand:   make([]float64, 0, n),
		Spelling: make([]string, 0, n),
	}
	for i, at := range rows.Times {
		for i > 0 {
			hole := t.Times[len(t.Times)-1].Add(step)
			if !hole.Before(at) {
				break
			}
			t.Times = append(t.Times, hole)
			t.Demand = append(t.Demand, math.NaN())
			t.Spelling = append(t.Spelling, formatTimestamp(hole, l.isUnix[i-1]))
		}
		t.Times = append(t.Times, at)
		t.Demand = append(t.Demand, rows.Demand[i])
		t.Spelling = append(t.Spelling, rows.Spelling[i])
	}
	return t, nil
}

// modalStep is the most frequent difference of neighbours, the smallest of the most frequent ones.
func modalStep(times []time.Time) time.Duration {
	count := make(distances)
	for i := 1; i < len(times); i++ {
		count[times[i].Sub(times[i-1])]++
	}
	return count.modal()
}

// distances says how often neighbouring times are so far apart.
type distances map[time.Duration]int

func (count distances) modal() time.Duration {
	var step time.Duration
	for d, n := range count {
		if n > count[step] || n == count[step] && d < step {
			step = d
		}
	}
	return step
}
