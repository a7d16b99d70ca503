package deploy

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
)

// Secret is a text that a document does not hold but names: ${env:NAME} is that of an environment variable and ${file:/path}
// that of a file, without blanks and line ends around it. However a Secret is printed, logged or encoded, its name stands in
// its place.
type Secret struct {
	name string
	text func() string // a function, because a field could be printed; nil before it was looked up
}

// Reveal returns the text itself. It is empty where the document was loaded without a lookup.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// String returns where the text comes from, such as ${env:NAME}, or nothing for the zero Secret.
func (s Secret) String() string { return s.name }

// Format writes what String returns, whatever the verb is, and in quotes for %q and %#v.
func (s Secret) Format(f fmt.State, verb rune) {
	out := s.name
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		out = `"` + out + `"`
	}
	_, _ = io.WriteString(f, out)
}

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.name), nil }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.name) }

// IsZero says whether the document names no text.
func (s Secret) IsZero() bool { return s.name == "" }

const (
	// secretPattern is what a Secret looks like in a document.
	secretPattern = `^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^{}$]+)\}$`
	// substitution is what no other text may hold.
	substitution = `\$\{(env|file):`

	mostSecret = 64 << 10 // bytes of a file
)

var (
	secretForm    = regexp.MustCompile(secretPattern)
	substituting  = regexp.MustCompile(substitution)
	wantedSecret  = "a name for a secret, ${env:NAME} or ${file:/path}, and not the secret itself"
	wantedNoNames = "a plain text: ${env:...} and ${file:...} stand for secrets alone"
)

// Lookup returns the value of an environment variable, and false where it is not set: os.LookupEnv.
type Lookup func(name string) (value string, ok bool)

// find returns the text that name stands for. wanted is what is wrong if it cannot be had.
func (l Lookup) find(name string) (secret, wanted string) {
	what, where, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "${"), "}"), ":")
	var found string
	if what == "env" {
		value, ok := l(where)
		if !ok {
			return "", "the name of an environment variable that is set"
		}
		found = value
	} else {
		b, err := readBounded(where)
		if err != nil {
			return "", "the name of a file that can be read: " + err.Error()
		}
		found = string(b)
	}
	if found = strings.TrimSpace(found); found == "" {
		return "", "the name of a secret that is not empty"
	}
	return found, ""
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, mostSecret+1))
	if err == nil && len(b) > mostSecret {
		return nil, fmt.Errorf("it has more than %d bytes", mostSecret)
	}
	return b, err
}
