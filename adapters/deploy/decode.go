package deploy

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decoder fills values from nodes, and collects what is wrong with these.
type decoder struct {
	override bool   // null and "absent" may stand there, because it is laid upon something else
	lookup   Lookup // of secrets; nil leaves them as names

	faults Faults // what schema.json would refuse
	later  Faults // what it cannot see
}

func (d *decoder) fault(n *node, path, value, wanted string) {
	d.faults = append(d.faults, Fault{n.line, orWhole(path), value, wanted})
}

// value fills v, which has form f, from n, which stands at path. A v that is not valid is not filled.
func (d *decoder) value(n *node, f *form, v reflect.Value, path string) {
	switch {
	case n.kind == null && d.override && path != "":
		return
	case f.free:
		d.free(n, v, path)
		return
	case n.kind != f.kind:
		d.fault(n, path, n.shown(f.secret), f.wanted)
		return
	}
	if v.IsValid() && v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case f.kind == object && f.names != nil:
		d.members(n, f, v, path)
	case f.kind == object:
		d.entries(n, f, v, path)
	case f.kind == list:
		d.elements(n, f, v, path)
	default:
		d.scalar(n, f, v, path)
	}
}

// number is what a node of that kind says.
func (n *node) number() (float64, error) { return strconv.ParseFloat(n.text, 64) }

// shown is a node as a fault shows it.
func (n *node) shown(secret bool) string {
	switch {
	case n.kind == object || n.kind == list || n.kind == null:
		return n.kind.String()
	case secret:
		return "a text that is not shown"
	case n.kind == text:
		return strconv.Quote(clip(n.text))
	}
	return clip(n.text)
}

func (d *decoder) members(n *node, f *form, v reflect.Value, path string) {
	for _, m := range n.members {
		at := join(path, m.name)
		part := f.of(m.name)
		switch {
		case part == nil && m.name == keyAbsent && f.named && d.override:
			if m.value.kind != boolean || m.value.text != "true" {
				d.fault(m.value, at, m.value.shown(false), "true, or no such member")
			}
		case part == nil:
			known := strings.Join(f.names, ", ")
			if path == "" {
				known += ", " + keyClusters
			}
			d.faults = append(d.faults, Fault{m.line, at, "unknown", "one of " + known})
		default:
			d.value(m.value, part, fieldOf(v, m.name), at)
		}
	}
}

// fieldOf returns the field of v that is called name in a document.
func fieldOf(v reflect.Value, name string) reflect.Value {
	if !v.IsValid() {
		return v
	}
	for _, field := range reflect.VisibleFields(v.Type()) {
		if memberName(field) == name {
			return v.FieldByIndex(field.Index)
		}
	}
	return reflect.Value{}
}

func (d *decoder) entries(n *node, f *form, v reflect.Value, path string) {
	if v.IsValid() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, m := range n.members {
		if !v.IsValid() {
			d.value(m.value, f.elem, v, join(path, m.name))
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(m.value, f.elem, item, join(path, m.name))
		v.SetMapIndex(reflect.ValueOf(m.name), item)
	}
}

func (d *decoder) elements(n *node, f *form, v reflect.Value, path string) {
	if v.IsValid() {
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	}
	inner := *d
	inner.override = d.override && f.key != "" // a list of another kind takes the place of the one below as a whole
	inner.faults, inner.later = nil, nil
	var names []string
	for i, item := range n.items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if f.key != "" {
			name := item.member(f.key)
			switch {
			case item.kind != object:
			case name == nil || name.kind == null || name.kind == text && name.text == "":
				inner.fault(item, at+"."+f.key, "missing", "a text")
			default:
				at = fmt.Sprintf("%s[%s]", path, clip(name.text))
				if slices.Contains(names, name.text) {
					inner.later = append(inner.later, Fault{name.line, at, "there twice", "a " + f.key + " of its own"})
				}
				names = append(names, name.text)
			}
		}
		var into reflect.Value
		if v.IsValid() {
			into = v.Index(i)
		}
		if item.kind == null {
			inner.fault(item, at, "null", f.elem.wanted)
			continue
		}
		inner.value(item, f.elem, into, at)
	}
	d.faults, d.later = append(d.faults, inner.faults...), append(d.later, inner.later...)
}

