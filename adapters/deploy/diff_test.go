package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler"
)

func TestDiffExplainsClusters(t *testing.T) {
	eu, err := Load(whole(t), "eu", nil)
	require.NoError(t, err)
	us, err := Load(whole(t), "us", nil)
	require.NoError(t, err)
	got := Diff(eu, us).String() + "\n" + Diff(us, eu).String() + "\n" + Diff(eu, eu).String()
	for _, d := range []*Deployment{eu, us} { // which are other ones after a change of the engine
		for i := range d.Config.Workloads {
			w := &d.Config.Workloads[i]
			got = strings.ReplaceAll(got, short(w.Engine.Fingerprint()), "("+w.Name+" "+d.Cluster+")")
		}
	}
	const golden = "testdata/diff.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// leaves returns everything in v that is no list and no object, by its path.
func leaves(v reflect.Value, path string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return leaves(v.Elem(), path)
	case v.Kind() == reflect.Struct && !isText(v.Type()):
		for _, f := range reflect.VisibleFields(v.Type()) {
			if name := memberName(f); name != "" {
				maps.Copy(out, leaves(v.FieldByIndex(f.Index), join(path, name)))
			}
		}
	case v.Kind() == reflect.Slice && keyed(v.Type().Elem()) != "":
		for i := range v.Len() {
			maps.Copy(out, leaves(v.Index(i), path+"["+fieldOf(v.Index(i), keyed(v.Type().Elem())).String()+"]"))
		}
	case v.Kind() != reflect.Slice && v.Kind() != reflect.Map && v.Kind() != reflect.Pointer && v.Kind() != reflect.Struct:
		out[path] = v
	}
	return out
}

// alter makes v another value.
func alter(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	default:
		v.SetInt(v.Int() + 1)
	}
}

// Whichever field of an engine is another, Diff names it and no other, and the fingerprints are not equal; and so with the rest.
func TestDiffNamesEachField(t *testing.T) {
	d, err := Load(whole(t), "eu", nil)
	require.NoError(t, err)
	copied := func() *Deployment {
		b, err := json.Marshal(effective(d.Config))
		require.NoError(t, err)
		c, err := Load(b, "copy", nil)
		require.NoError(t, err)
		return c
	}
	require.Empty(t, Diff(copied(), copied()).Differences)
	seen := 0
	a, b := copied(), copied()
	for path, leaf := range leaves(reflect.ValueOf(&b.Config), "") {
		engine, _, ofEngine := strings.Cut(path, ".engine.")
		switch {
		case strings.HasPrefix(path, "defaults."), // which stand in the workloads
			strings.HasSuffix(path, "name"), strings.HasSuffix(path, ".signal"), // which make another element
			strings.HasSuffix(path, "engine.preset"), // which is gone where there is a penalty
			ofEngine && engine != "workloads[shop]":  // one will do
			continue
		}
		was := reflect.New(leaf.Type()).Elem()
		was.Set(leaf)
		alter(leaf)
		c := Diff(a, b)
		leaf.Set(was)
		require.Equal(t, ofEngine, slices.ContainsFunc(c.Workloads, func(p Parity) bool { return !p.Equal() }), path)
		require.True(t, slices.ContainsFunc(c.Differences, func(x Difference) bool { return x.Field == path }), "%s: %v", path, c.Differences)
		for _, x := range c.Differences { // of an engine more may follow, such as the fallback_after of a fallback
			require.True(t, x.Field == path || ofEngine && strings.HasPrefix(x.Field, engine+".engine."), "%s: %v", path, x)
		}
		seen++
	}
	require.Greater(t, seen, 200)
}

func TestDiffSeesTheOrder(t *testing.T) {
	a, err := Load(whole(t), "eu", nil)
	require.NoError(t, err)
	b, err := Load(whole(t), "eu", nil)
	require.NoError(t, err)
	signals := b.Config.Workloads[0].Engine.Signals
	slices.Reverse(signals)
	b.Config.Workloads[0].Engine.Today, a.Config.Workloads[0].Engine.Today = nil, nil
	c := Diff(a, b)
	require.False(t, c.Workloads[0].Equal())
	require.Equal(t, []Difference{{"workloads[shop].engine.signals", "visits, orders, queue, carts, logins, imports", "imports, logins, carts, queue, orders, visits"}}, c.Differences)
	require.NotEqual(t, scaler.Fingerprint{}, c.Workloads[0].A)
}
