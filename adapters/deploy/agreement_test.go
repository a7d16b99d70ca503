package deploy

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// agree says whether the parser and the schema are of one mind about a document, and whether they accept it.
func agree(t require.TestingT, schema *jsonschema.Resolved, text []byte) bool {
	_, parsed := Parse(text)
	var faults Faults
	if errors.As(parsed, &faults) && !slices.ContainsFunc(faults, func(f Fault) bool { return f.Value != "there twice" }) {
		parsed = nil // the schema cannot see that
	}
	root, err := parseTree(text)
	require.NoError(t, err)
	validated := schema.Validate(numbers(root.plain()))
	require.Equal(t, validated == nil, parsed == nil, "schema: %v\nparser: %v\n%s", validated, parsed, text)
	return parsed == nil
}

// writing draws documents from a form: right ones, and ones in which something is wrong.
type writing struct {
	*rapid.T
	wrong int // of a hundred values
}

func (w writing) oneIn(n int, label string) bool { return rapid.IntRange(1, n).Draw(w.T, label) == n }

func (w writing) value(f *form, override bool, depth int) any {
	if w.wrong > 0 && rapid.IntRange(1, 100).Draw(w.T, "wrong") <= w.wrong {
		return rapid.SampledFrom([]any{nil, true, 1, 2.5, -3.0, 1e3, "", "5m", "${env:A}", "a${file:b}", "2026-12-25", []any{}, []any{nil}, []any{"a", 1}, map[string]any{},
			map[string]any{"name": "a", "absent": true}, map[string]any{"absent": false}, map[string]any{"x": "${file:/a}"}, "act", "csv", "level"}).Draw(w.T, "junk")
	}
	if override && w.oneIn(8, "null") {
		return nil
	}
	switch {
	case f.free:
		return map[string]any{"a": []any{1, "b", map[string]any{"c": nil}}}
	case f.kind == object:
		return w.object(f, override, depth)
	case f.kind == list:
		items := make([]any, rapid.IntRange(0, 2).Draw(w.T, "items"))
		for i := range items {
			items[i] = w.item(f, override, depth)
		}
		return items
	case f.kind == boolean:
		return rapid.Bool().Draw(w.T, "bool")
	case f.kind == number && f.integer:
		return rapid.SampledFrom([]any{0, 7, -2, 3.0, 1e6}).Draw(w.T, "integer")
	case f.kind == number:
		return rapid.SampledFrom([]any{0, 0.25, -1.5, 4}).Draw(w.T, "number")
	case f.secret:
		return rapid.SampledFrom([]any{"${env:KEY}", "${file:/run/key}"}).Draw(w.T, "secret")
	case f.choice != nil:
		return rapid.SampledFrom(f.choice).Draw(w.T, "choice")
	case f.pattern != nil && f.pattern.MatchString("90s"):
		return rapid.SampledFrom([]any{"90s", "1h30m", "0", "-1.5s", ".5us"}).Draw(w.T, "duration")
	case f.pattern != nil:
		return "2026-12-25"
	}
	return rapid.SampledFrom([]any{"a", "b", "", "${nothing}", "$", "1", "true", "sum:x{*}.rollup(sum, 60)"}).Draw(w.T, "text")
}

func (w writing) item(f *form, override bool, depth int) any {
	item := w.value(f.elem, override && f.key != "", depth+1)
	if m, ok := item.(map[string]any); ok && f.key != "" && !w.oneIn(20, "nameless") {
		m[f.key] = rapid.SampledFrom([]any{"a", "b", "c", "d", "e", "f", ""}).Draw(w.T, "name")
		if override && w.oneIn(10, "absent") {
			m[keyAbsent] = true
		}
	}
	return item
}

