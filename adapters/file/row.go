package file

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/adapters/internal/moment"
	"github.com/headroom-go/headroom/forecast"
)

// LineError says what is wrong with a line of a file.
type LineError struct {
	Path   string
	Line   int    // 1 is the first
	Found  string // what stands there, with the name of its field
	Wanted string
	More   int // further lines of the same read that could not be read either
}

// Error implements error.
func (e *LineError) Error() string {
	s := fmt.Sprintf("%s:%d: %s; wanted %s", e.Path, e.Line, e.Found, e.Wanted)
	if e.More > 0 {
		s += fmt.Sprintf(" (and %d more such lines)", e.More)
	}
	return s
}

// format is what the lines of a file are.
type format uint8

const (
	formatUnknown format = iota
	formatCSV
	formatJSON
)

// columns say where in a line time and value stand: at which places, if it is CSV.
type columns struct {
	format      format
	time, value int
}

const (
	timeColumn  = "timestamp"
	valueColumn = "value"
)

// byteOrderMark is that with which spreadsheets begin a file.
var byteOrderMark = []byte("\ufeff")

// parseHeader finds the columns in the first line, or sees that it is an object.
func parseHeader(line []byte) (columns, *LineError) {
	c := columns{formatCSV, -1, -1}
	text := bytes.TrimPrefix(line, byteOrderMark)
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return columns{format: formatJSON}, nil
	}
	for i := range bytes.Count(line, []byte(",")) + 1 {
		switch name, _ := cell(text, i); strings.ToLower(string(name)) {
		case timeColumn:
			c.time = i
		case valueColumn:
			c.value = i
		}
	}
	if c.time < 0 || c.value < 0 {
		return columns{}, &LineError{Found: "header " + quote(line), Wanted: "columns timestamp and value, or JSON objects with them"}
	}
	return c, nil
}

// parseRow reads one line after the header.
func parseRow(line []byte, c columns) (forecast.Sample, *LineError) {
	at, ok := cell(line, c.time)
	if !ok {
		return forecast.Sample{}, &LineError{Found: "line " + quote(line), Wanted: fmt.Sprintf("a timestamp in column %d", c.time+1)}
	}
	value, ok := cell(line, c.value)
	if !ok {
		return forecast.Sample{}, &LineError{Found: "line " + quote(line), Wanted: fmt.Sprintf("a value in column %d", c.value+1)}
	}
	t, err := moment.Parse(string(at))
	if err != nil {
		return forecast.Sample{}, &LineError{Found: "timestamp is " + quote(at), Wanted: err.Error()}
	}
	v, err := parseValue(string(value))
	if err != nil {
		return forecast.Sample{}, &LineError{Found: "value is " + quote(value), Wanted: err.Error()}
	}
	return forecast.Sample{Time: t, Value: v}, nil
}

// cell returns column i of a line without blanks and quotes around it, and false where the line has fewer. A quoted cell
// may hold commas; a quote inside a cell, which neither a time nor a number needs, is not understood.
func cell(line []byte, i int) ([]byte, bool) {
	for ; ; i-- {
		line = bytes.TrimLeft(line, " \t")
		end := bytes.IndexByte(line, ',')
		if len(line) > 0 && line[0] == '"' {
			if closing := bytes.IndexByte(line[1:], '"'); closing >= 0 {
				after := closing + 2
				if end = bytes.IndexByte(line[after:], ','); end >= 0 {
					end += after
				}
			}
		}
		if i == 0 {
			if end >= 0 {
				line = line[:end]
			}
			line = bytes.TrimSpace(line)
			if n := len(line); n >= 2 && line[0] == '"' && line[n-1] == '"' {
				line = bytes.TrimSpace(line[1 : n-1])
			}
			return line, true
		}
		if end < 0 {
			return nil, false
		}
		line = line[end+1:]
	}
}

var (
	errValue       = errors.New("a finite number of 0 or more, or nothing for a gap")
	errObjectValue = errors.New("a finite number of 0 or more, or null for a gap")
)

// parseValue reads a number; nothing and NaN are a known gap.
func parseValue(s string) (float64, error) {
	if s == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || math.IsInf(v, 0) {
		return 0, errValue
	}
	return v, nil
}

// quote shows what was found, but not all of a long line.
func quote(b []byte) string {
	if len(b) > mostShown {
		return strconv.Quote(string(b[:mostShown])) + "..."
	}
	return strconv.Quote(string(b))
}

const mostShown = 60 // bytes
