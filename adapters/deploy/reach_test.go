package deploy

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler"
)

// dump writes everything that can be reached from v, but for functions and engines: of two that are equal it writes the same.
func dump(w io.Writer, v reflect.Value, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*scaler.Engine]() {
			return
		}
		if v.IsNil() || seen[v.Pointer()] {
			fmt.Fprintln(w, v.IsNil())
			return
		}
		seen[v.Pointer()] = true
		dump(w, v.Elem(), seen)
	case reflect.Interface:
		if !v.IsNil() {
			dump(w, v.Elem(), seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fmt.Fprint(w, v.Type().Field(i).Name, ":")
			dump(w, v.Field(i), seen)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			dump(w, v.Index(i), seen)
		}
	case reflect.Map:
		lines := map[string]bool{}
		for _, key := range v.MapKeys() {
			var line strings.Builder
			dump(&line, key, seen)
			dump(&line, v.MapIndex(key), map[uintptr]bool{})
			lines[line.String()] = true
		}
		fmt.Fprintln(w, lines) // in order
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default:
		fmt.Fprintln(w, v)
	}
}

// built is everything that is made of a deployment, or why it is not.
func built(d *Deployment) string {
	if err := d.faults(formOf(reflect.TypeFor[Config]())).err(); err != nil {
		return err.Error()
	}
	a := assembling{deployment: d, parts: constructors()}
	a.assemble()
	var b strings.Builder
	dump(&b, reflect.ValueOf(&a.out), map[uintptr]bool{})
	return b.String() + fmt.Sprint(a.faults)
}

// Whatever stands in a document, some part is another one because of it.
func TestEveryFieldReachesItsPart(t *testing.T) {
	d := secretive(t)
	before := built(d)
	require.Equal(t, before, built(d))
	seen := 0
	for path, leaf := range leaves(reflect.ValueOf(&d.Config), "") {
		switch {
		case path == "version", strings.HasPrefix(path, "defaults."), // which was checked, and which stand in the workloads
			strings.Contains(path, ".engine."),                                  // which are compared by their fingerprints
			strings.HasSuffix(path, "name"), strings.HasSuffix(path, ".signal"), // to which others refer
			strings.HasSuffix(path, ".verify"), strings.HasSuffix(path, "http.timeout"), // which functions keep, with secrets
			leaf.IsZero(): // what whole.yaml leaves out may be of no use where it is
			continue
		}
		was := reflect.New(leaf.Type()).Elem()
		was.Set(leaf)
		alter(leaf)
		if built(d) == before {
			t.Errorf("%s reaches nothing", path)
		}
		leaf.Set(was)
		seen++
	}
	require.Greater(t, seen, 80)
}
