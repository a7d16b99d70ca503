package controller

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/prometheus"
)

// The pages of the controller itself.
const (
	pathHealth  = "/healthz"
	pathReady   = "/readyz"
	pathMetrics = "/metrics"
)

// ServeHTTP implements http.Handler: health, metrics, and the pages of the document for workloads that are driven here.
func (c *controller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case pathHealth:
		say(w, c.ill())
	case pathReady:
		say(w, c.unready())
	case pathMetrics:
		c.metrics(w, r)
	default:
		c.forward(w, r)
	}
}

func say(w http.ResponseWriter, wrong []string) {
	if len(wrong) > 0 {
		http.Error(w, strings.Join(wrong, "\n"), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ok") // whoever asks sees that it is not whole
}

// ill says what a restart would mend: workloads that go on long after the lease has ended.
func (c *controller) ill() []string {
	var wrong []string
	for _, s := range c.shards {
		if s.fence.overdue() > c.cfg.LeaseDuration+time.Minute {
			wrong = append(wrong, fmt.Sprintf("shard %d: its lease has ended, and its workloads have not", s.index))
		}
	}
	return wrong
}

// unready says what must happen before this copy counts. One that stands by counts: an update would wait for it in vain.
func (c *controller) unready() []string {
	var wrong []string
	for _, s := range c.shards {
		_, decided := s.look()
		holder := s.lock.seen()
		switch {
		case s.blocked.Load(): // the old copies end when this one is ready
		case holder == "":
			wrong = append(wrong, fmt.Sprintf("shard %d: nobody is known to hold its lease", s.index))
		case holder == c.cfg.Identity && !decided:
			wrong = append(wrong, fmt.Sprintf("shard %d: its workloads have not decided yet", s.index))
		}
	}
	return wrong
}

// metrics writes those of all workloads that are driven here, with the labels cluster and workload, and those of the controller.
func (c *controller) metrics(w http.ResponseWriter, r *http.Request) {
	if handler, err := prometheus.NewHandler(c.meters()...); err == nil {
		handler.ServeHTTP(w, r)
	}
	var b strings.Builder
	b.WriteString("# HELP headroom_controller_holds Whether this copy holds the lease of the shard.\n# TYPE headroom_controller_holds gauge\n")
	for _, s := range c.shards {
		fmt.Fprintf(&b, "headroom_controller_holds{shard=\"%d\"} %d\n", s.index, number(s.fence.held()))
	}
	c.file.mu.Lock()
	reloads, refused := c.file.reloads, c.file.refused
	c.file.mu.Unlock()
	fmt.Fprintf(&b, "# HELP headroom_controller_reloads_total Changes of the deployment file that were taken.\n# TYPE headroom_controller_reloads_total counter\nheadroom_controller_reloads_total %d\n", reloads)
	fmt.Fprintf(&b, "# HELP headroom_controller_file_refused Whether the deployment file as it is now is refused.\n# TYPE headroom_controller_file_refused gauge\nheadroom_controller_file_refused %d\n", number(refused))
	_, _ = w.Write([]byte(b.String())) // whoever asks sees that it is not whole
}

// meters are the observers of all workloads that are driven here.
func (c *controller) meters() []*prometheus.Observer {
	var out []*prometheus.Observer
	for _, s := range c.shards {
		s.mu.Lock()
		if s.assembly != nil {
			out = append(out, s.meters...)
		}
		s.mu.Unlock()
	}
	return out
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// forward answers with the pages of the document. A request for a workload that is driven elsewhere may be sent again, and
// reach the copy that drives it.
func (c *controller) forward(w http.ResponseWriter, r *http.Request) {
	for _, s := range c.shards {
		assembly, _ := s.look()
		if assembly == nil {
			continue
		}
		first := &skips404{ResponseWriter: w}
		if assembly.ServeHTTP(first, r); !first.skipped {
			return
		}
	}
	for _, s := range c.shards {
		if assembly, _ := s.look(); assembly == nil {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "another copy may drive this workload", http.StatusServiceUnavailable)
			return
		}
	}
	http.NotFound(w, r)
}

// skips404 swallows an answer that a page is not there.
type skips404 struct {
	http.ResponseWriter
	skipped bool
}

// WriteHeader implements http.ResponseWriter.
func (s *skips404) WriteHeader(code int) {
	if s.skipped = code == http.StatusNotFound; !s.skipped {
		s.ResponseWriter.WriteHeader(code)
	}
}

// Write implements http.ResponseWriter.
func (s *skips404) Write(b []byte) (int, error) {
	if s.skipped {
		return len(b), nil
	}
	return s.ResponseWriter.Write(b)
}
