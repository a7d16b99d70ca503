package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Handler shows what its observers were told, in the text format of Prometheus (documentation, "Exposition formats",
// version 0.0.4), usually at /metrics. Metrics begin with headroom_; an Observer that has been told nothing yet has
// counters only. It answers GET and HEAD.
type Handler struct {
	observers []*Observer
}

var _ http.Handler = (*Handler)(nil)

// NewHandler returns a Handler of these observers. An observer that is nil, or has the same labels as another one, is an
// error: their series could not be told apart.
func NewHandler(observers ...*Observer) (*Handler, error) {
	for i, o := range observers {
		if o == nil {
			return nil, errors.New("prometheus handler: observer is nil; wanted an observer")
		}
		for _, other := range observers[:i] {
			if o.labels == other.labels {
				return nil, fmt.Errorf("prometheus handler: two observers have the labels {%s}; wanted different ones", o.labels)
			}
		}
	}
	return &Handler{observers: append([]*Observer(nil), observers...)}, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(h.text()) // whoever asked may be gone
}

func (h *Handler) text() []byte {
	records := make([]record, len(h.observers))
	for i, o := range h.observers {
		records[i] = o.look()
	}
	var l lines
	for i := range metrics {
		l.metric(&metrics[i], records, func(r *record) bool { return r.decisions > 0 || metrics[i].kind == "counter" })
	}
	for i := range reported {
		l.metric(&reported[i], records, func(r *record) bool { return r.ticks > 0 })
	}
	return l.Bytes()
}

// metric adds the lines of a metric for the records that have it.
func (l *lines) metric(m *metric, records []record, has func(r *record) bool) {
	l.name, l.head = m.name, fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
	for i := range records {
		if r := &records[i]; has(r) {
			l.labels = r.labels
			m.add(l, r)
		}
	}
}

// lines are the text of metrics.
type lines struct {
	bytes.Buffer
	name, head string // of the metric; its head is written before its first line
	labels     string // of the observer
}

// add writes one line. labels are names and values in turn.
func (l *lines) add(v float64, labels ...string) {
	l.WriteString(l.head)
	l.head = ""
	l.WriteString(l.name)
	var pairs []string
	if l.labels != "" {
		pairs = append(pairs, l.labels)
	}
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, labelPair(labels[i], labels[i+1]))
	}
	if len(pairs) > 0 {
		l.WriteString("{" + strings.Join(pairs, ",") + "}")
	}
	l.WriteString(" " + number(v) + "\n")
}

// escaped are the characters that a label value may not hold as they are.
var escaped = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func labelPair(name, value string) string {
	return name + `="` + escaped.Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}
