package compat

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is written as text ("90s", "2m", "24h") in JSON and YAML. A bare number is refused,
// because nobody can see whether it means seconds or nanoseconds.
type Duration time.Duration

// Std returns d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String formats d as time.Duration does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it accepts what time.ParseDuration accepts.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration; wanted text such as \"90s\", \"2m\" or \"24h\"", b)
	}
	*d = Duration(v)
	return nil
}
