package scaler

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// number writes v, 0 or more, in plain digits, three of them at most: 0.04, 12.3, 280, 1.52 thousand.
func number(v float64) string {
	if math.IsNaN(v) {
		return "unknown"
	}
	if v > 0 && v < 0.0005 {
		return "almost 0"
	}
	name := ""
	for _, unit := range []string{" thousand", " million", " billion", " trillion"} {
		if v < 999.5 {
			break
		}
		v /= 1000
		name = unit
	}
	digits := 2
	for w := v; w >= 9.995 && digits > 0; w /= 10 {
		digits--
	}
	if v < 0.1 {
		digits = 3
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + name
}

// span writes a duration as people say it, in its largest unit that gives a whole number or at least two.
func span(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= 2*u.of || d >= u.of && d%u.of == 0 {
			return count(int((d+u.of/2)/u.of), u.name)
		}
	}
	return count(int((d+time.Second/2)/time.Second), "second")
}

// ordinal writes "A 13th", "An 8th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	s := strconv.Itoa(n)
	article := "a "
	if s[0] == '8' || (n == 11 || n == 18) || len(s)%3 == 2 && (s[:2] == "11" || s[:2] == "18") {
		article = "an "
	}
	return article + s + suffix
}

func replicas(n int) string { return count(n, "replica") }

func count(n int, name string) string { return strconv.Itoa(n) + " " + agree(n, name, name+"s") }

// are is the count of replicas with its verb.
func are(n int) string { return replicas(n) + " " + agree(n, "is", "are") }

// agree picks the singular for one.
func agree(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// upper returns s with a capital letter.
func upper(s string) string { return first(s, unicode.ToUpper) }

// lower returns s without one.
func lower(s string) string { return first(s, unicode.ToLower) }

func first(s string, f func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(f(r)) + s[n:]
}
