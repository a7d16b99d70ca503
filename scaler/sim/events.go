package sim

import (
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// OpenEvents reads the events in a file as ReadEvents does.
func OpenEvents(path string) (events []forecast.Event, err error) {
	err = openTable(path, func(r io.Reader) error {
		events, err = ReadEvents(r, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

// ReadEvents reads announced events from CSV, plain or compressed with gzip, and returns them in the order of their start;
// those that start together keep the order of the file. name stands for the source in errors.
//
// The header line and a column timestamp (RFC 3339 or unix seconds; seconds matter) are required. Optional columns are id,
// kind, weight, window and duration_s. Without a weight column, spend_usd is the weight, and without that grp. Window is
// text such as "90s", or seconds; an empty field is 0, for a kind "event", and for an id "row-N" with N the number of the
// row after the header, from 1. Every other column is a label, in the order of the columns; empty ones are left out. A
// second event of the same id, a negative or infinite number and whatever else forecast.Event.Check refuses are errors. An
// error is one line that begins with name and the number of the line.
func ReadEvents(r io.Reader, name string) ([]forecast.Event, error) {
	file, err := newTable(r, name)
	if err != nil {
		return nil, err
	}
	columns, err := findEventColumns(file)
	if err != nil {
		return nil, err
	}
	events := []forecast.Event{}
	lines := make(map[string]int)
	for {
		more, err := file.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		event, err := columns.read(file, len(events)+1)
		if err != nil {
			return nil, err
		}
		if line, taken := lines[event.ID]; taken {
			return nil, file.Fault("id %q is line %d's already; wanted one event for each id", event.ID, line)
		}
		lines[event.ID] = file.Line
		events = append(events, event)
	}
	slices.SortStableFunc(events, func(a, b forecast.Event) int { return a.Start.Compare(b.Start) })
	return events, nil
}

// eventColumns are the places of the columns; -1 where the file has none.
type eventColumns struct {
	at, id, kind, weight, window, duration int
	labels                                 []int
}

func findEventColumns(file *table) (eventColumns, error) {
	var c eventColumns
	var spend, grp int
	for _, known := range []struct {
		name  string
		place *int
	}{
		{"timestamp", &c.at}, {"id", &c.id}, {"kind", &c.kind}, {"weight", &c.weight}, {"spend_usd", &spend},
		{"grp", &grp}, {"window", &c.window}, {"duration_s", &c.duration},
	} {
		place, err := file.column(known.name)
		if err != nil {
			return c, err
		}
		*known.place = place
	}
	if c.at < 0 {
		return c, file.Fault("no column is named \"timestamp\"; wanted a header line with one")
	}
	for _, other := range []int{spend, grp} {
		if c.weight < 0 {
			c.weight = other
		}
	}
	for i, name := range file.Header {
		switch i {
		case c.at, c.id, c.kind, c.weight, c.window, c.duration:
			continue
		}
		if name == "" {
			return c, file.Fault("column %d has no name; wanted one, because it is a label", i+1)
		}
		if _, err := file.column(name); err != nil {
			return c, err
		}
		c.labels = append(c.labels, i)
	}
	return c, nil
}

// read makes an event of the row, which is the n-th.
func (c eventColumns) read(file *table, n int) (forecast.Event, error) {
	var e forecast.Event
	text := func(column int, none string) string { // a row may end before its optional columns
		if column < 0 || column >= len(file.row) || file.row[column] == "" {
			return none
		}
		return file.row[column]
	}
	at := text(c.at, "")
	if at == "" {
		return e, file.Fault("timestamp: the event has no time; %w", errTimestamp)
	}
	start, _, err := parseTimestamp(at)
	if err != nil {
		return e, file.Fault("timestamp %q: %w", at, err)
	}
	e.Start = start
	e.ID = text(c.id, "row-"+strconv.Itoa(n))
	e.Kind = text(c.kind, "event")
	if e.Weight, err = parseAmount(text(c.weight, "0")); err != nil {
		return e, file.Fault("%s %q: %w", file.Header[c.weight], text(c.weight, ""), err)
	}
	if e.Window, err = parseSpan(text(c.window, "0")); err != nil {
		return e, file.Fault("%s %q: %w", file.Header[c.window], text(c.window, ""), err)
	}
	if e.Duration, err = parseSeconds(text(c.duration, "0")); err != nil {
		return e, file.Fault("%s %q: %w", file.Header[c.duration], text(c.duration, ""), err)
	}
	for _, column := range c.labels {
		if value := text(column, ""); value != "" {
			e.Labels = append(e.Labels, forecast.Label{Key: file.Header[column], Value: value})
		}
	}
	if err := e.Check(); err != nil { // what an engine would refuse later, without knowing the line
		return e, file.Fault("%w", err)
	}
	return e, nil
}

var (
	errAmount  = errors.New("wanted a finite number of 0 or more, or nothing where it is not known")
	errSeconds = errors.New("wanted a number of seconds, 0 to 9e9")
	errSpan    = errors.New("wanted text such as \"90s\" or a number of seconds, 0 or more")
)

func parseAmount(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return 0, errAmount
	}
	return v + 0, nil
}

func parseSeconds(s string) (time.Duration, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0) || v > 9e9 {
		return 0, errSeconds
	}
	return time.Duration(math.Round(v * float64(time.Second))), nil
}

func parseSpan(s string) (time.Duration, error) {
	if d, err := parseSeconds(s); err == nil {
		return d, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errSpan
	}
	return d, nil
}
