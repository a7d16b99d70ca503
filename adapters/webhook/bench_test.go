package webhook_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/webhook"
)

// The secrets of the tests; none may stand in anything that is printed.
const (
	token    = "token-5f1d8c2a9b"
	apiKey   = "api-key-77c0e3d1"
	oldKey   = "old-secret-0123456789abcdef"
	newKey   = "new-secret-fedcba9876543210"
	otherKey = "another-secret-of-nobody-here"
)

var (
	secrets = []string{token, apiKey, oldKey, newKey, otherKey}
	keys    = []webhook.Key{{Name: "2026a", Secret: newKey}, {Name: "2025", Secret: oldKey}}
)

// requireDiscreet demands that text has no secret in it.
func requireDiscreet(t testing.TB, text string) {
	t.Helper()
	for _, s := range secrets {
		require.NotContains(t, text, s)
	}
}

// server is one that answers as a test says. It keeps what it was asked.
type server struct {
	*httptest.Server
	t testing.TB

	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []*http.Request
	bodies []string
}

func newServer(t testing.TB, answer http.HandlerFunc) *server {
	s := &server{t: t, answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
	answer := s.answer
	s.mu.Unlock()
	answer(w, r)
}

// become makes the server answer in another way.
func (s *server) become(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// endpoint is one with everything that can be secret.
func (s *server) endpoint() webhook.Endpoint {
	return webhook.Endpoint{
		URL: s.URL + "/hook?shop=1", Token: token, Header: map[string]webhook.Secret{"X-Api-Key": apiKey}, Keys: keys,
		Timeout: 5 * time.Second, Client: s.Client(),
	}
}

// says answers with a status and a text, in which {token} and {key} are what was sent.
func says(status int, text string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		sent := strings.NewReplacer("{token}", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "{key}", r.Header.Get("X-Api-Key"), "{signature}", r.Header.Get(webhook.SignatureHeader))
		fmt.Fprint(w, sent.Replace(text))
	}
}

// hangs answers nothing until whoever has asked is gone.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// hangsAfter begins an answer.
func hangsAfter(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, text)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// breaksOff announces more than it sends.
func breaksOff(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)+100))
		fmt.Fprint(w, text)
	}
}

// direct is a transport without a network: it calls a handler, so that a test may run in a bubble of testing/synctest.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	got := httptest.NewRequest(r.Method, r.URL.String(), r.Body).WithContext(r.Context())
	got.Header, got.RequestURI = r.Header.Clone(), r.URL.RequestURI()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, got)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return w.Result(), nil
}

// minute is the i-th minute of a day.
func minute(i int) time.Time { return time.Date(2024, 3, 4, 20, i, 0, 0, time.UTC) }
