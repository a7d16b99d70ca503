package datadog

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// answer1 is the answer of GET /api/v1/query.
type answer1 struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Series []struct {
		Scope     string       `json:"scope"`
		Interval  float64      `json:"interval"` // seconds
		Pointlist [][]*float64 `json:"pointlist"`
	} `json:"series"`
}

// answer2 is the answer of POST /api/v2/query/timeseries.
type answer2 struct {
	Errors json.RawMessage `json:"errors"` // a text, or a list of them
	Data   *struct {
		Attributes struct {
			Series []struct {
				GroupTags []string `json:"group_tags"`
			} `json:"series"`
			Times  []*float64   `json:"times"`
			Values [][]*float64 `json:"values"`
		} `json:"attributes"`
	} `json:"data"`
}

// column is one series.
type column struct {
	scope  string
	times  []*float64 // milliseconds since 1970
	values []*float64
}

// read1 returns the series of an answer of version 1, or what it says is wrong.
func read1(text []byte, step time.Duration) (columns []column, refused string, err error) {
	var a answer1
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, "", err
	}
	if a.Status == "error" || a.Error != "" {
		return nil, a.Error + " (status " + a.Status + ")", nil
	}
	if a.Status != "ok" {
		return nil, "", fmt.Errorf("status %q; wanted ok", clip(a.Status))
	}
	for _, s := range a.Series {
		if s.Interval != step.Seconds() {
			return nil, "", fmt.Errorf("interval of %v s; wanted %v s, as the rollup asks", s.Interval, step.Seconds())
		}
		c := column{scope: s.Scope}
		for _, p := range s.Pointlist {
			if len(p) != 2 {
				return nil, "", fmt.Errorf("point of %d numbers; wanted a time and a value", len(p))
			}
			c.times, c.values = append(c.times, p[0]), append(c.values, p[1])
		}
		columns = append(columns, c)
	}
	return columns, "", nil
}

// read2 is read1 for version 2, which does not say the interval: where the times lie is all there is to check.
func read2(text []byte) (columns []column, refused string, err error) {
	var a answer2
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, "", err
	}
	if said := string(a.Errors); said != "" && said != "null" && said != `""` && said != "[]" {
		return nil, said, nil
	}
	if a.Data == nil {
		return nil, "", fmt.Errorf("no data")
	}
	at := a.Data.Attributes
	if len(at.Series) != len(at.Values) {
		return nil, "", fmt.Errorf("%d series with values of %d", len(at.Series), len(at.Values))
	}
	for i, s := range at.Series {
		if len(at.Values[i]) != len(at.Times) {
			return nil, "", fmt.Errorf("%d values at %d times", len(at.Values[i]), len(at.Times))
		}
		columns = append(columns, column{fmt.Sprint(s.GroupTags), at.Times, at.Values[i]})
	}
	return columns, "", nil
}

// samples appends the samples from first to before end. Times must be among those that were asked for, ascending, each once;
// the bucket at end, which version 1 includes, is partial and left out.
func (c *column) samples(dst []forecast.Sample, first, end time.Time, step time.Duration) ([]forecast.Sample, error) {
	last := first.Add(-step)
	for i, ms := range c.times {
		if ms == nil || math.Abs(*ms) > math.MaxInt64/2000 || *ms != math.Trunc(*ms) {
			return nil, fmt.Errorf("time of point %d is no whole number of milliseconds since 1970", i)
		}
		at := time.UnixMilli(int64(*ms)).UTC()
		if at.Before(first) || at.After(end) || !at.Equal(at.Truncate(step)) {
			return nil, fmt.Errorf("value at %s; wanted none but each %v from %s to %s, as was asked", clock(at), step, clock(first), clock(end))
		}
		if !at.After(last) {
			return nil, fmt.Errorf("value at %s after one at %s; wanted ascending times", clock(at), clock(last))
		}
		last = at
		if at.Equal(end) {
			continue
		}
		v := math.NaN()
		if c.values[i] != nil {
			v = *c.values[i]
		}
		dst = append(dst, forecast.Sample{Time: at, Value: v})
	}
	return dst, nil
}

func clock(t time.Time) string { return t.Format("2006-01-02T15:04:05.999Z07:00") }
