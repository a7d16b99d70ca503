package ingest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// answerDecoder reads the JSON answers of Prometheus and Datadog. Series come one after the other in them, so that one at a
// time is in memory, and of it one point; only Datadog's v2, which writes times and values apart, is held whole.
type answerDecoder struct {
	json  *jsonReader
	kind  string
	stamp stamps
	yield func(p *point) error
	names []string
}

func newAnswer(b *bufio.Reader, name string) *answerDecoder {
	return &answerDecoder{json: newJSONReader(b, name)}
}

func (d *answerDecoder) series() []string { return d.names }

// errAnswer is what an answer is that holds an error.
func (d *answerDecoder) refused(text string) error {
	return d.json.fault("the answer is an error, %q; wanted series", clip(text))
}

func (d *answerDecoder) each(yield func(p *point) error) error {
	d.yield = yield
	t, err := d.json.dec.Token()
	if err != nil {
		return d.json.failed(err)
	}
	if t == json.Delim('[') { // promtool prints the result alone
		if err := d.elements(d.prometheusSeries); err != nil {
			return err
		}
	} else if err := d.fields(map[string]func() error{
		"data":   d.data,
		"series": d.array(d.datadogSeries),
		"error":  d.fault,
		"errors": d.fault,
	}); err != nil {
		return err
	}
	if _, err := d.json.dec.Token(); !errors.Is(err, io.EOF) {
		return d.json.fault("something follows the answer; wanted one JSON document")
	}
	if len(d.names) == 0 {
		return d.json.fault("no series; wanted the answer of a Prometheus range query or of a Datadog timeseries query, with series")
	}
	return nil
}

// fields reads the rest of an object, with a function for each field that is looked at.
func (d *answerDecoder) fields(read map[string]func() error) error {
	for d.json.dec.More() {
		key, err := d.json.key()
		if err != nil {
			return err
		}
		f := read[key]
		if f == nil {
			f = func() error { return d.json.value(&d.json.raw) }
		}
		if err := f(); err != nil {
			return err
		}
	}
	return d.json.open('}')
}

func (d *answerDecoder) object(read map[string]func() error) error {
	if err := d.json.open('{'); err != nil {
		return d.whole(err)
	}
	return d.fields(read)
}

// whole makes the end of the file within a document an error.
func (d *answerDecoder) whole(err error) error {
	if errors.Is(err, io.EOF) {
		return d.json.failed(err)
	}
	return err
}

// elements reads the rest of an array.
func (d *answerDecoder) elements(read func() error) error {
	for d.json.dec.More() {
		if err := read(); err != nil {
			return err
		}
	}
	return d.json.open(']')
}

// array returns a function that reads an array. Null is an empty one.
func (d *answerDecoder) array(read func() error) func() error {
	return func() error {
		t, err := d.json.dec.Token()
		if err != nil {
			return d.json.failed(err)
		}
		if t == nil {
			return nil
		}
		if t != json.Delim('[') {
			return d.json.fault("%q; wanted an array", clip(fmt.Sprint(t)))
		}
		return d.elements(read)
	}
}

// fault reads the field of an error, which is an error unless it is empty.
func (d *answerDecoder) fault() error {
	if err := d.json.value(&d.json.raw); err != nil {
		return err
	}
	switch text := string(d.json.raw); text {
	case "null", `""`, "[]", "{}":
		return nil
	default:
		return d.refused(text)
	}
}

// data is the field of that name: an object of Prometheus or of Datadog's v2.
func (d *answerDecoder) data() error {
	return d.object(map[string]func() error{
		"resultType": func() error {
			text, _, err := d.json.scalar()
			if err == nil && text != "matrix" {
				err = d.json.fault("resultType %q; wanted matrix: the answer of query_range", text)
			}
			return err
		},
		"result":     d.array(d.prometheusSeries),
		"attributes": d.datadogAttributes,
	})
}

