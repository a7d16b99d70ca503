package webhook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/secret"
	"github.com/headroom-go/headroom/scaler"
)

// RecommendationsConfig says who may ask for decisions, and for how long one holds. A zero field means the value in brackets.
type RecommendationsConfig struct {
	// MaxAge is how long ago the newest decision may have been told; then there is none. It should be several intervals
	// [5m].
	MaxAge time.Duration
	// Tokens are the bearer tokens one of which must be sent, which is authModes: bearer of KEDA [anybody may ask].
	Tokens []Secret
	// Clock tells the time [time.Now].
	Clock func() time.Time
}

const defaultMaxAge = 5 * time.Minute

// Recommendations is told of the decisions for one workload, and hands out the newest: ServeValue for KEDA's metrics-api
// scaler and whatever else wants a number, ServeDecision with the reasons.
//
// While there is no decision, or none has been told for MaxAge, the answer is 503 and never a number: then KEDA leaves
// the fleet as it is, or does what its fallback says. Decisions that hold the fleet because samples are stale are decisions.
//
// It is safe for concurrent use.
type Recommendations struct {
	maxAge time.Duration
	allow  func(token string) bool // a function, because a field could be printed
	clock  func() time.Time

	mu     sync.Mutex
	newest scaler.Decision
	told   time.Time // zero before the first
}

var _ adapters.Observer = (*Recommendations)(nil)

// NewRecommendations returns Recommendations that have been told nothing yet. The error is scaler.Faults, with every fault of
// cfg.
func NewRecommendations(cfg RecommendationsConfig) (*Recommendations, error) {
	var faults faultList
	cfg.MaxAge = cmp.Or(cfg.MaxAge, defaultMaxAge)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	faults.check(cfg.MaxAge > 0, "max_age", cfg.MaxAge.String(), fmt.Sprintf("0s (%v) or more", defaultMaxAge))
	sums := make([][sha256.Size]byte, len(cfg.Tokens))
	for i, t := range cfg.Tokens {
		ok := len(t) >= minSecret && printable(string(t)) && !strings.Contains(string(t), " ")
		faults.check(ok, fmt.Sprintf("tokens[%d]", i), secret.Hidden, fmt.Sprintf("%d or more printable characters without blanks", minSecret))
		sums[i] = sha256.Sum256([]byte(t))
	}
	if len(faults.Faults) > 0 {
		return nil, faults.Faults
	}
	allow := func(token string) bool {
		sum, found := sha256.Sum256([]byte(token)), 0
		for i := range sums {
			found |= subtle.ConstantTimeCompare(sum[:], sums[i][:])
		}
		return found == 1 || len(sums) == 0
	}
	return &Recommendations{maxAge: cfg.MaxAge, allow: allow, clock: cfg.Clock}, nil
}

// Decision implements adapters.Observer.
func (r *Recommendations) Decision(_ context.Context, d *scaler.Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest, r.told = *d, r.clock()
}

// ServeValue answers a GET with
//
//	{"value":12,"time":"2024-03-04T20:15:00Z"}
//
// where value is the number of replicas that there should be. A ScaledObject with metricType AverageValue, targetValue "1" and
// valueLocation "value" makes it so.
func (r *Recommendations) ServeValue(w http.ResponseWriter, req *http.Request) {
	if d, ok := r.current(w, req); ok {
		writeJSON(w, http.StatusOK, struct {
			Value int       `json:"value"`
			Time  time.Time `json:"time"`
		}{d.Replicas, d.Time})
	}
}

// ServeDecision answers a GET with the JSON form of the scaler.Decision.
func (r *Recommendations) ServeDecision(w http.ResponseWriter, req *http.Request) {
	if d, ok := r.current(w, req); ok {
		writeJSON(w, http.StatusOK, &d)
	}
}

// current returns the newest decision, or answers why there is none.
func (r *Recommendations) current(w http.ResponseWriter, req *http.Request) (scaler.Decision, bool) {
	if !allowMethod(w, req, http.MethodGet, http.MethodHead) {
		return scaler.Decision{}, false
	}
	sent, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !r.allow(sent) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeError(w, http.StatusUnauthorized, "header Authorization has no token of this server; wanted Bearer and one of them")
		return scaler.Decision{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	age := r.clock().Sub(r.told)
	switch {
	case r.told.IsZero():
		writeError(w, http.StatusServiceUnavailable, "there is no decision yet")
	case age > r.maxAge:
		writeError(w, http.StatusServiceUnavailable, fmt.Sprintf("the newest decision came %v ago; wanted one within %v", age.Round(time.Second), r.maxAge))
	default:
		return r.newest, true
	}
	return scaler.Decision{}, false
}

// allowMethod answers a request with another method.
func allowMethod(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	wanted := strings.Join(methods, ", ")
	w.Header().Set("Allow", wanted)
	writeError(w, http.StatusMethodNotAllowed, fmt.Sprintf("method is %q; wanted %s", r.Method, wanted))
	return false
}

// failure is the body of an answer that is an error.
type failure struct {
	Error  string  `json:"error"`
	Faults []fault `json:"faults,omitempty"`
}

func writeError(w http.ResponseWriter, status int, text string, faults ...fault) {
	writeJSON(w, status, failure{text, faults})
}

// writeJSON answers with v. Whoever asked may be gone, and has nobody to tell.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // an infinite number in a decision, which no engine makes
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer has no form in JSON"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
