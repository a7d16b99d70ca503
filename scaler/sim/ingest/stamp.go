package ingest

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errStamp = errors.New(`wanted RFC 3339, "2017-10-16 07:00:00", or a number since 1970 in s, ms, us or ns`)

// layouts are the spellings of a time with a zone, then those without. Every one may have a fraction of a second.
var layouts = [...]string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700",
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02 15:04", "2006-01-02",
}

const firstZoneless = 5

// stamps parses the times of one file, which are all of one unit.
type stamps struct {
	unit     int64 // nanoseconds, of times that are numbers; 0 before the first
	layout   int   // of the newest time that is text
	zoneless bool  // a time had no zone and was taken for UTC
}

// parse returns unix nanoseconds. The size of the first number tells the unit: seconds below 1e11, which they reach in
// the year 5138, milliseconds below 1e14, microseconds below 1e17.
func (s *stamps) parse(text string) (int64, error) {
	if text == "" {
		return 0, errStamp
	}
	if at, ok := s.number(text); ok {
		return at, nil
	}
	text = strings.TrimSuffix(text, " UTC")
	for i := range layouts {
		i = (i + s.layout) % len(layouts)
		t, err := time.Parse(layouts[i], text)
		if err != nil {
			continue
		}
		if t.Year() < 1700 || t.Year() > 2200 { // what int64 holds in nanoseconds
			return 0, errStamp
		}
		s.layout = i
		s.zoneless = s.zoneless || i >= firstZoneless
		return t.UnixNano(), nil
	}
	return 0, errStamp
}

func (s *stamps) number(text string) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		v, err := strconv.ParseFloat(text, 64) // 1.5e9, as spreadsheets and JSON write numbers
		if err != nil || !(math.Abs(v) < 1e19) || strings.ContainsAny(text, "xXpP_") {
			return 0, false
		}
		whole, fraction, _ = strings.Cut(strconv.FormatFloat(math.Abs(v), 'f', -1, 64), ".")
		negative = v < 0
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, false
	}
	if s.unit == 0 {
		s.unit = unitOf(n)
	}
	if n >= math.MaxInt64/s.unit-1 {
		return 0, false
	}
	at := n * s.unit
	for i, part := 0, s.unit/10; i < len(fraction) && part > 0; i, part = i+1, part/10 {
		at += int64(fraction[i]-'0') * part
	}
	if negative {
		at = -at
	}
	return at, true
}

func unitOf(n int64) int64 {
	switch {
	case n < 1e11:
		return int64(time.Second)
	case n < 1e14:
		return int64(time.Millisecond)
	case n < 1e17:
		return int64(time.Microsecond)
	}
	return 1
}
