package ingest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Summary says in one line what was read and what became of it. Call it after Each or Trace: they count.
func (s *Source) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", s.Name, s.Format)
	if s.Series != "" {
		fmt.Fprintf(&b, ", %s", s.Series)
	}
	if s.chosen >= 0 && s.known > 1 {
		fmt.Fprintf(&b, " of %d series", s.known)
	}
	fmt.Fprintf(&b, ": %d points -> %d steps of %v from %s", s.Points, s.Steps, s.Step, s.Start.Format(time.RFC3339Nano))
	fmt.Fprintf(&b, "; %d nulls, %d points merged, %d steps without a value", s.stats.nulls, s.stats.merged, s.stats.holes)
	switch s.kind {
	case Counter:
		b.WriteString("; a counter, made a rate per second")
	case Count:
		b.WriteString("; counts, made a rate per second")
	}
	if s.note != "" {
		b.WriteString("; " + s.note)
	}
	return b.String()
}

// WriteCSV writes the steps as a file of the contract of package sim: timestamp,value, an empty value for a hole.
func (s *Source) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "timestamp,value\n"); err != nil {
		return err
	}
	var line []byte
	return s.Each(func(at time.Time, demand float64) error {
		line = at.AppendFormat(line[:0], time.RFC3339Nano)
		line = append(line, ',')
		if demand >= 0 {
			line = strconv.AppendFloat(line, demand, 'g', -1, 64)
		}
		_, err := w.Write(append(line, '\n'))
		return err
	})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
