package datadog

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/forecast"
)

// answer1 is the answer of GET /api/v1/query.
type answer1 struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Series []struct {
		Query     *int    `json:"query_index"`
		Scope     string  `json:"scope"`
		Interval  float64 `json:"interval"` // seconds
		Pointlist points  `json:"pointlist"`
	} `json:"series"`
}

// answer2 is the answer of POST /api/v2/query/timeseries.
type answer2 struct {
	Errors json.RawMessage `json:"errors"` // a text, or a list of them
	Data   *struct {
		Attributes struct {
			Series []struct {
				Query     *int     `json:"query_index"` // which of the formulas
				GroupTags []string `json:"group_tags"`
			} `json:"series"`
			Times  numbers   `json:"times"`
			Values []numbers `json:"values"`
		} `json:"attributes"`
	} `json:"data"`
}

// column is one series of an answer.
type column struct {
	query    *int // which of those that were asked; nil if the answer does not say
	scope    string
	interval time.Duration // of its buckets, as the answer says; 0 if it does not
	shared   bool          // the times are those of all series: a value that is null need not be a gap
	times    numbers       // milliseconds since 1970
	values   numbers       // as many
	fault    error         // of its form
}

// read1 returns the series of an answer of version 1, or what it says is wrong.
func read1(text []byte) (columns []column, refused string, err error) {
	var a answer1
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, "", err
	}
	if a.Status == "error" || a.Error != "" {
		return nil, a.Error + " (status " + a.Status + ")", nil
	}
	if a.Status != "ok" {
		return nil, "", fmt.Errorf("status %q; wanted ok", refusal.Clip(a.Status))
	}
	for i := range a.Series {
		s := &a.Series[i]
		c := column{query: s.Query, scope: s.Scope, times: s.Pointlist.times, values: s.Pointlist.values, fault: s.Pointlist.fault}
		if c.interval = time.Duration(s.Interval * float64(time.Second)); c.interval == 0 {
			c.fault = errors.Join(c.fault, fmt.Errorf("interval of %v s; wanted that of the rollup", s.Interval))
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
		return nil, "", errors.New("no data")
	}
	at := &a.Data.Attributes
	if len(at.Series) != len(at.Values) {
		return nil, "", fmt.Errorf("%d series with values of %d", len(at.Series), len(at.Values))
	}
	for i, s := range at.Series {
		c := column{query: s.Query, scope: fmt.Sprint(s.GroupTags), times: at.Times, values: at.Values[i], shared: true}
		if len(c.values) != len(c.times) {
			c.fault = fmt.Errorf("%d values at %d times", len(c.values), len(c.times))
		}
		columns = append(columns, c)
	}
	return columns, "", nil
}

// samples returns the samples of q's intervals. Times must be among those that were asked for, ascending, each
// once; the bucket at q.end, which version 1 includes, is partial and left out.
func (c *column) samples(q *question) ([]forecast.Sample, error) {
	if c.fault != nil {
		return nil, c.fault
	}
	if c.interval != 0 && c.interval != q.step {
		return nil, fmt.Errorf("interval of %v s; wanted %v s, as the rollup asks", c.interval.Seconds(), q.step.Seconds())
	}
	dst := make([]forecast.Sample, 0, len(c.times))
	last := q.first.Add(-q.step)
	for i, ms := range c.times {
		if !(math.Abs(ms) <= math.MaxInt64/2000) || ms != math.Trunc(ms) { // null is NaN
			return nil, fmt.Errorf("time of point %d is no whole number of milliseconds since 1970", i)
		}
		at := time.UnixMilli(int64(ms)).UTC()
		if at.Before(q.first) || at.After(q.end) || !at.Equal(at.Truncate(q.step)) {
			return nil, fmt.Errorf("value at %s; wanted none but each %v from %s to %s, as was asked", clock(at), q.step, clock(q.first), clock(q.end))
		}
		if !at.After(last) {
			return nil, fmt.Errorf("value at %s after one at %s; wanted ascending times", clock(at), clock(last))
		}
		if last = at; at.Before(q.end) && !(c.shared && math.IsNaN(c.values[i])) {
			dst = append(dst, forecast.Sample{Time: at, Value: c.values[i]})
		}
	}
	return dst, nil
}

func clock(t time.Time) string { return t.Format("2006-01-02T15:04:05.999Z07:00") }
