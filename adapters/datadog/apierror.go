package datadog

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

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
	Status  int        // of HTTP
	Message string     // Datadog's, at most 300 bytes, without the keys
	Limit   *RateLimit // nil if the answer does not say
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

// maxReset bounds what a header may ask for: one that is a year off must not make the engine blind for a year.
const maxReset = 5 * time.Minute

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
		Name: clip(h.Get("X-RateLimit-Name")), Limit: n[0], Period: time.Duration(n[1]) * time.Second,
		Remaining: n[2], Reset: min(time.Duration(n[3])*time.Second, maxReset),
	}
}

// clip returns the beginning of text, on one line.
func clip(text string) string {
	const most = 300
	if text = strings.Join(strings.Fields(text), " "); len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
