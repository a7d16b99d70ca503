package webhook

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// VerifierConfig says which requests are believed. A zero field means the value in brackets.
type VerifierConfig struct {
	// Keys are the keys one of which must have signed a request. At least one, at most 16; several while one takes the
	// place of another.
	Keys []Key
	// Tolerance is how far the time of a signature may be from the clock, in both directions, 1s to 1h [5m].
	Tolerance time.Duration
	// Memory is how many requests within twice the Tolerance are remembered, so that none is taken twice; beyond that
	// they are refused [10000]. One takes some 100 bytes.
	Memory int
	// Prefix is what a proxy has cut off the path of the requests that arrive, such as /headroom [nothing].
	Prefix string
	// Clock tells the time [time.Now].
	Clock func() time.Time
}

const (
	defaultTolerance = 5 * time.Minute
	maxTolerance     = time.Hour
	defaultMemory    = 10_000
	maxMemory        = 1_000_000
)

// complete returns c with its defaults; faults takes what is wrong with it.
func (c VerifierConfig) complete(faults *faultList) VerifierConfig {
	c.Tolerance = cmp.Or(c.Tolerance, defaultTolerance)
	c.Memory = cmp.Or(c.Memory, defaultMemory)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	faults.check(len(c.Keys) > 0, "keys", "an empty list", "at least one key")
	c.Keys = checkKeys(faults, "keys", c.Keys, maxKeys)
	faults.check(c.Tolerance >= time.Second && c.Tolerance <= maxTolerance, "tolerance", c.Tolerance.String(), fmt.Sprintf("0s (%v), or 1s to %v", defaultTolerance, maxTolerance))
	faults.check(c.Memory > 0 && c.Memory <= maxMemory, "memory", strconv.Itoa(c.Memory), fmt.Sprintf("0 (%d) to %d", defaultMemory, maxMemory))
	ok := c.Prefix == "" || strings.HasPrefix(c.Prefix, "/") && !strings.HasSuffix(c.Prefix, "/")
	faults.check(ok, "prefix", strconv.Quote(c.Prefix), "a path such as /headroom")
	return c
}

// Verifier says who has sent a request, for receivers of one's own: an Announcements has one of its own. It is safe for
// concurrent use.
//
// What it remembers ends with the process: within the Tolerance a request that an earlier process has taken is taken
// again.
type Verifier struct {
	cfg  VerifierConfig // without Keys
	keys func() []Key   // a function, because a field could be printed
	seen memory
}

// NewVerifier returns a Verifier that has seen no request. The error is scaler.Faults, with every fault of cfg.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	var faults faultList
	cfg = cfg.complete(&faults)
	if len(faults.Faults) > 0 {
		return nil, faults.Faults
	}
	return newVerifier(cfg), nil
}

func newVerifier(cfg VerifierConfig) *Verifier {
	keys := cfg.Keys
	cfg.Keys = nil
	return &Verifier{cfg: cfg, keys: func() []Key { return keys }, seen: memory{most: cfg.Memory, span: 2 * cfg.Tolerance}}
}

// SignatureError is why a request is not believed. Its text can be shown to whoever has sent it.
type SignatureError struct {
	Status     int // of HTTP that answers it: 401, 409 for a repetition, 429 where too many came to remember them
	Reason     string
	RetryAfter time.Duration // with 429
}

// Error implements error.
func (e *SignatureError) Error() string { return e.Reason }

// Verify returns the name of the key with which the request r was signed, whose body is body. It is true of each request
// once. The error is a *SignatureError.
func (v *Verifier) Verify(r *http.Request, body []byte) (key string, err error) {
	now := v.cfg.Clock()
	who, id, err := v.identify(r, body, now)
	if err == nil {
		err = v.remember(id, now)
	}
	if err != nil {
		return "", err
	}
	return who, nil
}

func refuse(status int, format string, a ...any) error {
	return &SignatureError{Status: status, Reason: "header " + SignatureHeader + " is " + fmt.Sprintf(format, a...)}
}

var errSeen = refuse(http.StatusConflict, "that of a request that was here before; wanted a new id and time for each request, repetitions too")

// identify returns the name of the key and the id of a request that was not here before, and remembers nothing.
func (v *Verifier) identify(r *http.Request, body []byte, now time.Time) (key, id string, err error) {
	values := r.Header.Values(SignatureHeader)
	switch len(values) {
	case 0:
		return "", "", refuse(http.StatusUnauthorized, "missing; wanted %s", wantedSignature)
	case 1:
	default:
		return "", "", refuse(http.StatusUnauthorized, "there %d times; wanted once", len(values))
	}
	s, err := parseSignature(values[0])
	if err != nil {
		return "", "", refuse(http.StatusUnauthorized, "%v", err)
	}
	if apart := time.Unix(s.at, 0).Sub(now); apart.Abs() > v.cfg.Tolerance {
		return "", "", refuse(http.StatusUnauthorized, "of %d, which is %s; wanted at most %v from the clock of this receiver, %d", s.at, offset(apart), v.cfg.Tolerance, now.Unix())
	}
	what := subject(r, v.cfg.Prefix)
	keys := v.keys()
	i := s.signer(keys, what, body)
	if i < 0 {
		return "", "", refuse(http.StatusUnauthorized, "made with no key of this receiver, or of something else; wanted that of %q, time, id and the %d bytes of the body", what, len(body))
	}
	if v.seen.has(s.id) {
		return "", "", errSeen
	}
	return keys[i].Name, s.id, nil
}

// remember has the request with that id taken.
func (v *Verifier) remember(id string, now time.Time) error {
	known, wait := v.seen.add(id, now)
	switch {
	case known:
		return errSeen
	case wait > 0:
		return &SignatureError{Status: http.StatusTooManyRequests, Reason: fmt.Sprintf("%d requests within %v; wanted fewer", v.cfg.Memory, 2*v.cfg.Tolerance), RetryAfter: wait}
	}
	return nil
}

// offset says how far a time is from the clock.
func offset(apart time.Duration) string {
	if apart < 0 {
		return apart.Abs().Round(time.Second).String() + " behind"
	}
	return apart.Round(time.Second).String() + " ahead"
}

// memory remembers ids for longer than span, in two halves of which the older is forgotten as a whole.
type memory struct {
	most int
	span time.Duration

	mu            sync.Mutex
	recent, older map[string]struct{}
	since         time.Time // what is in recent came then or later
}

// add remembers id, unless it is known or there is no room; wait says how long until there is.
func (m *memory) add(id string, now time.Time) (known bool, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.recent == nil || now.Sub(m.since) > m.span {
		m.older, m.recent, m.since = m.recent, make(map[string]struct{}), now
	}
	if m.knows(id) {
		return true, 0
	}
	if len(m.recent) >= m.most {
		return false, m.since.Add(m.span).Sub(now) + time.Second
	}
	m.recent[id] = struct{}{}
	return false, 0
}

// has says whether id is remembered.
func (m *memory) has(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.knows(id)
}

func (m *memory) knows(id string) bool {
	_, recent := m.recent[id]
	_, older := m.older[id]
	return recent || older
}
