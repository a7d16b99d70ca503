package datadog

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
)

// ErrRateLimited is what an *APIError is (errors.Is) that has Status 429, and what Read returns while nothing may be asked.
var ErrRateLimited = errors.New("the rate limit of the organisation is reached")

// RateLimit is what Datadog says of the limit that a query counted towards (headers X-RateLimit-*). It holds for an
// organisation, not for one client.
type RateLimit struct {
	Name      string        // of the limit
	Limit     int           // queries per Period
	Period    time.Duration // length of the window in which they are counted
	Remaining int           // queries that are left in it
	Reset     time.Duration // until the next window, when the answer came; at most 5 minutes
}

// APIError is an answer that does not answer the question.
//
// A rate limit has Status 429; wrong or missing keys have 401 or 403; a query that is not understood has 400 or 422, or 200 when
// the answer itself says that it failed.
type APIError struct {
	Status     int           // of HTTP
	Message    string        // Datadog's, at most 300 bytes, without the keys
	Limit      *RateLimit    // nil if the answer does not say
	RetryAfter time.Duration // how long nothing is asked because of a rate limit; else 0
}

// Error implements error.
func (e *APIError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.Status, http.StatusText(e.Status)))
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Limit != nil && e.Status == http.StatusTooManyRequests {
		text += fmt.Sprintf("; limit %s of %d in %v, next in %v", e.Limit.Name, e.Limit.Limit, e.Limit.Period, e.Limit.Reset)
	}
	return text
}

// Is says that a rate limit is ErrRateLimited.
func (e *APIError) Is(target error) bool {
	return target == ErrRateLimited && e.Status == http.StatusTooManyRequests
}

// Temporary says whether the same query may be answered a little later: after a rate limit, a timeout, or an error of
// Datadog's own.
func (e *APIError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// Wait returns RetryAfter.
func (e *APIError) Wait() time.Duration { return e.RetryAfter }

// ofQuery says whether it may be one query of several that was refused, and not all of them.
func (e *APIError) ofQuery() bool {
	switch e.Status {
	case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// unsaid is how long nothing is asked after a rate limit that does not say how long it holds.
const unsaid = 15 * time.Second

// patience returns how long nothing may be asked after a 429.
func patience(h http.Header, limit *RateLimit) time.Duration {
	if limit != nil {
		return max(limit.Reset, time.Second)
	}
	if wait := refusal.RetryAfter(h.Get("Retry-After"), time.Now()); wait > 0 {
		return wait
	}
	return unsaid
}

// rateLimit returns nil where h has no whole limit.
func rateLimit(h http.Header) *RateLimit {
	var n [4]int
	for i, name := range []string{"Limit", "Period", "Remaining", "Reset"} {
		v, err := strconv.ParseUint(h.Get("X-RateLimit-"+name), 10, 31)
		if err != nil {
			return nil
		}
		n[i] = int(v)
	}
	return &RateLimit{
		Name: refusal.Clip(h.Get("X-RateLimit-Name")), Limit: n[0], Period: time.Duration(n[1]) * time.Second,
		// A header that is a year off must not make the engine blind for a year.
		Remaining: n[2], Reset: min(time.Duration(n[3])*time.Second, refusal.MaxRetryAfter),
	}
}
