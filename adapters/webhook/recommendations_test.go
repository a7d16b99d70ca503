package webhook_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/scaler"
)

func get(h http.HandlerFunc, method string, header ...string) *httptest.ResponseRecorder {
	r := sent(method, "/", "")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h(w, r)
	return w
}

func TestRecommendations(t *testing.T) {
	now := minute(0)
	r, err := webhook.NewRecommendations(webhook.RecommendationsConfig{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	both := func(status int, want string) {
		t.Helper()
		for _, h := range []http.HandlerFunc{r.ServeValue, r.ServeDecision} {
			w := get(h, "GET")
			require.Equal(t, status, w.Code)
			require.JSONEq(t, want, w.Body.String())
		}
	}
	both(http.StatusServiceUnavailable, `{"error":"there is no decision yet"}`)

	d := decision(12)
	r.Decision(t.Context(), d)
	want, err := json.Marshal(d)
	require.NoError(t, err)
	d.Replicas = 99 // the caller uses it for something else
	w := get(r.ServeValue, "GET")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, `{"value":12,"time":"2024-03-04T20:00:00Z"}`+"\n", w.Body.String())
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.JSONEq(t, string(want), get(r.ServeDecision, "GET").Body.String())
	require.Equal(t, http.StatusOK, get(r.ServeValue, "HEAD").Code)

	now = now.Add(5 * time.Minute)
	require.Equal(t, http.StatusOK, get(r.ServeValue, "GET").Code)
	now = now.Add(time.Second)
	both(http.StatusServiceUnavailable, `{"error":"the newest decision came 5m1s ago; wanted one within 5m0s"}`)
	r.Decision(t.Context(), &scaler.Decision{Time: minute(-999), Observed: math.NaN()}) // virtual time
	w = get(r.ServeValue, "GET")
	require.Equal(t, http.StatusOK, w.Code)
	require.True(t, strings.HasPrefix(w.Body.String(), `{"value":0,`), "zero is a decision, too")

	w = get(r.ServeValue, "POST")
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))

	r.Decision(t.Context(), &scaler.Decision{Capacity: math.Inf(1)})
	require.Equal(t, http.StatusInternalServerError, get(r.ServeDecision, "GET").Code)
}

func TestRecommendationsAskForATokens(t *testing.T) {
	r, err := webhook.NewRecommendations(webhook.RecommendationsConfig{Tokens: []webhook.Secret{oldKey, newKey}})
	require.NoError(t, err)
	r.Decision(t.Context(), decision(12))
	for _, good := range []string{oldKey, newKey} {
		require.Equal(t, http.StatusOK, get(r.ServeValue, "GET", "Authorization", "Bearer "+good).Code)
	}
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer " + otherKey, "Basic " + oldKey, "Bearer " + oldKey + " "} {
		w := get(r.ServeDecision, "GET", "Authorization", bad)
		require.Equal(t, http.StatusUnauthorized, w.Code, bad)
		require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
		require.JSONEq(t, `{"error":"header Authorization has no token of this server; wanted Bearer and one of them"}`, w.Body.String())
	}
	_, err = webhook.NewRecommendations(webhook.RecommendationsConfig{MaxAge: -1, Tokens: []webhook.Secret{"short", oldKey + " x"}})
	require.EqualError(t, err, `config: 3 faults: max_age is -1ns; wanted 0s (5m0s) or more`+
		` | tokens[0] is [hidden]; wanted 16 or more printable characters without blanks | tokens[1] is [hidden]; wanted 16 or more printable characters without blanks`)
}

// What is handed out is what a Current reads.
func TestCurrentReadsRecommendations(t *testing.T) {
	r, err := webhook.NewRecommendations(webhook.RecommendationsConfig{Tokens: []webhook.Secret{newKey}})
	require.NoError(t, err)
	r.Decision(t.Context(), decision(12))
	server := newServer(t, r.ServeValue)
	now := time.Now()
	c, err := webhook.NewCurrent(webhook.CurrentConfig{Step: time.Minute, Endpoint: webhook.Endpoint{URL: server.URL, Token: newKey, Client: server.Client()}})
	require.NoError(t, err)
	got, err := c.Read(t.Context(), nil, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 12.0, got[0].Value)
}
