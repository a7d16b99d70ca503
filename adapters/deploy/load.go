package deploy

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const (
	version     = 1
	keyClusters = "clusters"
	keyDefaults = "defaults"
	keyLoads    = "workloads"
)

// Document is one that schema.json accepts: the forms of all values are right, for every cluster. Whether they make sense
// together is found out for one cluster at a time, by Deployment.
type Document struct {
	base     *node
	clusters []member
	form     *form
}

// Parse reads a document. The error is Faults, with everything that schema.json would refuse and names that come twice, or
// says in which line the text is no YAML.
func Parse(b []byte) (*Document, error) {
	root, err := parseTree(b)
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		return nil, err
	}
	d := &Document{base: root, form: formOf(reflect.TypeFor[Config]())}
	if root.kind == object {
		d.base = &node{kind: object, line: root.line}
		for _, m := range root.members {
			switch {
			case m.name != keyClusters:
				d.base.members = append(d.base.members, m)
			case m.value.kind != object:
				faults = append(faults, Fault{m.line, m.name, m.value.kind.String(), "an object"})
			default:
				d.clusters = m.value.members
			}
		}
	}
	reading := decoder{}
	reading.value(d.base, d.form, reflect.Value{}, "")
	faults = append(faults, reading.faults...)
	twice := reading.later
	for _, m := range d.clusters {
		over := decoder{override: true}
		over.value(m.value, d.form, reflect.Value{}, join(keyClusters, m.name))
		faults = append(faults, over.faults...)
		twice = append(twice, over.later...)
	}
	if len(faults) == 0 {
		faults = twice
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return d, nil
}

// Clusters returns the names of the clusters that the document knows, in its order.
func (d *Document) Clusters() []string {
	names := make([]string, len(d.clusters))
	for i, m := range d.clusters {
		names[i] = m.name
	}
	return names
}

// Deployment is what a document says for one cluster, checked. Config may be changed before Build, which checks it again: a test
// may put its own address in the place of one.
type Deployment struct {
	Cluster string
	Config  Config

	root   *node // of Config, for the lines of faults
	looked bool  // secrets were looked up
}

// Load reads a document for a cluster: Parse, and then Document.Deployment.
func Load(b []byte, cluster string, env Lookup) (*Deployment, error) {
	d, err := Parse(b)
	if err != nil {
		return nil, err
	}
	return d.Deployment(cluster, env)
}

// Deployment returns what the document says for a cluster, which must be one of Clusters if there are any. Secrets are looked
// up with env, usually os.LookupEnv; without env they remain names, and what is returned can be looked at and compared, but
// not built.
//
// The error is Faults, with everything that is wrong: values that do not fit together, names that lead nowhere, and what the
// engine, the Runner and the adapters of this module refuse.
func (d *Document) Deployment(cluster string, env Lookup) (*Deployment, error) {
	root := d.base
	if i := slices.Index(d.Clusters(), cluster); i >= 0 {
		if over := d.clusters[i].value; over.kind != null { // as in "eu:" without more
			root = merge(d.base, over, d.form)
		}
	} else if len(d.clusters) > 0 {
		return nil, Faults{{0, "cluster", strconv.Quote(cluster), "one of " + strings.Join(d.Clusters(), ", ")}}
	}
	out := &Deployment{Cluster: cluster, root: withDefaults(root, d.form), looked: env != nil}
	reading := decoder{lookup: env}
	reading.value(out.root, d.form, reflect.ValueOf(&out.Config).Elem(), "")
	faults := append(reading.faults, reading.later...) //nolint:gocritic // reading is over
	for _, f := range out.faults(d.form) {
		if !slices.ContainsFunc(reading.later, func(known Fault) bool { return known.Field == f.Field }) {
			faults = append(faults, f)
		}
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return out, nil
}

// withDefaults returns root with the defaults of workloads in each of them.
func withDefaults(root *node, t *form) *node {
	defaults, loads := root.member(keyDefaults), root.member(keyLoads)
	if defaults == nil || loads == nil {
		return root
	}
	each := *loads
	each.items = nil
	for _, w := range loads.items {
		each.items = append(each.items, merge(defaults, w, t.of(keyLoads).elem))
	}
	out := *root
	out.members = slices.Clone(root.members)
	for i := range out.members {
		if out.members[i].name == keyLoads {
			out.members[i].value = &each
		}
	}
	return &out
}
