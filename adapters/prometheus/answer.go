package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
)

// answer is the JSON of every answer of the API (Prometheus documentation, "HTTP API", "Format overview").
type answer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Infos     []string `json:"infos"`
	Data      struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	} `json:"data"`
}

// series is one element of a matrix.
type series struct {
	Metric     map[string]string `json:"metric"`
	Values     []point           `json:"values"`
	Histograms []json.RawMessage `json:"histograms"`
}

// point is [seconds, "value"]. at is in milliseconds, the resolution of Prometheus.
type point struct {
	at    int64
	value float64
}

// UnmarshalJSON implements json.Unmarshaler. A value that is null is NaN.
func (p *point) UnmarshalJSON(b []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("point %s; wanted a time and a value", refusal.Clip(string(b)))
	}
	var at *float64
	if err := json.Unmarshal(pair[0], &at); err != nil || at == nil || math.Abs(*at) > math.MaxInt64/2000 {
		return fmt.Errorf("time %s; wanted seconds since 1970", refusal.Clip(string(pair[0])))
	}
	p.at = int64(math.Round(*at * 1000))
	p.value = math.NaN()
	var text *string
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return fmt.Errorf("value %s at %s; wanted a number in quotes", refusal.Clip(string(pair[1])), clock(p.at))
	}
	if text == nil {
		return nil
	}
	v, err := strconv.ParseFloat(*text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // which comes with the infinity that is meant
		return fmt.Errorf("value %q at %s; wanted a number", refusal.Clip(*text), clock(p.at))
	}
	p.value = v
	return nil
}

// matrix returns the series of a successful answer.
func (a *answer) matrix() ([]series, error) {
	if a.Data.ResultType != "matrix" {
		return nil, fmt.Errorf("resultType %q; wanted matrix", refusal.Clip(a.Data.ResultType))
	}
	var out []series
	if err := json.Unmarshal(a.Data.Result, &out); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return out, nil
}

// check demands times that are among first, first + step ... end, in ascending order, each once.
func (s *series) check(first, end, step int64) error {
	if len(s.Histograms) > 0 {
		return fmt.Errorf("native histograms in %s; wanted numbers, for example histogram_count of it", labelText(s.Metric))
	}
	for i, p := range s.Values {
		switch {
		case p.at < first || p.at > end || (p.at-first)%step != 0:
			return fmt.Errorf("value at %s; wanted none but each %v from %s to %s, as was asked", clock(p.at), time.Duration(step)*time.Millisecond, clock(first), clock(end))
		case i > 0 && p.at <= s.Values[i-1].at:
			return fmt.Errorf("value at %s after one at %s; wanted ascending times", clock(p.at), clock(s.Values[i-1].at))
		}
	}
	return nil
}

// clock returns a time for messages.
func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00") }

// labelText returns labels as PromQL writes them, clipped.
func labelText(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s=%q", name, labels[name])
	}
	return "{" + refusal.Clip(b.String()) + "}"
}
