package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// expositionDecoder reads OpenMetrics text, Prometheus text with timestamps, and the lines of `promtool tsdb dump`: a name
// and labels, a value, a time.
type expositionDecoder struct {
	name   string
	lines  *bufio.Reader
	line   int
	long   []byte // a line that is longer than the buffer
	stamps *stamps
	ended  bool // # EOF has been read
	seriesTable
}

func newExposition(b *bufio.Reader, name string, s *stamps) *expositionDecoder {
	return &expositionDecoder{name: name, lines: b, stamps: s}
}

func (d *expositionDecoder) each(yield func(p *point) error) error { return eachOf(d.next, yield) }

func (d *expositionDecoder) next(p *point) error {
	for {
		text, err := d.readLine()
		if err != nil {
			return err
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		if d.ended {
			return faultAt(d.name, d.line, "%q after # EOF; wanted nothing", clip(string(text)))
		}
		if text[0] == '#' {
			d.ended = string(bytes.TrimSpace(text[1:])) == "EOF"
			continue
		}
		if err := d.sample(p, text); err != nil {
			return faultAt(d.name, d.line, "%w", err)
		}
		return nil
	}
}

// maxLine is the longest line that is read.
const maxLine = 1 << 20

func (d *expositionDecoder) readLine() ([]byte, error) {
	d.long = d.long[:0]
	d.line++
	for {
		part, err := d.lines.ReadSlice('\n')
		if err == nil && len(d.long) == 0 {
			return part, nil
		}
		d.long = append(d.long, part...)
		switch {
		case len(d.long) > maxLine:
			return nil, faultAt(d.name, d.line, "a line of more than %d bytes; wanted name{labels} value time", maxLine)
		case errors.Is(err, io.EOF) && len(d.long) == 0:
			return nil, io.EOF
		case err == nil || errors.Is(err, io.EOF):
			return d.long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, faultAt(d.name, d.line, "%w; wanted the rest of the file", err)
		}
	}
}

var errSample = errors.New("wanted name{labels} value time")

func (d *expositionDecoder) sample(p *point, text []byte) error {
	end := endOfSeries(text)
	if end < 0 {
		return fmt.Errorf("%q: %w", clip(string(text)), errSample)
	}
	rest := string(text[end:])
	if i := strings.Index(rest, " # "); i >= 0 { // an exemplar
		rest = rest[:i]
	}
	fields := strings.Fields(rest)
	if len(fields) == 1 {
		return fmt.Errorf("%q has no time; wanted one on every line: a page of metrics is one moment only", clip(string(text)))
	}
	if len(fields) != 2 {
		return fmt.Errorf("%q: %w", clip(string(text)), errSample)
	}
	at, err := d.stamps.parse(fields[1])
	if err != nil {
		return fmt.Errorf("time %q: %w", fields[1], err)
	}
	n, err := d.number(string(text[:end]), func() (string, error) { return canonicalSeries(string(text[:end])) })
	*p = point{series: n, at: at, text: fields[0], line: d.line}
	return err
}

// endOfSeries is where the name and the labels end: at the first space outside braces. It is -1 if they never do.
func endOfSeries(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && depth > 0:
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			depth--
			if i+1 < len(text) && text[i+1] != ' ' && text[i+1] != '\t' {
				return i + 1
			}
		case (c == ' ' || c == '\t') && depth == 0:
			if j := i + len(text[i:]) - len(bytes.TrimLeft(text[i:], " \t")); j < len(text) && text[j] == '{' {
				i = j - 1 // a space between the name and the brace
				continue
			}
			return i
		}
	}
	return -1
}

// canonicalSeries writes a series with its labels in order of their names.
func canonicalSeries(text string) (string, error) {
	name, rest, braces := strings.Cut(text, "{")
	name = strings.TrimSpace(name)
	if !braces {
		return name, nil
	}
	labels := map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if after, ok := strings.CutPrefix(rest, "}"); ok {
			if strings.TrimSpace(after) != "" {
				return "", fmt.Errorf("%q: %w", clip(text), errSample)
			}
			return seriesText(name, labels), nil
		}
		key, value, after, err := cutLabel(rest)
		if err != nil {
			return "", fmt.Errorf("%q: %w", clip(text), errSample)
		}
		if _, twice := labels[key]; twice {
			return "", fmt.Errorf("%q: label %q comes twice; wanted it once", clip(text), key)
		}
		labels[key] = value
		rest = after
	}
}

// cutLabel takes key="value" from the front of s, or "name" alone, which is how a name outside the old alphabet stands
// among its labels.
func cutLabel(s string) (key, value, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		quoted, rest, ok := cutQuoted(s)
		if !ok {
			return "", "", "", errSample
		}
		after, labelled := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if !labelled {
			return "__name__", quoted, rest, nil
		}
		key, s = quoted, after
	} else {
		before, after, ok := strings.Cut(s, "=")
		if key = strings.TrimSpace(before); !ok || key == "" {
			return "", "", "", errSample
		}
		s = after
	}
	value, rest, ok := cutQuoted(strings.TrimLeft(s, " \t"))
	if !ok {
		return "", "", "", errSample
	}
	return key, value, rest, nil
}

// cutQuoted takes a text in quotes from the front of s. A backslash stands before a quote, another, or the n of a new line.
func cutQuoted(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case '\\', '"':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// seriesText is how a series is called: name{a="b",c="d"}.
func seriesText(name string, labels map[string]string) string {
	if name == "" {
		name = labels["__name__"]
	}
	var parts []string
	for key, value := range labels {
		if key != "__name__" {
			parts = append(parts, key+"="+strconv.Quote(value))
		}
	}
	if len(parts) == 0 && name != "" {
		return name
	}
	slices.Sort(parts)
	return name + "{" + strings.Join(parts, ",") + "}"
}

// clip shortens what an error quotes.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
