package deploy

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/scaler"
)

// Comparison says in what two deployments differ: usually one document in two clusters.
type Comparison struct {
	A, B        string // the clusters
	Workloads   []Parity
	Differences []Difference
}

// Parity says of one workload whether two clusters decide alike, given the same samples on the same clock (location) and the same
// events: whether the fingerprints of their engines are equal.
type Parity struct {
	Workload string
	A, B     scaler.Fingerprint // zero where the cluster has no such workload
}

// Equal says whether both decide alike.
func (p Parity) Equal() bool { return p.A == p.B }

// Difference is one field in which two clusters differ, with defaults that are written out. A value is "" where a cluster has
// none: no such field, or no element of that name.
type Difference struct {
	Field, A, B string
}

// Diff compares what a and b decide with, read, act upon and tell. Secrets are compared by their names. Defaults of the engine
// that are written out are no difference, and so are defaults of workloads that stand in each of them.
func Diff(a, b *Deployment) Comparison {
	out := Comparison{A: a.Cluster, B: b.Cluster}
	left, right := prints(a), prints(b)
	for _, name := range union(left.names, right.names) {
		out.Workloads = append(out.Workloads, Parity{name, left.of[name], right.of[name]})
	}
	diffValues(reflect.ValueOf(effective(a.Config)), reflect.ValueOf(effective(b.Config)), "", &out.Differences)
	return out
}

type fingerprints struct {
	names []string
	of    map[string]scaler.Fingerprint
}

func prints(d *Deployment) fingerprints {
	out := fingerprints{of: make(map[string]scaler.Fingerprint)}
	for i := range d.Config.Workloads {
		w := &d.Config.Workloads[i]
		out.names, out.of[w.Name] = append(out.names, w.Name), w.Engine.Fingerprint()
	}
	return out
}

// union returns the names of a in their order, and then those of b alone.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(a, name) {
			out = append(out, name)
		}
	}
	return out
}

// effective is what c comes to: defaults have gone into the workloads, and those of the engine are written out.
func effective(c Config) Config {
	c.Defaults = Settings{}
	c.Workloads = slices.Clone(c.Workloads)
	for i := range c.Workloads {
		engine := c.Workloads[i].Engine.WithDefaults()
		engine.Preset = "" // it has become the penalty
		c.Workloads[i].Engine = engine
	}
	return c
}

// diffValues adds the differences between two values of one type. One that is not valid is not there.
func diffValues(a, b reflect.Value, path string, out *[]Difference) {
	a, b = pointed(a), pointed(b)
	t := typeOf(a, b)
	if t == nil {
		return
	}
	switch {
	case a.IsValid() != b.IsValid() && path != "":
		add(path, shortly(a), shortly(b), out)
	case isText(t):
		add(path, written(a), written(b), out)
	case t.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if name := memberName(f); name != "" {
				diffValues(a.FieldByIndex(f.Index), b.FieldByIndex(f.Index), join(path, name), out)
			}
		}
	case t.Kind() == reflect.Map:
		for _, name := range union(mapKeys(a), mapKeys(b)) {
			key := reflect.ValueOf(name)
			diffValues(a.MapIndex(key), b.MapIndex(key), join(path, name), out)
		}
	case t.Kind() == reflect.Slice && keyed(t.Elem()) != "":
		left, right := elements(a), elements(b)
		both := func(name string) bool { return left.of[name].IsValid() && right.of[name].IsValid() }
		add(path, strings.Join(filter(left.names, both), ", "), strings.Join(filter(right.names, both), ", "), out) // the order has a meaning
		for _, name := range union(left.names, right.names) {
			diffValues(left.of[name], right.of[name], path+"["+name+"]", out)
		}
	default:
		add(path, written(a), written(b), out)
	}
}

// filter returns those of names that ok takes.
func filter(names []string, ok func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !ok(name) })
}

func add(path, a, b string, out *[]Difference) {
	if a != b {
		*out = append(*out, Difference{path, a, b})
	}
}

