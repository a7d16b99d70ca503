package file

import (
	"bytes"
	"encoding/json"

	"github.com/headroom-go/headroom/adapters/internal/moment"
	"github.com/headroom-go/headroom/forecast"
)

// objectRow is a line of JSON. Raw messages tell what is missing from what is null.
type objectRow struct {
	Time  json.RawMessage `json:"timestamp"`
	Value json.RawMessage `json:"value"`
}

// parseObject reads one line that is a JSON object.
func parseObject(line []byte, _ columns) (forecast.Sample, *LineError) {
	var row objectRow
	if err := json.Unmarshal(line, &row); err != nil || !bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) {
		return forecast.Sample{}, &LineError{Found: "line " + quote(line), Wanted: "one JSON object with timestamp and value"}
	}
	fault := func(field string, raw []byte, wanted error) (forecast.Sample, *LineError) {
		found := field + " is missing"
		if raw != nil {
			found = field + " is " + string(raw[:min(len(raw), mostShown)])
		}
		return forecast.Sample{}, &LineError{Found: found, Wanted: wanted.Error()}
	}
	at, err := moment.Parse(bare(row.Time))
	if err != nil {
		return fault(timeColumn, row.Time, err)
	}
	if row.Value == nil {
		return fault(valueColumn, nil, errObjectValue)
	}
	text := bare(row.Value)
	switch text {
	case "null":
		text = ""
	case "": // a gap is null here
		return fault(valueColumn, row.Value, errObjectValue)
	}
	value, err := parseValue(text)
	if err != nil {
		return fault(valueColumn, row.Value, errObjectValue)
	}
	return forecast.Sample{Time: at, Value: value}, nil
}

// bare is a number or the content of a text. Of what is neither it is what stands there, which no one understands.
func bare(raw []byte) string {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
