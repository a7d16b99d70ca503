package scaler

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
)

// ParseConfig reads a Config from JSON. Fields that are not there stay zero: apply WithDefaults, then Validate, which New
// does by itself. Unknown fields, fields that come twice and values of the wrong type are refused, all of them at once,
// as Faults.
//
// YAML loads through any YAML-to-JSON converter.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	dec := json.NewDecoder(bytes.NewReader(b))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return Config{}, fmt.Errorf("config: %w", syntax(b, err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("config: there is more text after the closing brace")
	}
	var f Faults
	parseStruct(raw, reflect.ValueOf(&c).Elem(), "", &f)
	if len(f) > 0 {
		return Config{}, f
	}
	return c, nil
}

// syntax adds the line to an error of the JSON decoder.
func syntax(b []byte, err error) error {
	var se *json.SyntaxError
	if errors.As(err, &se) {
		at := min(int(se.Offset), len(b))
		return fmt.Errorf("line %d: %w", 1+bytes.Count(b[:at], []byte("\n")), err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d: the text ends before the configuration does", 1+bytes.Count(bytes.TrimRight(b, "\n"), []byte("\n")))
	}
	return err
}

// parseStruct fills the struct v from a JSON object and reports every fault below path.
func parseStruct(raw json.RawMessage, v reflect.Value, path string, f *Faults) {
	members, err := objectMembers(raw)
	if err != nil {
		*f = append(*f, Fault{orRoot(path), kindOf(raw), "an object"})
		return
	}
	fields := map[string]reflect.Value{}
	var names []string
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i)
		names = append(names, name)
	}
	seen := map[string]bool{}
	for _, m := range members {
		at := strings.TrimPrefix(path+"."+m.name, ".")
		if strings.ContainsFunc(at, unicode.IsControl) { // an error is one line
			at = strconv.Quote(at)
		}
		field, known := fields[m.name]
		switch {
		case !known:
			*f = append(*f, Fault{at, "unknown", "one of " + strings.Join(names, ", ")})
		case seen[m.name]:
			*f = append(*f, Fault{at, "there twice", "each field once"})
		default:
			parseAny(m.value, field, at, f)
		}
		seen[m.name] = true
	}
}

// parseAny fills v from a JSON value.
func parseAny(raw json.RawMessage, v reflect.Value, path string, f *Faults) {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		parseAny(raw, v.Elem(), path, f)
	case v.Kind() == reflect.Slice:
		parseList(raw, v, path, f)
	case isObject(v):
		parseStruct(raw, v, path, f)
	default:
		parseValue(raw, v, path, f)
	}
}

// isObject says whether v is a struct that is an object in JSON, and not one that is a text there.
func isObject(v reflect.Value) bool {
	_, text := v.Addr().Interface().(encoding.TextUnmarshaler)
	return v.Kind() == reflect.Struct && !text
}

// parseList fills the slice v from a JSON array.
func parseList(raw json.RawMessage, v reflect.Value, path string, f *Faults) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		*f = append(*f, Fault{path, kindOf(raw), "a list"})
		return
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		parseAny(item, list.Index(i), at, f)
	}
	v.Set(list)
}

// parseValue fills the scalar v.
func parseValue(raw json.RawMessage, v reflect.Value, path string, f *Faults) {
	if err := json.Unmarshal(raw, v.Addr().Interface()); err == nil && string(raw) != "null" {
		return
	}
	wanted := "a whole number"
	switch v.Interface().(type) {
	case Duration, compat.Duration:
		wanted = `a duration in quotes, such as "90s"`
	case float64:
		wanted = "a number"
	case string:
		wanted = "a text in quotes"
	case bool:
		wanted = "true or false"
	case forecast.Date:
		wanted = `a day in quotes, such as "2026-12-25"`
	case forecast.Expert:
		wanted = "the name of an expert in quotes, such as " + strconv.Quote(forecast.ByRegression.String())
	}
	*f = append(*f, Fault{path, shown(raw), wanted})
}

// shown is a JSON value as a fault shows it: on one line, and its beginning if it is long.
func shown(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return kindOf(raw)
	}
	if b.Len() > 40 {
		return strings.ToValidUTF8(string(b.Bytes()[:40]), "") + "..."
	}
	return b.String()
}

type member struct {
	name  string
	value json.RawMessage
}

// objectMembers returns the members of a JSON object in their order, duplicates included.
func objectMembers(raw json.RawMessage) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	tok, err := dec.Token()
	if err != nil || tok != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var out []member
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := key.(string)
		out = append(out, member{name, value})
	}
	return out, nil
}

// kindOf names the type of a JSON value.
func kindOf(raw json.RawMessage) string {
	s := strings.TrimSpace(string(raw))
	switch {
	case s == "":
		return "empty"
	case s[0] == '{':
		return "an object"
	case s[0] == '[':
		return "a list"
	case s[0] == '"':
		return "a text"
	case s == "null" || s == "true" || s == "false":
		return s
	}
	return "a number"
}

func orRoot(path string) string {
	if path == "" {
		return "the whole"
	}
	return path
}

// Fingerprint identifies a configuration: the SHA-256 hash of its canonical form. Two clusters decide alike if and only
// if their fingerprints are equal.
type Fingerprint [sha256.Size]byte

// String returns the fingerprint in hexadecimal.
func (p Fingerprint) String() string { return hex.EncodeToString(p[:]) }

// MarshalText implements encoding.TextMarshaler.
func (p Fingerprint) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Fingerprint returns the fingerprint of c with its defaults: a default that is written out changes nothing.
func (c Config) Fingerprint() Fingerprint {
	c = c.WithDefaults()
	c.Preset = "" // it has become the penalty
	// A NaN or infinite field has no JSON form and makes the hash that of the empty text: such a Config is not valid.
	b, _ := json.Marshal(c)
	return sha256.Sum256(b)
}
