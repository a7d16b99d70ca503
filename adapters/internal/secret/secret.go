// Package secret has texts that adapters use and do not show.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Text is a text that is not shown: however it is printed, logged or encoded, "[hidden]" stands in its place. string(s) is
// the text. Package fmt does not ask one in an unexported field, and encoding/json none that
// is the key of a map: keep it in a function there.
type Text string

// Hidden stands in the place of what is not shown.
const Hidden = "[hidden]"

// String returns "[hidden]", or nothing for the empty Text.
func (s Text) String() string {
	if s == "" {
		return ""
	}
	return Hidden
}

// Format writes what String returns, whatever the verb is, and in quotes for %q and %#v.
func (s Text) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = `"` + text + `"`
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText returns what String does.
func (s Text) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String does.
func (s Text) LogValue() slog.Value { return slog.StringValue(s.String()) }

// shortest is the number of bytes from which on a text is looked for in messages: to hide "1" would make them illegible.
const shortest = 4

// Conceal returns text with "[hidden]" in place of each of secrets: a server may say what it was sent.
func Conceal(text string, secrets []string) string {
	longest := slices.Clone(secrets)
	slices.SortFunc(longest, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, s := range longest {
		if len(s) >= shortest {
			text = strings.ReplaceAll(text, s, Hidden)
		}
	}
	return text
}

// ConcealError returns err, or one in its place whose text has none of secrets. That one is still what err is (errors.Is),
// but does not give it out (errors.As).
func ConcealError(err error, secrets []string) error {
	before := err.Error()
	if text := Conceal(before, secrets); text != before {
		return &concealed{text, err}
	}
	return err
}

// concealed is an error whose text held a secret.
type concealed struct {
	text string
	err  error
}

func (e *concealed) Error() string { return e.text }

// Is keeps what the error was, and not what it said.
func (e *concealed) Is(target error) bool { return errors.Is(e.err, target) }
