package prometheus_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/prometheus"
)

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := prometheus.SourceConfig{
		URL: "http://server", Query: "x", Step: time.Minute, User: "reader", Password: token,
		Header: map[string]prometheus.Secret{"X-Scope-OrgID": tenant},
	}
	s, err := prometheus.NewSource(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, &cfg, cfg.Password, cfg.Header, s, struct{ s *prometheus.Source }{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, token, verb)
			require.NotContains(t, text, tenant, verb)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		require.NotContains(t, log.String(), token)
		require.NotContains(t, log.String(), tenant)
	}
	b, err := json.Marshal(map[string]any{"password": cfg.Password, "none": prometheus.Secret("")})
	require.NoError(t, err)
	require.JSONEq(t, `{"password":"[hidden]","none":""}`, string(b))
	require.Equal(t, `"[hidden]"`, fmt.Sprintf("%#v", cfg.Password))
}

func TestBasicAuthenticationIsConcealed(t *testing.T) {
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.Token, c.User, c.Password = "", "reader", token })
	b.answer(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		require.True(t, ok)
		says(401, user+":"+password+" was sent as {token}")(w, r)
	})
	require.ErrorContains(t, b.fails(), "reader:[hidden] was sent as [hidden]")
}

func TestShortValuesAreNotLookedFor(t *testing.T) {
	b := newBench(t, says(422, "tenant 1 has 1000 series"), func(c *prometheus.SourceConfig) {
		c.Header = map[string]prometheus.Secret{"X-Scope-OrgID": "1"}
	})
	require.ErrorContains(t, b.fails(), "tenant 1 has 1000 series")
}

func TestTokenFileIsReadBeforeEachQuery(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.Token, c.TokenFile = "", file })
	b.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			says(401, "not {token}")(w, r)
			return
		}
		healthy(w, r)
	})
	require.ErrorContains(t, b.fails(), "token file: open")
	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	require.ErrorContains(t, b.fails(), "is empty; wanted a token")
	require.Empty(t, b.asked)
	require.NoError(t, os.WriteFile(file, []byte("an-old-token\n"), 0o600))
	require.ErrorContains(t, b.fails(), "HTTP 401 Unauthorized: not [hidden]")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	require.Equal(t, healthyReads, b.reads())
}

var errTransport = errors.New("transport")

// indiscreet is a transport whose errors tell everything.
type indiscreet struct{}

func (indiscreet) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%w: %v", errTransport, r.Header)
}

func TestErrorsOfATransportAreConcealed(t *testing.T) {
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.Client = &http.Client{Transport: indiscreet{}} })
	err := b.fails()
	require.ErrorIs(t, err, errTransport)
	require.ErrorContains(t, err, "Bearer [hidden]")
	for e := err; e != nil; e = errors.Unwrap(e) {
		require.NotContains(t, e.Error(), token, "however deep one digs")
	}
}

// A secret that holds another one is hidden whole.
func TestOverlappingSecrets(t *testing.T) {
	b := newBench(t, says(401, "{token}|{tenant}"), func(c *prometheus.SourceConfig) {
		c.Header = map[string]prometheus.Secret{"X-Scope-OrgID": token + "-and-more"}
	})
	require.True(t, strings.HasSuffix(b.fails().Error(), ": [hidden]|[hidden]"))
}
