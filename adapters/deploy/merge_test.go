package deploy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMergeRules(t *testing.T) {
	const base = `
version: 1
tags: {a: x, b: y}
workloads:
  - name: shop
    engine: {min: 4, max: 200, exclude: [hpa, band], signals: [{name: visits, capacity: 10}, {name: orders, capacity: 2}]}
    actuator: {webhook: {endpoint: {url: "https://fleet"}}, record: orders.jsonl}
  - name: search
`
	for over, want := range map[string]string{
		"{}":                   base,
		"{tags: {b: z, c: w}}": strings.Replace(base, "b: y", "b: z, c: w", 1),
		"{tags: {b: null}}":    strings.Replace(base, ", b: y", "", 1),
		"{tags: null}":         strings.Replace(base, "tags: {a: x, b: y}", "", 1),
		"{workloads: [{name: shop, engine: {max: 9}}]}":                                                strings.Replace(base, "200", "9", 1),
		"{workloads: [{name: shop, engine: {exclude: [hpa]}}]}":                                        strings.Replace(base, "[hpa, band]", "[hpa]", 1),
		"{workloads: [{name: shop, engine: {signals: [{name: orders, capacity: 3}, {name: carts}]}}]}": strings.Replace(base, "capacity: 2}", "capacity: 3}, {name: carts}", 1),
		"{workloads: [{name: shop, engine: {signals: [{name: visits, absent: true}]}}]}":               strings.Replace(base, "{name: visits, capacity: 10}, ", "", 1),
		"{workloads: [{name: mars, absent: true}]}":                                                    base,
		"{workloads: [{name: search, absent: true}]}":                                                  strings.Replace(base, "  - name: search\n", "", 1),
		"{workloads: [{name: shop, actuator: {memory: {start: 2}}}]}":                                  strings.Replace(base, `webhook: {endpoint: {url: "https://fleet"}}`, "memory: {start: 2}", 1),
		"{workloads: [{name: shop, actuator: {record: null}}]}":                                        strings.Replace(base, ", record: orders.jsonl", "", 1),
		"{workloads: [{name: shop, actuator: {webhook: {fleet_url: a}}}]}":                             strings.Replace(base, `fleet"}}`, `fleet"}, fleet_url: a}`, 1),
	} {
		f := formOf(reflect.TypeFor[Config]())
		require.Equal(t, tree(t, want).plain(), merge(tree(t, base), tree(t, over), f).plain(), over)
	}
}

func tree(t require.TestingT, text string) *node {
	n, err := parseTree([]byte(text))
	require.NoError(t, err)
	return n
}

// twin is merge on plain values, from its documentation.
func twin(base, over any, f *form) any {
	switch over := over.(type) {
	case nil:
		return nil
	case map[string]any:
		under, _ := base.(map[string]any)
		out := map[string]any{}
		names := map[string]bool{}
		kindAbove := false
		for name := range over {
			names[name] = true
			kindAbove = kindAbove || slices.Contains(f.kinds, name) && over[name] != nil
		}
		for name := range under {
			names[name] = true
		}
		for name := range names {
			above, said := over[name]
			switch {
			case name == keyAbsent && f.named:
			case said:
				if v := twin(under[name], above, f.of(name)); v != nil {
					out[name] = v
				}
			case kindAbove && slices.Contains(f.kinds, name):
			default:
				out[name] = under[name]
			}
		}
		return out
	case []any:
		if f.key == "" {
			return over
		}
		under, _ := base.([]any)
		named := func(list []any, name any) map[string]any {
			for _, item := range list {
				if m := item.(map[string]any); m[f.key] == name {
					return m
				}
			}
			return nil
		}
		out := []any{}
		for _, item := range under {
			above := named(over, item.(map[string]any)[f.key])
			switch {
			case above == nil:
				out = append(out, item)
			case above[keyAbsent] != true:
				out = append(out, twin(item, above, f.elem))
			}
		}
		for _, item := range over {
			m := item.(map[string]any)
			if named(under, m[f.key]) == nil && m[keyAbsent] != true {
				out = append(out, twin(nil, m, f.elem))
			}
		}
		return out
	}
	return over
}

func TestMergeIsItsTwin(t *testing.T) {
	schema, f := resolved(t), formOf(reflect.TypeFor[Config]())
	rapid.Check(t, func(t *rapid.T) {
		text := writing{t, 0}.document(f)
		if !agree(t, schema, text) {
			t.Skip("nameless")
		}
		d, err := Parse(text)
		if err != nil {
			t.Skip("a name twice")
		}
		over := d.clusters[slices.Index(d.Clusters(), "eu")].value
		if over.kind == null {
			t.Skip("nothing")
		}
		merged := merge(d.base, over, d.form)
		require.Equal(t, twin(d.base.plain(), over.plain(), d.form), merged.plain())
		require.Equal(t, merged.plain(), merge(merged, over, d.form).plain(), "once more changes nothing")
		require.Equal(t, d.base.plain(), merge(d.base, &node{kind: object}, d.form).plain())

		reading := decoder{}
		reading.value(merged, d.form, reflect.Value{}, "")
		require.Empty(t, reading.faults, "what is merged of right parts is right")
	})
}

// A checked configuration prints as a document that reads back as the same one.
func TestConfigReadsBack(t *testing.T) {
	for _, cluster := range []string{"eu", "us"} {
		d, err := Load(whole(t), cluster, nil)
		require.NoError(t, err)
		b, err := json.Marshal(d.Config)
		require.NoError(t, err)
		back, err := Load(b, cluster, nil)
		require.NoError(t, err)
		again, err := json.Marshal(back.Config)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		require.Empty(t, Diff(d, back).Differences)
	}
}
