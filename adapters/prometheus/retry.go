package prometheus

import (
	"net/http"
	"time"

	"github.com/headroom-go/headroom/adapters"
)

var _ adapters.Timed = (*Source)(nil)

// Timing implements adapters.Timed with the configured delay.
func (s *Source) Timing() adapters.Timing { return adapters.Timing{Delay: s.cfg.Delay} }

// Temporary says whether the same query may be answered a little later: after a rate limit, a timeout, or while the server
// is starting or overloaded.
func (e *APIError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// Wait returns RetryAfter.
func (e *APIError) Wait() time.Duration { return e.RetryAfter }
