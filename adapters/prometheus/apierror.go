package prometheus

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// APIError is the answer of a server that does not answer the question.
//
// A rate limit has Status 429; wrong or missing credentials have 401 or 403; an expression that cannot be understood has
// 400, and one that cannot be computed, for example because it touches too many samples, has 422.
type APIError struct {
	Status     int           // of HTTP
	Type       string        // errorType as Prometheus has it, such as bad_data, execution or timeout; "" if the answer is not Prometheus' own
	Message    string        // the server's, at most 300 bytes, without the secrets of the request
	RetryAfter time.Duration // how long the server wants to be left alone, at most 5 minutes; 0 if it does not say
}

// Error implements error.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d", e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if e.Type != "" {
		b.WriteString(" (" + e.Type + ")")
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; to be left alone for %v", e.RetryAfter)
	}
	return b.String()
}
