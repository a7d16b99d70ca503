// Package moment reads times as files and messages have them.
package moment

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrFormat is the error of Parse, which says what would have been right.
var ErrFormat = errors.New(`RFC 3339 ("2024-03-04T20:15:00Z") or unix seconds (1709583300), of the years 1 to 9999`)

// The years that RFC 3339 can write, in unix seconds.
const (
	first = -62135596800 // of the year 1
	last  = 253402300799 // of the year 9999
)

// Parse reads RFC 3339, or unix seconds with up to nine decimals.
func Parse(s string) (time.Time, error) {
	whole, part, dotted := strings.Cut(s, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return time.Time{}, ErrFormat
		}
		return t.UTC(), nil
	}
	var nanos uint64
	if dotted {
		if nanos, err = strconv.ParseUint((part + "000000000")[:9], 10, 64); err != nil || part == "" || len(part) > 9 {
			return time.Time{}, ErrFormat
		}
	}
	if seconds < first || seconds > last { // milliseconds end up here
		return time.Time{}, ErrFormat
	}
	if strings.HasPrefix(whole, "-") { // the decimals count away from zero
		return time.Unix(seconds, -int64(nanos)).UTC(), nil
	}
	return time.Unix(seconds, int64(nanos)).UTC(), nil
}
