package deploy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kind is what a node of a document is.
type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

var kindNames = [...]string{null: "null", boolean: "true or false", number: "a number", text: "a text", list: "a list", object: "an object"}

// String names the kind as a fault does.
func (k kind) String() string { return kindNames[k] }

// node is one value of a document with the line it stands on. Nodes are never changed once they are made.
type node struct {
	kind    kind
	line    int
	text    string   // of a boolean, a number or a text
	members []member // of an object, each name once
	items   []*node  // of a list
}

type member struct {
	name  string
	line  int
	value *node
}

// member returns the value of that name, and nil where there is none.
func (n *node) member(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].name == name {
			return n.members[i].value
		}
	}
	return nil
}

// jsonNumber is what RFC 8259 takes for a number: 010 and 1_000 mean different things to different readers of YAML.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// quoted is a part of the document in an error of the YAML library: a secret that begins with * is a reference to it. What is
// shorter is punctuation.
var quoted = regexp.MustCompile("['\"`][^'\"`]{4,}['\"`]")

// mostNodes bounds what the references of YAML may unfold to, which grows exponentially in a file that means harm.
const mostNodes = 200_000

// reader turns what the YAML library has read into nodes.
type reader struct {
	count  int
	faults Faults
}

// parseTree reads one document of JSON or YAML. The error has the line; beside Faults there is a tree of what can be read.
func parseTree(b []byte) (*node, error) {
	if json.Valid(b) {
		return readJSON(b)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		said := strings.TrimPrefix(err.Error(), "yaml: ")
		return nil, fmt.Errorf("deployment: %s; wanted YAML or JSON", quoted.ReplaceAllString(said, "'...'"))
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("deployment: the document is empty; wanted an object")
	}
	if err := onlyDocument(b); err != nil {
		return nil, err
	}
	r := reader{}
	return r.read(doc.Content[0], ""), r.faults.err()
}

// onlyDocument refuses what follows "---", which would pass unread.
func onlyDocument(b []byte) error {
	dec := yaml.NewDecoder(strings.NewReader(string(b)))
	var doc yaml.Node
	_ = dec.Decode(&doc) // it has been read before
	if dec.Decode(&doc) == nil {
		return fmt.Errorf("deployment: line %d: another document begins; wanted one", doc.Line)
	}
	return nil
}

func (r *reader) fault(line int, path, value, wanted string) {
	r.faults = append(r.faults, Fault{Line: line, Field: orWhole(path), Value: value, Wanted: wanted})
}

// read returns the node that stands at path.
func (r *reader) read(y *yaml.Node, path string) *node {
	if r.count++; r.count > mostNodes {
		if r.count == mostNodes+1 {
			r.fault(y.Line, path, "one value too many", fmt.Sprintf("at most %d with everything that * refers to", mostNodes))
		}
		return &node{line: y.Line}
	}
	out := &node{line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return r.read(y.Alias, path)
	case yaml.SequenceNode:
		out.kind = list
		for i, item := range y.Content {
			out.items = append(out.items, r.read(item, path+"["+cmp.Or(nameOf(item), strconv.Itoa(i))+"]"))
		}
	case yaml.MappingNode:
		out.kind = object
		r.members(y, out, path)
	default:
		r.scalar(y, out, path)
	}
	return out
}

// nameOf is by which an object is known among others of its list, and "" where it has no name.
func nameOf(y *yaml.Node) string {
	for i := 0; y.Kind == yaml.MappingNode && i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i].Value, y.Content[i+1]
		if (key == keyName || key == keySignal) && value.Kind == yaml.ScalarNode {
			return clip(value.Value)
		}
	}
	return ""
}

// members reads those of an object.
func (r *reader) members(y *yaml.Node, out *node, path string) {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fault(key.Line, path, "an object with a key that is no text", "names as keys")
		case key.ShortTag() == "!!merge":
			r.fault(key.Line, at, "there", "nothing: what << means is not part of YAML any more; use defaults")
		case out.member(key.Value) != nil:
			r.fault(key.Line, at, "there twice", "each name once")
		default:
			out.members = append(out.members, member{key.Value, key.Line, r.read(value, at)})
		}
	}
}

// scalar reads a value without parts. What YAML takes for a date is a text here.
func (r *reader) scalar(y *yaml.Node, out *node, path string) {
	out.text = y.Value
	switch y.ShortTag() {
	case "!!null":
		out.kind = null
	case "!!bool":
		out.kind = boolean
		out.text = strings.ToLower(y.Value)
	case "!!int", "!!float":
		out.kind = number
		if !jsonNumber.MatchString(y.Value) {
			r.fault(y.Line, path, strconv.Quote(clip(y.Value)), "a number as JSON has it, or a text in quotes")
		}
	case "!!str", "!!timestamp":
		out.kind = text
	default:
		out.kind = text
		r.fault(y.Line, path, "marked with !", "a value without a mark, or a text in quotes") // a secret may begin with it
	}
}

// join returns the path of a member.
func join(path, name string) string {
	if strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || strings.ContainsRune(".[]\"", c) }) {
		name = strconv.Quote(clip(name))
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func orWhole(path string) string {
	if path == "" {
		return "the whole"
	}
	return path
}

const mostShown = 40

// clip returns the beginning of s.
func clip(s string) string {
	if len(s) > mostShown {
		s = strings.ToValidUTF8(s[:mostShown], "") + "..."
	}
	return s
}
