package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/scaler"
)

// Fault is one thing that is wrong with a document.
type Fault struct {
	Line                 int    // of the document, from 1; 0 where it is not known
	Field, Value, Wanted string // Field is a path; elements of a list have their name in it, such as workloads[shop].engine.min
}

// String returns the fault as one phrase.
func (f Fault) String() string {
	at := ""
	if f.Line > 0 {
		at = fmt.Sprintf("line %d: ", f.Line)
	}
	return at + f.Field + " is " + f.Value + "; wanted " + f.Wanted
}

// Faults is everything that is wrong with a document, in the order of the lines. As an error it is one line, with the first 100.
type Faults []Fault

const mostSaid = 100

// Error implements error.
func (f Faults) Error() string {
	parts := make([]string, min(len(f), mostSaid))
	for i := range parts {
		parts[i] = f[i].String()
	}
	if len(f) == 1 {
		return "deployment: " + parts[0]
	}
	if more := len(f) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("deployment: %d faults: %s", len(f), strings.Join(parts, " | "))
}

// err returns f in order, each fault once, and nil where there is none: what several workloads share is wrong for all of them.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	var out Faults
	for _, x := range f {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return out
}

// below adds what err, from whoever was given the part of the tree at path, says is wrong with it.
func (f *Faults) below(root *node, path string, err error) {
	var own scaler.Faults
	var read *calendar.Faults
	switch {
	case err == nil:
	case errors.As(err, &own):
		for _, x := range own {
			f.at(root, path+"."+x.Field, x.Value, x.Wanted)
		}
	case errors.As(err, &read):
		for _, x := range read.List {
			f.at(root, path+"."+x.Field, x.Value, x.Wanted)
		}
	default:
		f.at(root, path, "refused", "what does not give this error: "+err.Error())
	}
}

// at adds a fault of what stands at path.
func (f *Faults) at(root *node, path, value, wanted string) {
	shown, line := locate(root, path)
	*f = append(*f, Fault{line, shown, value, wanted})
}

// locate returns the line of the deepest node on the way along path, and the path with names in the place of numbers where
// elements of a list have one.
func locate(root *node, path string) (shown string, line int) {
	n := root
	line = n.line
	for path != "" {
		var step string
		step, path = cut(path)
		name, isElement := strings.CutPrefix(step, "[")
		name = strings.TrimSuffix(name, "]")
		var next *node
		switch {
		case n == nil:
		case isElement:
			next, name = n.element(name)
		default:
			next = n.member(step)
		}
		switch {
		case isElement:
			shown += "[" + name + "]"
		case shown == "":
			shown = step
		default:
			shown += "." + step
		}
		if n = next; n != nil {
			line = n.line
		}
	}
	return shown, line
}

// cut returns the first step of a path, a name or a part in brackets, and the rest.
func cut(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") {
		if end := strings.Index(path, "]"); end >= 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// element returns the element of a list that has a number or a name, and its name if it has one.
func (n *node) element(which string) (*node, string) {
	if i, err := strconv.Atoi(which); err == nil && i >= 0 && i < len(n.items) {
		if name := n.items[i].name(); name != "" {
			return n.items[i], name
		}
		return n.items[i], which
	}
	for _, item := range n.items {
		if item.name() == which {
			return item, which
		}
	}
	return nil, which
}

// name is by which an object is known among others of its list.
func (n *node) name() string {
	for _, key := range []string{keyName, keySignal} {
		if v := n.member(key); v != nil && v.kind == text {
			return v.text
		}
	}
	return ""
}
