package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// m4Season and m4Horizon are what the M4 competition sets for hourly series, in hours.
const (
	m4Season  = 24
	m4Horizon = 48
)

// m4Series is one series of the competition: the hours that are known, and the m4Horizon hours that follow them.
type m4Series struct {
	id          string
	train, test []float64
}

// readM4 reads Hourly-train.csv and Hourly-test.csv in dir, in the order of the training file. Both have a header line, and
// then a row for each series: its name, such as H1, and its values, finite and not negative, with empty fields (or NA)
// after the last one. Every series stands in both, once.
func readM4(dir string) ([]m4Series, error) {
	train, err := openM4(dir, "Hourly-train.csv")
	if err != nil {
		return nil, err
	}
	defer train.close()
	test, err := openM4(dir, "Hourly-test.csv")
	if err != nil {
		return nil, err
	}
	defer test.close()

	var series []m4Series
	place := map[string]int{} // of an id in series
	err = eachM4Row(train, func(id string, values []float64) error {
		if len(values) <= m4Season {
			return fmt.Errorf("series %q has %d values; wanted more than a season, %d", id, len(values), m4Season)
		}
		if seasonalScale(values, m4Season) == 0 {
			return fmt.Errorf("series %q repeats its first %d values; wanted one that changes, or MASE would divide by 0", id, m4Season)
		}
		place[id] = len(series)
		series = append(series, m4Series{id: id, train: values})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachM4Row(test, func(id string, values []float64) error {
		i, ok := place[id]
		if !ok {
			return fmt.Errorf("series %q: wanted one that %s has too", id, train.Name)
		}
		if len(values) != m4Horizon {
			return fmt.Errorf("series %q has %d values; wanted %d", id, len(values), m4Horizon)
		}
		series[i].test = values
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range series {
		if s.test == nil {
			return nil, test.Fault("the file ends without series %q; wanted every one that %s has", s.id, train.Name)
		}
	}
	return series, nil
}

// openM4 opens a file of the competition, plain if it is there, else compressed.
func openM4(dir, name string) (*csvFile, error) {
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path + ".gz"); err != nil {
			return nil, fmt.Errorf("-m4 %s: neither %s nor %s.gz is there; wanted M4's hourly series", dir, name, name)
		}
		path += ".gz"
	}
	f, err := openCSV(path)
	if err != nil {
		return nil, err
	}
	if len(f.Header) > 1 {
		if _, err := strconv.ParseFloat(f.Header[1], 64); err == nil {
			f.close()
			return nil, f.Fault("the first line is data; wanted a header line such as V1,V2,V3")
		}
	}
	return f, nil
}

// eachM4Row calls add with every row. An error of add gets the file and the line.
func eachM4Row(f *csvFile, add func(id string, values []float64) error) error {
	lines := map[string]int{} // of an id
	for {
		row, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		id := row[0]
		if id == "" {
			return f.Fault("the series has no name; wanted one such as H1 in the first field")
		}
		if first, twice := lines[id]; twice {
			return f.Fault("series %q stands in line %d already; wanted each once", id, first)
		}
		lines[id] = f.Line
		values, err := m4Values(row[1:])
		if err == nil {
			err = add(id, values)
		}
		if err != nil {
			return f.Fault("%w", err)
		}
	}
	if len(lines) == 0 {
		return f.Fault("the file ends after its header; wanted a row for each series")
	}
	return nil
}

// m4Values reads the fields after the name of a series.
func m4Values(fields []string) ([]float64, error) {
	n := len(fields)
	for n > 0 && (fields[n-1] == "" || fields[n-1] == "NA") {
		n--
	}
	values := make([]float64, n)
	for i, s := range fields[:n] {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("field %d is %q; wanted a finite number of 0 or more, and nothing only after the last value", i+2, s)
		}
		values[i] = v
	}
	return values, nil
}
