package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// payload is what the script of the page draws. See pack.go for the strings.
type payload struct {
	Trace    string  `json:"trace"`
	N        int     `json:"n"`
	Step     float64 `json:"step_s"`
	Capacity float64 `json:"capacity"`
	First    int     `json:"first_scored"`
	Zone     string  `json:"zone"` // of all times
	// Start is the start of step 0 in milliseconds since 1970, read as if Zone were UTC; Grid is by how much each step
	// begins later than Start and the steps before it, in milliseconds (runs).
	Start    int64           `json:"start_ms"`
	Grid     string          `json:"grid"`
	Demand   string          `json:"demand"`  // floats
	Quantum  float64         `json:"quantum"` // of the forecast
	Band     []string        `json:"band"`    // multiples: low, middle, high; none without an engine
	Policies []policyPayload `json:"policies"`
	Changed  string          `json:"changed"` // runs: the step of each change of the engine's
	Words    []string        `json:"words"`
	Text     string          `json:"text"` // counts: see sentences
	Events   []eventPayload  `json:"events"`
}

type policyPayload struct {
	Name    string `json:"name"`
	Ordered string `json:"ordered"` // runs
	Ready   string `json:"ready"`   // runs; "" if always what was ordered
}

type eventPayload struct {
	At    int64  `json:"at_ms"` // like Start
	Label string `json:"label"`
}

// forecastQuantum is the part of a replica's capacity to which the forecast is rounded: finer than a screen shows.
const forecastQuantum = 1.0 / 64

// newPayload gathers what the script needs. log may be nil.
func newPayload(c *sim.Comparison, log *Log) payload {
	t, o := c.Case.Trace, c.Case.Options
	zone, offset := t.Times[0].Zone()
	if offset != 0 || zone == "" {
		zone = t.Times[0].Format("UTC-07:00")
	}
	local := func(at time.Time) int64 { return at.UnixMilli() + int64(offset)*1000 }
	p := payload{
		Trace: t.Name, N: t.Len(), Step: t.Step.Seconds(), Capacity: o.Capacity, First: o.FirstScored(t), Zone: zone,
		Start: local(t.Times[0]), Demand: packFloats(t.Demand), Quantum: o.Capacity * forecastQuantum,
		Band: []string{}, Words: []string{}, Policies: []policyPayload{}, Events: []eventPayload{},
	}
	grid := make([]int64, t.Len())
	for i, at := range t.Times {
		grid[i] = local(at) - p.Start - int64(i)*t.Step.Milliseconds()
	}
	p.Grid = packRuns(grid)
	for i := range c.Results {
		r := &c.Results[i]
		one := policyPayload{Name: r.Name, Ordered: packRuns(r.Ordered)}
		if ready := packRuns(r.Ready); ready != one.Ordered {
			one.Ready = ready
		}
		p.Policies = append(p.Policies, one)
	}
	if log != nil {
		for _, q := range [][]float64{log.low, log.middle, log.high} {
			p.Band = append(p.Band, packMultiples(q, p.Quantum))
		}
		gaps, last := make([]int, len(log.changed)), 0
		for i, at := range log.changed {
			gaps[i], last = at-last, at
		}
		p.Changed = packCounts(gaps)
		s := newSentences(log.texts)
		p.Words, p.Text = s.words, packCounts(s.text)
	}
	for _, e := range c.Case.Events {
		p.Events = append(p.Events, eventPayload{local(e.Start), label(e)})
	}
	return p
}

// label names an event for the reader.
func label(e forecast.Event) string {
	parts := []string{}
	for _, s := range []string{e.Kind, e.ID} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	for _, l := range e.Labels {
		parts = append(parts, l.Key+" "+l.Value)
	}
	if e.Weight != 0 {
		parts = append(parts, fmt.Sprintf("weight %.6g", e.Weight))
	}
	if e.Duration != 0 {
		parts = append(parts, fmt.Sprintf("lasts %v", e.Duration))
	}
	if len(parts) == 0 {
		return "event"
	}
	return strings.Join(parts, ", ")
}

// inScript marshals v so that it cannot end the script element that holds it: json.Marshal writes <, > and & as escapes.
func inScript(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
