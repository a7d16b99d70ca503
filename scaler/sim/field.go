package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/headroom-go/headroom/scaler"
)

// withField returns cfg with a JSON value at a path such as "forecast.spikes" or "kinds[0].rise". What the configuration
// does not know, and a value of the wrong type, are faults that scaler.ParseConfig names; a list grows by one at most.
func withField(cfg scaler.Config, path string, value json.RawMessage) (scaler.Config, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return cfg, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // as it is written
	var root any
	if err := dec.Decode(&root); err != nil {
		return cfg, err
	}
	places, err := parsePath(path)
	if err != nil {
		return cfg, err
	}
	if root, err = placed(root, places, path, value); err != nil {
		return cfg, err
	}
	if text, err = json.Marshal(root); err != nil {
		return cfg, err
	}
	return scaler.ParseConfig(text)
}

// place is a member of an object, or of a list if name is empty.
type place struct {
	name  string
	index int
}

var segment = regexp.MustCompile(`^([^\[\].]+)((?:\[[0-9]{1,6}\])*)$`)

func parsePath(path string) ([]place, error) {
	var places []place
	for part := range strings.SplitSeq(path, ".") {
		m := segment.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("%q: wanted the path of a field such as forecast.spikes or signals[0].capacity", path)
		}
		places = append(places, place{name: m[1]})
		for _, index := range strings.FieldsFunc(m[2], func(r rune) bool { return r == '[' || r == ']' }) {
			i, _ := strconv.Atoi(index) // digits
			places = append(places, place{index: i})
		}
	}
	return places, nil
}

// placed returns node, which is nil where there is nothing yet, with the value at its place.
func placed(node any, places []place, path string, value json.RawMessage) (any, error) {
	if len(places) == 0 {
		return value, nil
	}
	p := places[0]
	if p.name != "" {
		object, ok := node.(map[string]any)
		if !ok && node != nil {
			return nil, fmt.Errorf("%s: there is no %q in %v; wanted the path of a field", path, p.name, node)
		}
		if object == nil {
			object = map[string]any{}
		}
		inner, err := placed(object[p.name], places[1:], path, value)
		object[p.name] = inner
		return object, err
	}
	list, ok := node.([]any)
	if !ok && node != nil || p.index > len(list) {
		return nil, fmt.Errorf("%s: there is no place %d in a list of %d; wanted at most %d", path, p.index, len(list), len(list))
	}
	if p.index == len(list) {
		list = append(list, nil)
	}
	var err error
	list[p.index], err = placed(list[p.index], places[1:], path, value)
	return list, err
}

// setTerm sets the field of o that path names in lower case, such as "boot" or "scale_to_zero", to a JSON value.
func (o *Options) setTerm(path string, value json.RawMessage) error {
	v := reflect.ValueOf(o).Elem()
	var names []string
	for i := range v.NumField() {
		field := v.Field(i)
		if kind := field.Kind(); kind == reflect.Func || kind == reflect.Slice { // no term of a plant
			continue
		}
		name := lowerCase(v.Type().Field(i).Name)
		if name != path {
			names = append(names, name)
			continue
		}
		if span, ok := field.Addr().Interface().(*time.Duration); ok {
			var d scaler.Duration
			if json.Unmarshal(value, &d) != nil {
				return fmt.Errorf(`%s is %s; wanted a duration such as "90s"`, path, value)
			}
			*span = d.Std()
			return nil
		}
		err := json.Unmarshal(value, field.Addr().Interface())
		if unfit := new(json.UnmarshalTypeError); errors.As(err, &unfit) || string(value) == "null" {
			return fmt.Errorf("%s is %s; wanted a value of type %s", path, value, field.Type())
		}
		if err != nil {
			return fmt.Errorf("%s is %s: %w", path, value, err)
		}
		return nil
	}
	return fmt.Errorf("%s is unknown; wanted one of %s", path, strings.Join(names, ", "))
}

// lowerCase spells the name of a Go field as JSON would: ScaleToZero is scale_to_zero.
func lowerCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