// begin counts a new series, whose name may come later.
func (d *answerDecoder) begin(kind string, unit time.Duration) (number int, err error) {
	if len(d.names) == maxSeries {
		return 0, d.json.fault("more than %d series; wanted fewer", maxSeries)
	}
	d.kind = kind
	d.stamp.unit = int64(unit)
	d.names = append(d.names, "series "+strconv.Itoa(len(d.names)+1))
	return len(d.names) - 1, nil
}

// prometheusSeries reads {"metric":{labels},"values":[[seconds,"value"],...]}.
func (d *answerDecoder) prometheusSeries() error {
	n, err := d.begin("Prometheus range query", time.Second)
	if err != nil {
		return err
	}
	return d.object(map[string]func() error{
		"metric": func() error {
			var labels map[string]string
			if err := d.json.value(&labels); err != nil {
				return err
			}
			d.names[n] = seriesText("", labels)
			return nil
		},
		"values": d.array(func() error { return d.pair(n) }),
		"value": func() error {
			return d.json.fault("a single value; wanted values at many times: the answer of query_range")
		},
		"histograms": func() error {
			return d.json.fault("a native histogram; wanted numbers, such as histogram_count of it")
		},
	})
}

// datadogSeries reads an element of "series" of the v1 query: {"metric":..,"scope":..,"pointlist":[[ms,value],...]}.
func (d *answerDecoder) datadogSeries() error {
	n, err := d.begin("Datadog v1 query", time.Millisecond)
	if err != nil {
		return err
	}
	var metric, expression, scope string
	text := func(s *string) func() error { return func() error { return d.json.value(s) } }
	err = d.object(map[string]func() error{
		"metric":     text(&metric),
		"expression": text(&expression),
		"scope":      text(&scope),
		"pointlist":  d.array(func() error { return d.pair(n) }),
	})
	switch {
	case expression != "":
		d.names[n] = expression
	case metric != "" && scope != "":
		d.names[n] = metric + "{" + scope + "}"
	case metric != "":
		d.names[n] = metric
	}
	return err
}

// pair reads [time, value].
func (d *answerDecoder) pair(series int) error {
	var parts []json.RawMessage
	if err := d.json.value(&parts); err != nil {
		return err
	}
	if len(parts) != 2 {
		return d.json.fault("a point of %d parts; wanted [time, value]", len(parts))
	}
	return d.point(series, string(parts[0]), string(parts[1]))
}

func (d *answerDecoder) point(series int, at, value string) error {
	p := point{series: series, line: d.json.line(), text: value}
	var ok bool
	if p.at, ok = d.stamp.number(at); !ok {
		return d.json.fault("time %s: wanted a number of seconds (Prometheus) or milliseconds (Datadog) since 1970", clip(at))
	}
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		p.text = strings.TrimSuffix(inner, `"`)
	}
	return d.yield(&p)
}

// datadogAttributes reads the answer of v2: {"series":[{"group_tags":[..],"query_index":0}],"times":[ms],"values":[[..]]}.
func (d *answerDecoder) datadogAttributes() error {
	var a struct {
		Series []struct {
			GroupTags  []string `json:"group_tags"`
			QueryIndex int      `json:"query_index"`
		} `json:"series"`
		Times  []json.Number       `json:"times"`
		Values [][]json.RawMessage `json:"values"`
	}
	if err := d.json.value(&a); err != nil {
		return err
	}
	if len(a.Series) != len(a.Values) {
		return d.json.fault("%d series with %d rows of values; wanted as many", len(a.Series), len(a.Values))
	}
	for i, s := range a.Series {
		n, err := d.begin("Datadog v2 timeseries", time.Millisecond)
		if err != nil {
			return err
		}
		d.names[n] = "query " + strconv.Itoa(s.QueryIndex) + " {" + strings.Join(s.GroupTags, ",") + "}"
		if len(a.Values[i]) != len(a.Times) {
			return d.json.fault("series %d has %d values for %d times; wanted as many", i, len(a.Values[i]), len(a.Times))
		}
		for j, value := range a.Values[i] {
			if err := d.point(n, a.Times[j].String(), string(value)); err != nil {
				return err
			}
		}
	}
	return nil
}
