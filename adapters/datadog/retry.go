package datadog

import (
	"net/http"
	"time"

	"github.com/headroom-go/headroom/adapters"
)

var _ adapters.Timed = (*Source)(nil)

// Timing implements adapters.Timed with the configured delay.
func (s *Source) Timing() adapters.Timing { return adapters.Timing{Delay: s.cfg.Delay} }

// Temporary says whether the same query may be answered a little later: after a rate limit, a timeout, or an error of
// Datadog's own.
func (e *APIError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// Wait returns how long it is until the next window of a rate limit that was exceeded, else 0.
func (e *APIError) Wait() time.Duration {
	if e.Limit == nil || e.Status != http.StatusTooManyRequests {
		return 0
	}
	return e.Limit.Reset
}
