package deploy

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
)

// The members by which elements of lists are known, and the one that takes an element out.
const (
	keyName   = "name"
	keySignal = "signal"
	keyAbsent = "absent"
)

// form says what may stand in one place of a document. It follows from the types of Config, and schema.json says the same.
type form struct {
	kind  kind
	names []string // of the members of an object, in the order of their type; nil where any name will do
	parts []*form  // of each of names
	kinds []string // those of names of which one stands for what the object is; nil where it is always the same
	elem  *form    // of each element, and of each member of an object without names
	musts []string // those of names that must be there in the end
	key   string   // by which the elements of a list are known; "" where they have no names
	named bool     // an element of such a list
	free  bool     // anything, as long as it names no secrets

	integer bool
	secret  bool
	pattern *regexp.Regexp // of a text; nil for any
	choice  []string       // of a text; nil for any
	wanted  string         // what a fault says
}

// of returns the form of the member of that name, and nil where there is none.
func (f *form) of(name string) *form {
	if f.free {
		return f
	}
	if f.names == nil {
		return f.elem
	}
	if i := slices.Index(f.names, name); i >= 0 {
		return f.parts[i]
	}
	return nil
}

// keyed are the types of which a list is merged element by element.
func keyed(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Feed]():
		return keySignal
	case reflect.TypeFor[Workload](), reflect.TypeFor[Input](), reflect.TypeFor[Observer](), reflect.TypeFor[Limit](),
		reflect.TypeFor[Datadog](), reflect.TypeFor[Calendar](), reflect.TypeFor[Announcements](), reflect.TypeFor[Key](),
		reflect.TypeFor[scaler.Signal](), reflect.TypeFor[forecast.Kind](), reflect.TypeFor[sizing.Size]():
		return keyName
	}
	return ""
}

const (
	durationPattern = `^([-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+|[-+]?0)$` // time.ParseDuration
	datePattern     = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`
)

var (
	durationForm = regexp.MustCompile(durationPattern)
	dateForm     = regexp.MustCompile(datePattern)
)

// experts are the names that the engine knows.
func experts() []string {
	names := make([]string, forecast.NumExperts)
	for i := range names {
		names[i] = forecast.Expert(i).String()
	}
	return names
}

// textForm returns the form of the types that are texts with rules of their own, and false for others.
func textForm(t reflect.Type) (form, bool) {
	choice := func(names ...string) (form, bool) {
		return form{kind: text, choice: names, wanted: "one of " + strings.Join(names, ", ")}, true
	}
	switch t {
	case reflect.TypeFor[Secret]():
		return form{kind: text, secret: true, pattern: secretForm, wanted: wantedSecret}, true
	case reflect.TypeFor[scaler.Duration](), reflect.TypeFor[compat.Duration]():
		return form{kind: text, pattern: durationForm, wanted: `a duration such as "90s", "2m" or "24h"`}, true
	case reflect.TypeFor[forecast.Date]():
		return form{kind: text, pattern: dateForm, wanted: `a day such as "2026-12-25"`}, true
	case reflect.TypeFor[forecast.Expert]():
		return choice(experts()...)
	case reflect.TypeFor[adapters.Mode]():
		return choice(string(adapters.ModeAct), string(adapters.ModeDryRun), string(adapters.ModeShadow))
	case reflect.TypeFor[calendar.Format]():
		return choice(string(calendar.CSV), string(calendar.YAML), string(calendar.JSON), string(calendar.ICalendar))
	}
	return form{}, false
}

// formOf returns the form of what is decoded into t.
func formOf(t reflect.Type) *form {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f, ok := textForm(t); ok {
		return &f
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return &form{kind: object, free: true, wanted: "an object"}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		panic(fmt.Sprintf("deploy: %v has a text form that this package does not know", t)) // a test walks through all types
	}
	switch t.Kind() {
	case reflect.Struct:
		out := &form{kind: object, names: []string{}, wanted: "an object"} // which may have no members
		for _, field := range reflect.VisibleFields(t) {
			if name := memberName(field); name != "" {
				out.names = append(out.names, name)
				out.parts = append(out.parts, formOf(field.Type))
				if must(t, field) {
					out.musts = append(out.musts, name)
				}
				if isKind(t, field) {
					out.kinds = append(out.kinds, name)
				}
			}
		}
		return out
	case reflect.Map:
		return &form{kind: object, elem: formOf(t.Elem()), wanted: "an object"}
	case reflect.Slice:
		out := &form{kind: list, elem: formOf(t.Elem()), key: keyed(t.Elem()), wanted: "a list"}
		out.elem.named = out.key != ""
		return out
	case reflect.String:
		return &form{kind: text, wanted: "a text"}
	case reflect.Bool:
		return &form{kind: boolean, wanted: "true or false"}
	case reflect.Float64:
		return &form{kind: number, wanted: "a number"}
	case reflect.Int:
		return &form{kind: number, integer: true, wanted: "a whole number"}
	}
	panic(fmt.Sprintf("deploy: %v has no form in a document", t))
}

// must says whether a field of t has no meaning without a value. What the engine cannot do without it says itself.
func must(t reflect.Type, field reflect.StructField) bool {
	return t.PkgPath() == reflect.TypeFor[Config]().PkgPath() && !strings.Contains(field.Tag.Get("json"), ",omit")
}

// isKind says whether a field of t is one of those of which one is set.
func isKind(t reflect.Type, field reflect.StructField) bool {
	_, tagged := field.Tag.Lookup("kind")
	return tagged || t == reflect.TypeFor[compat.RuleConfig]() && field.Type.Kind() == reflect.Pointer
}

// memberName is what a field is called in a document; "" where it has no place there.
func memberName(field reflect.StructField) string {
	if field.Anonymous || !field.IsExported() {
		return ""
	}
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}
