package sim

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errTimestamp = errors.New(`wanted RFC 3339 ("2017-10-16T07:00:00Z") or unix seconds (1508137200)`)

// The years that RFC 3339 can write, in unix seconds.
const (
	minUnix = -62135596800 // 0001-01-01T00:00:00Z
	maxUnix = 253402300800 // 10000-01-01T00:00:00Z, the first that it cannot
)

// parseTimestamp reads RFC 3339 or unix seconds, which may have a decimal fraction (digits past the ninth are dropped).
// The time is in UTC; isUnix tells the two spellings apart.
func parseTimestamp(s string) (t time.Time, isUnix bool, err error) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if !isDigits(strings.TrimPrefix(whole, "-")) {
		t, err = time.Parse(time.RFC3339, s)
		if err != nil || t.Unix() < minUnix || t.Unix() >= maxUnix {
			return time.Time{}, false, errTimestamp
		}
		return t.UTC(), false, nil
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < minUnix || seconds >= maxUnix || dotted && !isDigits(fraction) {
		// Milliseconds end up here from 1978 on.
		return time.Time{}, false, errTimestamp
	}
	var nanos int64
	for i, unit := 0, int64(time.Second)/10; i < len(fraction) && unit > 0; i, unit = i+1, unit/10 {
		nanos += int64(fraction[i]-'0') * unit
	}
	if whole[0] == '-' {
		nanos = -nanos
	}
	return time.Unix(seconds, nanos).UTC(), true, nil
}

// formatTimestamp spells a time as parseTimestamp reads it.
func formatTimestamp(t time.Time, asUnix bool) string {
	if !asUnix {
		return t.UTC().Format(time.RFC3339Nano)
	}
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	if nanos == 0 {
		return strconv.FormatInt(seconds, 10)
	}
	sign := ""
	if seconds < 0 { // the decimal fraction of a negative number counts away from zero
		sign, seconds, nanos = "-", -(seconds + 1), int64(time.Second)-nanos
	}
	fraction := strconv.FormatInt(int64(time.Second)+nanos, 10)[1:]
	return sign + strconv.FormatInt(seconds, 10) + "." + strings.TrimRight(fraction, "0")
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