func (d *decoder) scalar(n *node, f *form, v reflect.Value, path string) {
	wrong := n.kind == text && !f.secret && substituting.MatchString(n.text)
	switch {
	case wrong:
		d.fault(n, path, strconv.Quote(clip(n.text)), wantedNoNames)
		return
	case f.pattern != nil && !f.pattern.MatchString(n.text), f.choice != nil && !slices.Contains(f.choice, n.text):
		d.fault(n, path, n.shown(f.secret), f.wanted)
		return
	case f.kind == number:
		x, err := n.number()
		if err != nil {
			d.later = append(d.later, Fault{n.line, path, n.shown(false), "a number that is not so large"})
			return
		}
		if f.integer && x != math.Trunc(x) {
			d.fault(n, path, n.shown(false), f.wanted)
			return
		}
		if f.integer && math.Abs(x) > 1<<53 {
			d.later = append(d.later, Fault{n.line, path, n.shown(false), "a whole number up to 2^53"})
			return
		}
	}
	if v.IsValid() {
		d.set(n, f, v, path)
	}
}

// set fills v with a scalar of the right form.
func (d *decoder) set(n *node, f *form, v reflect.Value, path string) {
	if secret, ok := v.Addr().Interface().(*Secret); ok {
		d.secret(n, secret, path)
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(n.text)); err != nil { // such as the 30th of February
			d.later = append(d.later, Fault{n.line, path, n.shown(false), f.wanted})
		}
		return
	}
	switch f.kind {
	case text:
		v.SetString(n.text)
	case boolean:
		v.SetBool(n.text == "true")
	default:
		x, _ := n.number() // it has been read before
		if f.integer {
			v.SetInt(int64(x))
		} else {
			v.SetFloat(x)
		}
	}
}

func (d *decoder) secret(n *node, s *Secret, path string) {
	s.name = n.text
	if d.lookup == nil {
		return
	}
	found, wanted := d.lookup.find(n.text)
	if wanted != "" {
		d.later = append(d.later, Fault{n.line, path, n.text, wanted})
		return
	}
	s.text = func() string { return found }
}

// free takes an object as it is.
func (d *decoder) free(n *node, v reflect.Value, path string) {
	if n.kind != object {
		d.fault(n, path, n.shown(false), "an object")
		return
	}
	n.walk(path, func(n *node, at string) {
		if n.kind == text && substituting.MatchString(n.text) {
			d.fault(n, at, strconv.Quote(clip(n.text)), wantedNoNames)
		}
	})
	if v.IsValid() {
		b, err := json.Marshal(n.plain())
		if err != nil { // a number that no reader would take
			d.later = append(d.later, Fault{n.line, path, "no JSON", err.Error()})
			return
		}
		v.SetBytes(b)
	}
}

// walk calls f for n and everything below.
func (n *node) walk(path string, f func(n *node, path string)) {
	f(n, path)
	for i := range n.members {
		n.members[i].value.walk(join(path, n.members[i].name), f)
	}
	for i, item := range n.items {
		item.walk(fmt.Sprintf("%s[%d]", path, i), f)
	}
}

// plain is what package encoding/json makes of such a value.
func (n *node) plain() any {
	switch n.kind {
	case object:
		out := make(map[string]any, len(n.members))
		for _, m := range n.members {
			out[m.name] = m.value.plain()
		}
		return out
	case list:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.plain()
		}
		return out
	case text:
		return n.text
	case number:
		return json.Number(n.text)
	case boolean:
		return n.text == "true"
	}
	return nil
}
