package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy/compat"
	"github.com/headroom-go/headroom/scaler"
)

var update = flag.Bool("update", false, "rewrite schema.json and golden files")

const module = "github.com/headroom-go/headroom/"

// generator makes the schema of the types, with their documentation. It goes by package jsonschema's reading of the types and
// knows nothing of form, which the parser goes by.
type generator struct {
	t       *testing.T
	texts   map[reflect.Type]*jsonschema.Schema // that of types with a rule of their own, and of the structs: references
	structs []reflect.Type
	docs    map[string]map[string]string // by package and type: field to sentence
	defs    map[string]*jsonschema.Schema
}

func textSchemas() map[reflect.Type]*jsonschema.Schema {
	choice := func(names ...string) *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "string"}
		for _, name := range names {
			s.Enum = append(s.Enum, name)
		}
		return s
	}
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[string]():          ref("text"),
		reflect.TypeFor[json.RawMessage](): {Type: "object", AdditionalProperties: ref("anything")},
		reflect.TypeFor[Secret]():          ref("secret"),
		reflect.TypeFor[scaler.Duration](): ref("duration"),
		reflect.TypeFor[compat.Duration](): ref("duration"),
		reflect.TypeFor[forecast.Date]():   {Type: "string", Pattern: datePattern},
		reflect.TypeFor[forecast.Expert](): choice(experts()...),
		reflect.TypeFor[adapters.Mode]():   choice("act", "dry-run", "shadow"),
		reflect.TypeFor[calendar.Format](): choice("csv", "yaml", "json", "icalendar"),
	}
}

func ref(name string) *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + name} }

// generate returns the schema of a document.
func generate(t *testing.T) []byte {
	g := generator{t: t, texts: textSchemas(), docs: map[string]map[string]string{}, defs: map[string]*jsonschema.Schema{
		"text":     {Type: "string", Not: &jsonschema.Schema{Pattern: substitution}},
		"secret":   {Type: "string", Pattern: secretPattern, Description: "The name of a secret: ${env:NAME} or ${file:/path}."},
		"duration": {Type: "string", Pattern: durationPattern, Description: "A duration such as 90s, 2m or 24h."},
		"anything": {Not: &jsonschema.Schema{Type: "string", Pattern: substitution}, Items: ref("anything"), AdditionalProperties: ref("anything")},
	}}
	g.collect(reflect.TypeFor[Config]())
	for _, s := range g.structs {
		g.texts[s] = ref(defName(s))
	}
	for _, s := range g.structs {
		g.define(s)
	}
	overrides := map[string]*jsonschema.Schema{}
	for _, s := range g.structs {
		overrides[defName(s)+".override"] = g.override(s)
	}
	maps.Copy(g.defs, overrides)

	whole := g.defs["Config"].CloneSchemas()
	whole.Properties["clusters"] = &jsonschema.Schema{Type: "object", AdditionalProperties: orNull(ref("Config.override")),
		Description: "What is laid upon the rest of the document, for each cluster by its name."}
	whole.PropertyOrder = append(whole.PropertyOrder, "clusters")
	delete(g.defs, "Config")
	whole.Schema, whole.Title, whole.Defs = "https://json-schema.org/draft/2020-12/schema", "Deployment of Headroom", g.defs
	b, err := json.MarshalIndent(whole, "", " ")
	require.NoError(t, err)
	return append(b, '\n')
}

func defName(t reflect.Type) string {
	if t.PkgPath() == reflect.TypeFor[Config]().PkgPath() {
		return t.Name()
	}
	return filepath.Base(t.PkgPath()) + "." + t.Name()
}

// collect finds the structs that are objects.
func (g *generator) collect(t reflect.Type) {
	if g.texts[t] != nil || slices.Contains(g.structs, t) {
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		g.collect(t.Elem())
	case reflect.Struct:
		g.structs = append(g.structs, t)
		for _, f := range reflect.VisibleFields(t) {
			g.collect(f.Type)
		}
	}
}

