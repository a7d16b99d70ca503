package prometheus

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
)

// Secret is a text that is not shown: however it is printed, logged or encoded, "[hidden]" stands in its place.
// string(s) is the text.
type Secret string

const hidden = "[hidden]"

// String returns "[hidden]", or nothing for the empty Secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString returns what String does, in quotes.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// minSecret is the number of bytes from which on a text is looked for in messages: to hide "1" would make them illegible.
const minSecret = 4

// conceal returns text with "[hidden]" in place of each of secrets: a server may say what it was sent.
func conceal(text string, secrets []string) string {
	longest := slices.Clone(secrets)
	slices.SortFunc(longest, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, s := range longest {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return text
}

// concealed is an error whose text held a secret.
type concealed struct {
	text string
	err  error
}

func (e *concealed) Error() string { return e.text }

// Is keeps what the error was, and not what it said.
func (e *concealed) Is(target error) bool { return errors.Is(e.err, target) }
