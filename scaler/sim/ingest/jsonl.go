package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// objectRows are JSON objects as the rows of a table: one after the other, or the elements of an array. Numbers and texts
// are fields, null is an empty one; objects and arrays inside are not looked at. The first object's names are the header.
type objectRows struct {
	json    *jsonReader
	inArray bool
	header  []string
	place   map[string]int
	row     []string
	waiting bool // row was read for the header
	line    int
}

func newObjects(b *bufio.Reader, name string, o Options, s *stamps) (decoder, error) {
	r := &objectRows{json: newJSONReader(b, name), place: map[string]int{}}
	head, _ := b.Peek(sniffed)
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("[")) {
		if err := r.json.open('['); err != nil {
			return nil, err
		}
		r.inArray = true
	}
	if err := r.read(true); errors.Is(err, io.EOF) {
		return nil, r.json.fault("no rows; wanted at least two")
	} else if err != nil {
		return nil, err
	}
	r.waiting = true
	return newTable(name, r.header, r, o, s)
}

func (r *objectRows) Next() ([]string, int, error) {
	if r.waiting {
		r.waiting = false
		return r.row, r.line, nil
	}
	err := r.read(false)
	return r.row, r.line, err
}

func (r *objectRows) read(first bool) error {
	if r.inArray && !r.json.dec.More() {
		if err := r.json.open(']'); err != nil {
			return err
		}
		r.inArray = false
	}
	clear(r.row)
	if err := r.json.open('{'); err != nil {
		return err
	}
	r.line = r.json.line()
	for r.json.dec.More() {
		key, err := r.json.key()
		if err != nil {
			return err
		}
		text, scalar, err := r.json.scalar()
		if err != nil {
			return err
		}
		i, known := r.place[key]
		if first && known {
			return r.json.fault("field %q comes twice; wanted it once", key)
		}
		if first && scalar {
			i, known = len(r.header), true
			r.place[key] = i
			r.header = append(r.header, key)
			r.row = append(r.row, "")
		}
		if known {
			r.row[i] = text
		}
	}
	return r.json.open('}')
}

// jsonReader reads JSON token by token and knows the line.
type jsonReader struct {
	name  string
	dec   *json.Decoder
	lines *lineCounter
	raw   json.RawMessage
}

func newJSONReader(b *bufio.Reader, name string) *jsonReader {
	r := &jsonReader{name: name, lines: &lineCounter{r: b, line: 1}}
	r.dec = json.NewDecoder(r.lines)
	r.dec.UseNumber()
	return r
}

func (r *jsonReader) line() int { return r.lines.at(r.dec.InputOffset()) }

func (r *jsonReader) fault(format string, args ...any) error {
	return faultAt(r.name, r.line(), format, args...)
}

// failed is the error of the JSON itself. The end of the file is none that a caller could take for the end of the rows.
func (r *jsonReader) failed(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return faultAt(r.name, r.lines.at(syntax.Offset), "%w; wanted JSON", err)
	}
	return r.fault("%w; wanted the rest of the JSON", err)
}

// open reads one of []{}.
func (r *jsonReader) open(want json.Delim) error {
	t, err := r.dec.Token()
	if errors.Is(err, io.EOF) && want == '{' {
		return io.EOF
	}
	if err != nil {
		return r.failed(err)
	}
	if t != want {
		return r.fault("%q; wanted %q", clip(fmt.Sprint(t)), want.String())
	}
	return nil
}

func (r *jsonReader) key() (string, error) {
	t, err := r.dec.Token()
	if err != nil {
		return "", r.failed(err)
	}
	key, _ := t.(string) // the decoder takes nothing else for a key
	return key, nil
}

// scalar reads a value. An object or an array is skipped, and is no scalar.
func (r *jsonReader) scalar() (text string, ok bool, err error) {
	if err := r.value(&r.raw); err != nil {
		return "", false, err
	}
	switch r.raw[0] {
	case '{', '[':
		return "", false, nil
	case '"':
		if err := json.Unmarshal(r.raw, &text); err != nil {
			return "", false, r.failed(err)
		}
		return text, true, nil
	case 'n':
		return "", true, nil
	}
	return string(r.raw), true, nil
}

// value reads a value into v.
func (r *jsonReader) value(v any) error {
	err := r.dec.Decode(v)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return r.fault("a JSON %s; wanted %s", kind.Value, kind.Type)
	}
	if err != nil {
		return r.failed(err)
	}
	return nil
}

// lineCounter knows the line of an offset that has not been asked for yet. What has been asked for is forgotten.
type lineCounter struct {
	r      io.Reader
	offset int64
	breaks []int64 // offsets behind the new lines not yet asked for
	line   int
}

func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			c.breaks = append(c.breaks, c.offset+int64(i)+1)
		}
	}
	c.offset += int64(n)
	return n, err
}

func (c *lineCounter) at(offset int64) int {
	i := 0
	for i < len(c.breaks) && c.breaks[i] <= offset {
		i++
	}
	c.line += i
	c.breaks = append(c.breaks[:0], c.breaks[i:]...)
	return c.line
}
