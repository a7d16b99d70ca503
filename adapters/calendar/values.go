package calendar

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	dayFirst   = "dmy"
	monthFirst = "mdy"

	wantedDate  = `a date such as 2026-03-07, 07.03.2026 or 07/03/2026`
	wantedClock = `a time of day such as 20:13, 20:13:05 or 25:30 (01:30 on the next day), up to 30:00`
)

var (
	isoDate     = regexp.MustCompile(`^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})$`)
	dottedDate  = regexp.MustCompile(`^(\d{1,2})[.-](\d{1,2})[.-](\d{4}|\d{2})$`)
	slashedDate = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$`)
	weekdayName = regexp.MustCompile(`^\p{L}{2,10}[.,]*\s*`)
	clockTime   = regexp.MustCompile(`^(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:\s*(?i:uhr|h))?$`)
	halfDay     = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))?\s*([aApP])\.?[mM]\.?$`)
)

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // "", or digits that a regular expression has counted
	return n
}

// parseDate reads a date. Whether day or month stands first where slashes are between them says order; "" knows no such
// date but those where both are the same, or only one can be the month.
func parseDate(s, order string) (year, month, day int, ok bool) {
	s = weekdayName.ReplaceAllString(s, "")
	if m := isoDate.FindStringSubmatch(s); m != nil {
		year, month, day = atoi(m[1]), atoi(m[2]), atoi(m[3])
	} else if m := dottedDate.FindStringSubmatch(s); m != nil {
		year, month, day = century(m[3]), atoi(m[2]), atoi(m[1])
	} else if m := slashedDate.FindStringSubmatch(s); m != nil {
		year, month, day = century(m[3]), atoi(m[2]), atoi(m[1])
		if order == monthFirst || order == "" && day <= 12 && month > 12 {
			month, day = day, month
		} else if order == "" && day <= 12 && month <= 12 && day != month {
			return 0, 0, 0, false
		}
	} else {
		return 0, 0, 0, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return year, month, day, sane(t) && int(t.Month()) == month && t.Day() == day
}

// century is a year; two digits are of this century.
func century(s string) int {
	if len(s) == 2 {
		return 2000 + atoi(s)
	}
	return atoi(s)
}

// slashed returns the first two numbers of a date with slashes.
func slashed(s string) (first, second int, ok bool) {
	m := slashedDate.FindStringSubmatch(weekdayName.ReplaceAllString(s, ""))
	if m == nil {
		return 0, 0, false
	}
	return atoi(m[1]), atoi(m[2]), true
}

// parseClock reads a time of day, which may run on to 30:00 as broadcasters count.
func parseClock(s string) (hour, minute, second int, ok bool) {
	if m := halfDay.FindStringSubmatch(s); m != nil {
		hour, minute, second = atoi(m[1]), atoi(m[2]), atoi(m[3])
		if hour < 1 || hour > 12 {
			return 0, 0, 0, false
		}
		hour %= 12
		if strings.EqualFold(m[4], "p") {
			hour += 12
		}
	} else if m := clockTime.FindStringSubmatch(s); m != nil {
		hour, minute, second = atoi(m[1]), atoi(m[2]), atoi(m[3])
	} else {
		return 0, 0, 0, false
	}
	return hour, minute, second, minute < 60 && second < 60 && (hour < 30 || hour == 30 && minute == 0 && second == 0)
}

// cutDate parts a date from the time of day behind it.
func cutDate(s string) (date, clock string, ok bool) {
	if at := strings.IndexByte(s, 'T'); at == 10 {
		return s[:at], s[at+1:], true
	}
	s = weekdayName.ReplaceAllString(s, "")
	date, clock, ok = strings.Cut(s, " ")
	return strings.TrimSuffix(date, ","), strings.TrimSpace(clock), ok
}

// The first second of 1970 and that of 2201: what is sane.
const (
	minUnix = 0
	maxUnix = 7289654400
)

// parseInstant reads a time that needs no zone: RFC 3339, or unix seconds, which may have a fraction.
func parseInstant(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, sane(t)
	}
	whole, fraction, _ := strings.Cut(s, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < minUnix || seconds >= maxUnix || len(whole) < 9 { // 20260307 is a date
		return time.Time{}, false
	}
	nanos := int64(0)
	if fraction != "" {
		if len(fraction) > 9 {
			fraction = fraction[:9]
		}
		n, err := strconv.ParseUint(fraction, 10, 32)
		if err != nil {
			return time.Time{}, false
		}
		nanos = int64(n)
		for range 9 - len(fraction) {
			nanos *= 10
		}
	}
	return time.Unix(seconds, nanos).UTC(), true
}

var (
	withComma = regexp.MustCompile(`^(\d{1,3}([. ']\d{3})+|\d+)(,\d+)?$`)
	withPoint = regexp.MustCompile(`^(\d{1,3}([, ']\d{3})+|\d+)(\.\d+)?$`)
	ungrouped = strings.NewReplacer(" ", "", "'", "", "\u202f", "", "\u2009", "")
	unit      = regexp.MustCompile(`(?i)^(€|\$|£|eur|usd|gbp|chf)\s*|\s*(€|\$|£|eur|usd|gbp|chf|grps?|trps?|%)$`)
	unknown   = regexp.MustCompile(`(?i)^(-+|–|—|n/?a|k\.?\s?a\.?|tba|tbd)$`)
)

// parseNumber reads an amount as people write it, with or without thousands marked, a currency or a decimal comma. It is 0
// where the plan says that it is not known.
func parseNumber(s string, comma bool) (float64, bool) {
	if unknown.MatchString(s) {
		return 0, true
	}
	s = unit.ReplaceAllString(s, "")
	switch {
	case comma && withComma.MatchString(s):
		s = strings.ReplaceAll(strings.ReplaceAll(ungrouped.Replace(s), ".", ""), ",", ".")
	case !comma && withPoint.MatchString(s):
		s = strings.ReplaceAll(ungrouped.Replace(s), ",", "")
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return 0, false
	}
	return v + 0, true // no negative zero
}

var (
	showsComma = regexp.MustCompile(`\.\d{3},\d+$|^\d+,(\d{1,2}|\d{4,})$|\.\d{3}\.\d{3}`)
	showsPoint = regexp.MustCompile(`,\d{3}\.\d+$|^\d+\.(\d{1,2}|\d{4,})$|,\d{3},\d{3}`)
)

// decimalComma says whether the amounts of a table have a comma before the decimals: as the first amount says that leaves
// no doubt (1.234 does), else as the separator suggests, for where the comma is decimal the semicolon separates.
func decimalComma(c columns, rows []row, separator rune) bool {
	for _, row := range rows {
		s := unit.ReplaceAllString(row.text(c.weight), "")
		switch {
		case showsComma.MatchString(s):
			return true
		case showsPoint.MatchString(s):
			return false
		}
	}
	return separator == ';'
}

var (
	secondsText = regexp.MustCompile(`(?i)^(\d+(?:[.,]\d+)?)\s*(?:s|sec|secs|seconds?|sek|sek\.|sekunden?|"|''|″)?$`)
	minutesText = regexp.MustCompile(`^(?:(\d{1,2}):)?(\d{1,3}):(\d{2})$`)
)

// parseSpan reads a length of time: seconds, minutes and seconds with a colon, or what time.ParseDuration reads.
func parseSpan(s string) (time.Duration, bool) {
	if m := secondsText.FindStringSubmatch(s); m != nil {
		v, err := strconv.ParseFloat(strings.Replace(m[1], ",", ".", 1), 64)
		if err != nil || v > 9e9 {
			return 0, false
		}
		return time.Duration(math.Round(v * float64(time.Second))), true
	}
	if m := minutesText.FindStringSubmatch(s); m != nil {
		return time.Duration(atoi(m[1]))*time.Hour + time.Duration(atoi(m[2]))*time.Minute + time.Duration(atoi(m[3]))*time.Second, atoi(m[3]) < 60
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}
