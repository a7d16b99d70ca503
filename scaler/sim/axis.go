package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/scaler"
)

// Axis is one thing that a sweep varies: a field of the engine's configuration, or a term of the plant.
type Axis struct {
	// Path names the field as the configuration file does: "penalty", "forecast.spikes", "signals[0].capacity". What the
	// plant has too (the boot time, the penalty, the delay, the capacity) changes for both, as in the replay command.
	// "engine.boot" changes it for the engine alone, and "plant.boot" for the plant alone, where it is a field of Options
	// in lower case: boot, penalty, lag, capacity, announce, scale_to_zero and so on.
	Path string `json:"path"`
	// Values are the JSON values that it takes, in this order.
	Values []json.RawMessage `json:"values"`
}

// maxAxisValues bounds the values of an axis: a slip in a range must not fill the memory.
const maxAxisValues = 10_000

// ParseAxis reads an axis such as "penalty=5:50:5". Behind the path and "=" there is one of
//
//	a list          30s,2m,10m    false,true    [],["hpa"]
//	a range         5:50:5        from 5 to 50 by 5, both ends included if the step leads to them
//	a number of     1..100 log 8  eight from 1 to 100, each the same number of times the one before
//	                0..1 lin 5    five at the same distance
//
// of numbers, durations, or (in a list) any JSON; what is no JSON is a text, so that quotes are seldom needed. Logarithmic
// values between the ends are rounded to four digits, durations to whole seconds from 10 s on. An empty list, a value that
// is there twice, or an end or step that is out of order are errors. Whether the path exists, Sweep finds out.
func ParseAxis(text string) (Axis, error) {
	path, values, ok := strings.Cut(text, "=")
	path, values = strings.TrimSpace(path), strings.TrimSpace(values)
	if !ok || path == "" || values == "" {
		return Axis{}, fmt.Errorf("%q: wanted PATH=VALUES, such as penalty=5:50:5 or boot=30s,2m,10m", text)
	}
	a := Axis{Path: path}
	var err error
	if a.Values, err = parseValues(values); err != nil {
		return Axis{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, a.check()
}

// check reports what is wrong with the values.
func (a Axis) check() error {
	if n := len(a.Values); n == 0 || n > maxAxisValues {
		return fmt.Errorf("%s: %d values; wanted 1 to %d", a.Path, n, maxAxisValues)
	}
	seen := make(map[string]bool, len(a.Values))
	for _, v := range a.Values {
		if !json.Valid(v) {
			return fmt.Errorf("%s: value %q; wanted JSON", a.Path, v)
		}
		if seen[string(v)] {
			return fmt.Errorf("%s: value %s is there twice; wanted each once", a.Path, v)
		}
		seen[string(v)] = true
	}
	return nil
}

func parseValues(text string) ([]json.RawMessage, error) {
	if words := strings.Fields(text); strings.Contains(words[0], "..") && !strings.ContainsAny(text, `"[{,`) {
		if len(words) != 3 {
			return nil, fmt.Errorf("%s: wanted a number of values behind it, such as %s log 8 or %s lin 8", text, words[0], words[0])
		}
		from, to, _ := strings.Cut(words[0], "..")
		return parseCount(from, to, words[1], words[2])
	}
	if parts := strings.Split(text, ":"); len(parts) == 3 && !strings.ContainsAny(text, `"[{,`) {
		return parseRange(parts[0], parts[1], parts[2])
	}
	var values []json.RawMessage
	for _, item := range splitList(text) {
		values = append(values, parseItem(item))
	}
	return values, nil
}

// parseItem is a JSON value, or else a text.
func parseItem(item string) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, []byte(item)) == nil && b.Len() > 0 {
		return b.Bytes()
	}
	text, _ := json.Marshal(item) // a string always has a JSON form
	return text
}

// splitList splits at the commas that are outside of texts, lists and objects.
func splitList(text string) []string {
	var items []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			items = append(items, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return append(items, strings.TrimSpace(text[from:]))
}

// quantity is a number, or the seconds of a duration.
type quantity struct {
	v    float64
	span bool
}

func parseQuantity(text string) (quantity, error) {
	text = strings.TrimSpace(text)
	if d, err := time.ParseDuration(text); err == nil && strings.ContainsAny(text, "smh") {
		return quantity{d.Seconds(), true}, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return quantity{}, fmt.Errorf("%q: wanted a number, or a duration such as 90s", text)
	}
	return quantity{v, false}, nil
}

// parseQuantities reads quantities of one sort.
func parseQuantities(texts ...string) ([]quantity, error) {
	var out []quantity
	for _, text := range texts {
		q, err := parseQuantity(text)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
		if q.span != out[0].span {
			return nil, fmt.Errorf("%q and %q: wanted numbers or durations, not both", texts[0], text)
		}
	}
	return out, nil
}

// json is v in the form that q has, with twelve digits: nobody means 0.30000000000000004.
func (q quantity) json(v float64) json.RawMessage {
	if q.span {
		text, _ := json.Marshal(scaler.Duration(math.Round(v * 1e9)))
		return text
	}
	text, _ := json.Marshal(digits(v, 12)) // finite
	return text
}

func digits(v float64, n int) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	return rounded
}

func parseRange(from, to, step string) ([]json.RawMessage, error) {
	q, err := parseQuantities(from, to, step)
	if err != nil {
		return nil, fmt.Errorf("%w in a range FROM:TO:STEP", err)
	}
	a, b, by := q[0].v, q[1].v, q[2].v
	if !(by > 0) || b < a {
		return nil, fmt.Errorf("range %s:%s:%s: wanted FROM:TO:STEP with a STEP above 0 and a TO not below FROM", from, to, step)
	}
	n := math.Floor((b-a)/by+1e-9) + 1
	if n > maxAxisValues {
		return nil, fmt.Errorf("range %s:%s:%s: %.0f values; wanted at most %d", from, to, step, n, maxAxisValues)
	}
	var values []json.RawMessage
	for i := range int(n) {
		values = append(values, q[0].json(a+float64(i)*by))
	}
	return values, nil
}

func parseCount(from, to, scale, count string) ([]json.RawMessage, error) {
	q, err := parseQuantities(from, to)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 2 || n > maxAxisValues {
		return nil, fmt.Errorf("%s..%s %s %s: wanted 2 to %d values", from, to, scale, count, maxAxisValues)
	}
	a, b := q[0].v, q[1].v
	switch {
	case scale != "log" && scale != "lin":
		return nil, fmt.Errorf("%s..%s %s %s: wanted log or lin before the number of values", from, to, scale, count)
	case !(a < b) || scale == "log" && !(a > 0):
		return nil, fmt.Errorf("%s..%s %s %s: wanted ends that rise, above 0 for log", from, to, scale, count)
	}
	var values []json.RawMessage
	for i := range n {
		part := float64(i) / float64(n-1)
		v := a + part*(b-a)
		switch {
		case i == n-1:
			v = b
		case i > 0 && scale == "log" && q[0].span:
			v = a * math.Pow(b/a, part)
			if v >= 10 {
				v = math.Round(v)
			}
		case i > 0 && scale == "log":
			v = digits(a*math.Pow(b/a, part), 4)
		}
		values = append(values, q[0].json(v))
	}
	return slices.CompactFunc(values, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }), nil
}

// label is a value as tables show it: without the quotes of a text.
func label(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil && string(v) != "null" {
		return text
	}
	return string(v)
}
