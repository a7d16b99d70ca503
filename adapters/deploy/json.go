package deploy

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// jsonReader turns JSON into nodes. YAML has nearly all of it, but not all escapes of its texts.
type jsonReader struct {
	dec    *json.Decoder
	text   []byte
	line   int // of byte at
	at     int64
	faults Faults
}

// readJSON reads b, which is valid.
func readJSON(b []byte) (*node, error) {
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(b)), text: b, line: 1}
	r.dec.UseNumber()
	return r.value(r.token(), ""), r.faults.err()
}

// token returns the next one, and has line be where it ends.
func (r *jsonReader) token() json.Token {
	t, _ := r.dec.Token() // the text is valid
	end := r.dec.InputOffset()
	r.line += bytes.Count(r.text[r.at:end], []byte("\n"))
	r.at = end
	return t
}

// value returns the node that begins with a token and stands at path.
func (r *jsonReader) value(t json.Token, path string) *node {
	out := &node{line: r.line}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			out.kind = list
			for r.dec.More() {
				out.items = append(out.items, r.value(r.token(), path+"["+strconv.Itoa(len(out.items))+"]"))
			}
		} else {
			out.kind = object
			for r.dec.More() {
				r.member(out, path)
			}
		}
		r.token() // the closing one
	case string:
		out.kind, out.text = text, t
	case json.Number:
		out.kind, out.text = number, t.String()
	case bool:
		out.kind, out.text = boolean, strconv.FormatBool(t)
	}
	return out
}

func (r *jsonReader) member(out *node, path string) {
	name, _ := r.token().(string)
	line := r.line
	at := join(path, name)
	value := r.value(r.token(), at)
	if out.member(name) != nil {
		r.faults = append(r.faults, Fault{line, at, "there twice", "each name once"})
		return
	}
	out.members = append(out.members, member{name, line, value})
}
