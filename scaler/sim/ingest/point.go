package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// point is one measurement as the file has it.
type point struct {
	series int    // the number of its series, in the order of the file
	at     int64  // unix nanoseconds
	text   string // the value as it is spelled: read only if the series is wanted
	line   int
}

// decoder reads a file once.
type decoder interface {
	// each calls yield with the points in the order of the file, and stops at its error. An error of its own is one line that
	// names the file and the line.
	each(yield func(p *point) error) error
	// series are the names of the series, complete after each.
	series() []string
}

// eachOf is decoder.each for what returns one point after the other, and io.EOF.
func eachOf(next func(p *point) error, yield func(p *point) error) error {
	var p point
	for {
		err := next(&p)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := yield(&p); err != nil {
			return err
		}
	}
}

// maxSeries is how many series a file may have.
const maxSeries = 100_000

// seriesTable numbers series by what the file says of them.
type seriesTable struct {
	numbers map[string]int // by the spelling of the file
	known   map[string]int // by name: the same labels may come in another order
	names   []string
}

// number is that of the series which the file spells as key; name is called for a new one.
func (t *seriesTable) number(key string, name func() (string, error)) (int, error) {
	if n, ok := t.numbers[key]; ok {
		return n, nil
	}
	if len(t.names) == maxSeries {
		return 0, fmt.Errorf("more than %d series; wanted fewer", maxSeries)
	}
	text, err := name()
	if err != nil {
		return 0, err
	}
	if t.numbers == nil {
		t.numbers, t.known = map[string]int{}, map[string]int{}
	}
	n, ok := t.known[text]
	if !ok {
		n = len(t.names)
		t.known[text] = n
		t.names = append(t.names, text)
	}
	t.numbers[strings.Clone(key)] = n
	return n, nil
}

func (t *seriesTable) series() []string { return t.names }

var errValue = errors.New("wanted a finite number of 0 or more, or nothing for a hole")

// parseValue reads a load. What stands for no measurement in one of the formats is NaN.
func parseValue(s string) (float64, error) {
	switch s {
	case "", "null", "NULL", "None", "undefined", "N/A", "-":
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || math.IsInf(v, 0) {
		return 0, errValue
	}
	return v + 0, nil // a negative zero becomes zero
}

// faultAt is an error in one line that begins with the file and the line.
func faultAt(name string, line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", name, line, fmt.Errorf(format, args...))
}