func (w writing) object(f *form, override bool, depth int) any {
	out := map[string]any{}
	if f.names == nil {
		for _, name := range []string{"k", "l"} {
			if w.oneIn(2, "entry") {
				out[name] = w.value(f.elem, override, depth+1)
			}
		}
		return out
	}
	for i, name := range f.names {
		if w.oneIn(1+min(depth, 4), "member") {
			out[name] = w.value(f.parts[i], override, depth+1)
		}
	}
	if w.wrong > 0 && w.oneIn(100, "unknown") {
		out[rapid.SampledFrom([]string{"nam", "absent", "clusters"}).Draw(w.T, "name")] = true
	}
	return out
}

// document draws one with clusters.
func (w writing) document(f *form) []byte {
	doc := w.value(f, false, 1)
	if m, ok := doc.(map[string]any); ok {
		m[keyClusters] = map[string]any{"eu": w.value(f, true, 2), "us": nil}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func TestSchemaAndParserAgree(t *testing.T) {
	schema, f := resolved(t), formOf(reflect.TypeFor[Config]())
	rapid.Check(t, func(t *rapid.T) {
		right := writing{t, 0}.document(f)
		if d, err := Parse(right); agree(t, schema, right) && err == nil {
			_, err := d.Deployment("eu", nil) // whatever sense it makes
			require.Error(t, err, "the version that is drawn is never 1")
		}
		wrong := rapid.IntRange(1, 20).Draw(t, "wrong")
		_ = agree(t, schema, writing{t, wrong}.document(f))
	})
}

// Without what is drawn at random being wrong, most documents must be right, or the property above would say little.
func TestMostDrawnDocumentsAreAccepted(t *testing.T) {
	schema, f := resolved(t), formOf(reflect.TypeFor[Config]())
	drawn, accepted := 0, 0
	gen := rapid.Custom(func(t *rapid.T) []byte { return writing{t, 0}.document(f) })
	for seed := range 50 {
		drawn++
		if agree(t, schema, gen.Example(seed)) {
			accepted++
		}
	}
	require.Greater(t, accepted, drawn/4)
	require.Less(t, accepted, drawn, "nameless elements are drawn, too")
}

// corpus are documents that somebody wrote.
var corpus = []string{"testdata/whole.yaml", "../../examples/deploy/headroom.yaml", "../../examples/multicluster/clusters.yaml"}

// TestCorpusAgrees holds the schema against documents that somebody wrote, and against the whole one with each line left out.
func TestCorpusAgrees(t *testing.T) {
	schema := resolved(t)
	for _, name := range corpus {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, agree(t, schema, text), name)
	}
	lines := strings.SplitAfter(string(whole(t)), "\n")
	for i := range lines {
		cut := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
		if _, err := parseTree([]byte(cut)); err == nil {
			agree(t, schema, []byte(cut))
		}
	}
}

func TestFormsOfAClustersPart(t *testing.T) {
	schema := resolved(t)
	for over, ok := range map[string]bool{
		"{}": true, "null": true, "[]": false, "5": false,
		"{tags: null}": true, "{tags: {a: null}}": true, "{workloads: null}": true, "{version: null}": true,
		"{workloads: [{name: a, mode: null, engine: null}]}":                 true,
		"{workloads: [{name: a, absent: true}]}":                             true,
		"{workloads: [{name: a, absent: false}]}":                            false,
		"{workloads: [{name: null}]}":                                        false,
		"{workloads: [{mode: act}]}":                                         false,
		"{workloads: [null]}":                                                false,
		"{absent: true}":                                                     false,
		"{metrics: {absent: true}}":                                          false,
		"{defaults: {name: a}}":                                              false,
		"{workloads: [{name: a, engine: {windows: [{min: 4}]}}]}":            true,
		"{workloads: [{name: a, engine: {windows: [{min: null}]}}]}":         false, // a list of this kind is replaced
		"{workloads: [{name: a, engine: {windows: [{absent: true}]}}]}":      false,
		"{workloads: [{name: a, engine: {exclude: [null]}}]}":                false,
		"{workloads: [{name: a, actuator: {other: {settings: {a: null}}}}]}": true,
		"{clusters: {}}":                                                     false,
	} {
		require.Equal(t, ok, agree(t, schema, []byte("version: 1\nclusters:\n  eu: "+over)), over)
	}
}
