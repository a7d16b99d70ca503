package deploy

import "slices"

// merge returns base with over laid upon it, as type t has it:
//
//   - an object is merged member by member, and so is a map; of members that say what the object is, such as webhook and file
//     of an actuator, one in over takes the place of another in base;
//   - a list whose elements have names is merged element by element: those that are in both lists are merged, those that are
//     in over alone follow, and those with "absent: true" in over are left out;
//   - everything else, other lists too, is replaced as a whole;
//   - null in over leaves out what base has.
//
// Either may be nil. An element that is absent from over alone is no fault: the same exception may stand in several places.
func merge(base, over *node, t *form) *node {
	switch {
	case over == nil:
		return base
	case over.kind == null:
		return nil
	case over.kind == object && t.kind == object:
		return mergeObjects(base, over, t)
	case over.kind == list && t.key != "":
		return mergeNamed(base, over, t)
	}
	return over
}

func mergeObjects(base, over *node, t *form) *node {
	out := &node{kind: object, line: over.line}
	if base != nil && base.kind == object {
		for _, m := range base.members {
			if slices.Contains(t.kinds, m.name) && over.member(m.name) == nil && over.hasOne(t.kinds) {
				continue
			}
			if value := merge(m.value, over.member(m.name), t.of(m.name)); value != nil {
				out.members = append(out.members, member{m.name, m.line, value})
			}
		}
		out.line = base.line
	}
	for _, m := range over.members {
		if m.name == keyAbsent && t.named || base.member(m.name) != nil {
			continue
		}
		if value := merge(nil, m.value, t.of(m.name)); value != nil {
			out.members = append(out.members, member{m.name, m.line, value})
		}
	}
	return out
}

func mergeNamed(base, over *node, t *form) *node {
	out := &node{kind: list, line: over.line}
	named := func(n *node, name string) *node {
		if n == nil || name == "" {
			return nil
		}
		for _, item := range n.items {
			if v := item.member(t.key); v != nil && v.text == name {
				return item
			}
		}
		return nil
	}
	nameOf := func(n *node) string {
		if v := n.member(t.key); v != nil {
			return v.text
		}
		return ""
	}
	if base != nil {
		for _, item := range base.items {
			above := named(over, nameOf(item))
			if !above.absent() {
				out.items = append(out.items, merge(item, above, t.elem))
			}
		}
	}
	for _, item := range over.items {
		if named(base, nameOf(item)) == nil && !item.absent() {
			out.items = append(out.items, merge(nil, item, t.elem))
		}
	}
	return out
}

// hasOne says whether n has a member of one of names that is not null.
func (n *node) hasOne(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		v := n.member(name)
		return v != nil && v.kind != null
	})
}

// absent says whether an override takes the element out.
func (n *node) absent() bool {
	v := n.member(keyAbsent)
	return v != nil && v.text == "true"
}