func pointed(v reflect.Value) reflect.Value {
	if v.IsValid() && v.Kind() == reflect.Pointer {
		return v.Elem() // not valid for nil
	}
	return v
}

func typeOf(a, b reflect.Value) reflect.Type {
	switch {
	case a.IsValid():
		return a.Type()
	case b.IsValid():
		return b.Type()
	}
	return nil
}

func isText(t reflect.Type) bool { return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) }

func mapKeys(v reflect.Value) []string {
	var names []string
	for _, key := range v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return names
}

type namedValues struct {
	names []string
	of    map[string]reflect.Value
}

// elements returns those of a list whose elements have names.
func elements(v reflect.Value) namedValues {
	out := namedValues{of: make(map[string]reflect.Value)}
	for i := range v.Len() {
		item := v.Index(i)
		name := fieldOf(item, keyed(item.Type())).String()
		out.names, out.of[name] = append(out.names, name), item
	}
	return out
}

// shortly says that something is there; a Difference shows the parts of what both have.
func shortly(v reflect.Value) string {
	if v.IsValid() && v.Kind() == reflect.Struct && !isText(v.Type()) {
		return "one"
	}
	return written(v)
}

// written is a value as it stands in a document, and "" where there is none.
func written(v reflect.Value) string {
	if !v.IsValid() || v.IsZero() && v.Kind() != reflect.Bool {
		return ""
	}
	if raw, ok := v.Interface().(json.RawMessage); ok {
		return string(raw)
	}
	if text, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, _ := text.MarshalText() // those of a checked deployment have a text
		return string(b)
	}
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Int, reflect.Bool:
		return fmt.Sprint(v.Interface())
	}
	b, _ := json.Marshal(v.Interface())
	return string(b)
}

// String returns the comparison in words: a line for each workload, and one for each difference.
//
//	The engine of shop is the same in eu and us: a1b2c3d4e5f6.
//	workloads[shop].mode is "act" in eu, and us does not say.
func (c Comparison) String() string {
	var b strings.Builder
	for _, p := range c.Workloads {
		switch none := (scaler.Fingerprint{}); {
		case p.A == none:
			fmt.Fprintf(&b, "%s is in %s alone.\n", p.Workload, c.B)
		case p.B == none:
			fmt.Fprintf(&b, "%s is in %s alone.\n", p.Workload, c.A)
		case p.Equal():
			fmt.Fprintf(&b, "The engine of %s is the same in %s and %s: %s.\n", p.Workload, c.A, c.B, short(p.A))
		default:
			fmt.Fprintf(&b, "The engine of %s is not the same: %s in %s, and %s in %s.\n", p.Workload, short(p.A), c.A, short(p.B), c.B)
		}
	}
	if len(c.Differences) == 0 {
		fmt.Fprintf(&b, "%s and %s do not differ.\n", c.A, c.B)
	}
	for _, d := range c.Differences {
		fmt.Fprintf(&b, "%s\n", d.words(c.A, c.B))
	}
	return b.String()
}

// short is the beginning of a fingerprint, which is enough to tell some apart.
func short(p scaler.Fingerprint) string { return p.String()[:12] }

// words are a sentence about the difference between two clusters.
func (d Difference) words(a, b string) string {
	switch {
	case d.A == "" && d.B == "one":
		return fmt.Sprintf("%s is in %s alone.", d.Field, b)
	case d.B == "" && d.A == "one":
		return fmt.Sprintf("%s is in %s alone.", d.Field, a)
	case d.A == "":
		return fmt.Sprintf("%s is %s in %s, and %s does not say.", d.Field, d.B, b, a)
	case d.B == "":
		return fmt.Sprintf("%s is %s in %s, and %s does not say.", d.Field, d.A, a, b)
	}
	return fmt.Sprintf("%s is %s in %s and %s in %s.", d.Field, d.A, a, d.B, b)
}
