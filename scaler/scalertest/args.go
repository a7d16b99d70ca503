package scalertest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// args are the arguments of a command: one bare word first, then key=value pairs and flags. What is asked for is ticked
// off, so that a misspelt key is an error.
type args struct {
	name   string
	values map[string]string
	asked  map[string]bool
	bad    *[]string
}

func parseArgs(words []string) args {
	a := args{values: map[string]string{}, asked: map[string]bool{}, bad: new([]string)}
	for i, w := range words {
		key, value, pair := strings.Cut(w, "=")
		switch {
		case pair:
			a.values[key] = value
		case i == 0:
			a.name = w
		default:
			a.values[w] = ""
		}
	}
	return a
}

func (a args) text(key string) string {
	a.asked[key] = true
	return a.values[key]
}

func (a args) flag(key string) bool {
	a.asked[key] = true
	_, ok := a.values[key]
	return ok
}

func (a args) number(key string, otherwise float64) float64 {
	if !a.flag(key) {
		return otherwise
	}
	v, err := strconv.ParseFloat(a.values[key], 64)
	if err != nil {
		*a.bad = append(*a.bad, fmt.Sprintf("%s=%s is not a number", key, a.values[key]))
	}
	return v
}

func (a args) duration(key string) (time.Duration, error) {
	if !a.flag(key) {
		return 0, nil
	}
	return time.ParseDuration(a.values[key])
}

// unused returns an error where a key was given that the command does not know, or a number was none.
func (a args) unused() error {
	for key := range a.values {
		if !a.asked[key] {
			*a.bad = append(*a.bad, "unknown argument "+key)
		}
	}
	if len(*a.bad) == 0 {
		return nil
	}
	slices.Sort(*a.bad)
	return fmt.Errorf("%s", strings.Join(*a.bad, "; "))
}
