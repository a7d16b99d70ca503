package datadog

import (
	"fmt"
	"math"
	"strconv"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
)

// numbers is a list of numbers in JSON, in which null is NaN.
type numbers []float64

// UnmarshalJSON implements json.Unmarshaler. text is valid JSON.
func (n *numbers) UnmarshalJSON(text []byte) error {
	*n = nil
	if string(text) == "null" {
		return nil
	}
	s := scanner{text: text}
	s.expect('[')
	if s.next() == ']' {
		return nil
	}
	*n = make(numbers, 0, s.separators()+1)
	for s.err == nil {
		*n = append(*n, s.number())
		if s.next() != ',' {
			break
		}
		s.at++
	}
	s.expect(']')
	return s.err
}

// points is a list of points in JSON, each of them a time and a value.
type points struct {
	times, values numbers
	fault         error // of one point: it is no reason to refuse what others have asked
}

// UnmarshalJSON implements json.Unmarshaler. text is valid JSON.
func (p *points) UnmarshalJSON(text []byte) error {
	*p = points{}
	if string(text) == "null" {
		return nil
	}
	s := scanner{text: text}
	s.expect('[')
	if s.next() == ']' {
		return nil
	}
	room := (s.separators() + 2) / 2 // one comma in each point, and one between two
	p.times, p.values = make(numbers, 0, room), make(numbers, 0, room)
	for s.err == nil {
		s.expect('[')
		at := s.number()
		if s.next() != ',' {
			s.fail("point of 1 number; wanted a time and a value")
			break
		}
		s.at++
		p.times, p.values = append(p.times, at), append(p.values, s.number())
		if s.next() != ']' {
			s.fail("point that goes on after a time and a value")
			break
		}
		s.at++
		if s.next() != ',' {
			break
		}
		s.at++
	}
	p.fault = s.err
	return nil
}

// scanner reads lists of numbers. encoding/json takes one allocation for each number that may be null, which here is each.
type scanner struct {
	text []byte // valid JSON
	at   int
	err  error // the first
}

// next returns the next byte that is no space, 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch b := s.text[s.at]; b {
		case ' ', '\t', '\n', '\r':
		default:
			return b
		}
	}
	return 0
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

func (s *scanner) expect(b byte) {
	if got := s.next(); got != b {
		s.fail("%q where a list of numbers has %q", got, b)
	}
	s.at++
}

// number reads one, or null.
func (s *scanner) number() float64 {
	s.next()
	begin := s.at
	for s.at < len(s.text) && s.text[s.at] != ',' && s.text[s.at] != ']' && s.text[s.at] > ' ' {
		s.at++
	}
	word := s.text[begin:s.at]
	if string(word) == "null" {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(string(word), 64)
	if err != nil {
		s.fail("%q; wanted a number or null", refusal.Clip(string(word)))
	}
	return v
}

// separators returns the number of commas that are left.
func (s *scanner) separators() int {
	n := 0
	for _, b := range s.text[min(s.at, len(s.text)):] {
		if b == ',' {
			n++
		}
	}
	return n
}