// define makes the schema of a struct, whose parts are references.
func (g *generator) define(t reflect.Type) {
	known := maps.Clone(g.texts)
	delete(known, t)
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			delete(known, f.Type)
		}
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	require.NoError(g.t, err)
	s.Required = nil // what is missing here may stand in a cluster's part
	for _, f := range reflect.VisibleFields(t) {
		name := memberName(f)
		if name == "" {
			continue
		}
		p := withoutNull(s.Properties[name])
		if f.Type.Kind() == reflect.Slice && f.Type != reflect.TypeFor[json.RawMessage]() {
			if key := keyed(f.Type.Elem()); key != "" {
				p.Items.Required, p.Items.Properties = []string{key}, map[string]*jsonschema.Schema{key: {Type: "string", MinLength: new(1)}}
			}
		}
		p.Description = g.doc(t, f)
		s.Properties[name] = p
	}
	g.defs[defName(t)] = s
}

// withoutNull is s as it stands in a document, where null says nothing.
func withoutNull(s *jsonschema.Schema) *jsonschema.Schema {
	kept := slices.DeleteFunc(slices.Clone(s.Types), func(name string) bool { return name == "null" })
	s.Types = nil
	if len(kept) == 1 {
		s.Type = kept[0]
	}
	return s
}

// override makes the schema of what is laid upon such an object.
func (g *generator) override(t reflect.Type) *jsonschema.Schema {
	s := g.defs[defName(t)].CloneSchemas()
	for _, f := range reflect.VisibleFields(t) {
		name := memberName(f)
		if name == "" {
			continue
		}
		p := s.Properties[name]
		description := p.Description
		p.Description = ""
		switch {
		case p.Items != nil && len(p.Items.Required) > 0:
			p.Items.Ref += ".override"
		case p.Type == "object" && p.AdditionalProperties.Ref != "#/$defs/anything":
			p.AdditionalProperties = orNull(p.AdditionalProperties)
		case strings.HasPrefix(p.Ref, "#/$defs/") && g.defs[strings.TrimPrefix(p.Ref, "#/$defs/")].Type == "object":
			p.Ref += ".override"
		}
		p = orNull(p)
		p.Description = description
		s.Properties[name] = p
	}
	if keyed(t) != "" {
		s.Properties[keyAbsent] = &jsonschema.Schema{Enum: []any{true}, Description: "Takes the element of this name out."}
		s.PropertyOrder = append(s.PropertyOrder, keyAbsent)
	}
	return s
}

func orNull(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "null"}, s}}
}

// doc returns the comment of a field, in which the names of Go give way to those of documents where they differ.
func (g *generator) doc(t reflect.Type, f reflect.StructField) string {
	owner := t
	for _, embedded := range reflect.VisibleFields(t) {
		if embedded.Anonymous && len(f.Index) > 1 && f.Index[0] == embedded.Index[0] {
			owner = embedded.Type
		}
	}
	dir := strings.TrimPrefix(owner.PkgPath(), module)
	key := dir + "." + owner.Name()
	if g.docs[key] == nil {
		g.read(dir)
	}
	text := g.docs[key][f.Name]
	if rest, ok := strings.CutPrefix(text, f.Name+" "); ok {
		text = memberName(f) + " " + rest
	}
	return text
}

// read collects the comments of the structs of a package.
func (g *generator) read(dir string) {
	files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	require.NoError(g.t, err)
	for _, name := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(g.t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return false
			}
			docs := map[string]string{}
			for _, f := range fields.Fields.List {
				comment := f.Doc
				if comment == nil {
					comment = f.Comment
				}
				for _, name := range f.Names {
					docs[name.Name] = strings.Join(strings.Fields(comment.Text()), " ")
				}
			}
			g.docs[dir+"."+spec.Name.Name] = docs
			return false
		})
	}
}

// After a change of the types: go test ./adapters/deploy -run SchemaIs -update
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	got := generate(t)
	if *update {
		require.NoError(t, os.WriteFile("schema.json", got, 0o644))
		return
	}
	require.True(t, bytes.Equal(got, Schema()), "schema.json is not that of the types; write it anew with: go test ./adapters/deploy -run SchemaIs -update")
}

// resolved is the committed schema, ready to validate.
func resolved(t require.TestingT) *jsonschema.Resolved {
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(Schema(), &s))
	r, err := s.Resolve(nil)
	require.NoError(t, err)
	return r
}

// numbers are plain values with numbers that package jsonschema understands.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = numbers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			panic(fmt.Sprint("a test with the number ", v))
		}
		return f
	}
	return v
}
