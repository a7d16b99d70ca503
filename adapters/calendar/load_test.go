package calendar_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/calendar"
)

func TestHTTPTellsNoAddress(t *testing.T) {
	status, body := http.StatusOK, evening
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", noon.Format(http.TimeFormat))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	loader := calendar.HTTP(client.Do, func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/private-hunter2/basic.ics", nil)
	})
	content, err := loader.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, evening, string(content.Data))
	require.True(t, content.Modified.Equal(noon))
	status = http.StatusForbidden
	_, err = loader.Load(t.Context())
	require.ErrorContains(t, err, "status 403; wanted 200")
	require.NotContains(t, err.Error(), "hunter2")
	server.Close()
	_, err = loader.Load(t.Context())
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = calendar.HTTP(client.Do, func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, "http://[hunter2", nil)
	}).Load(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.csv")
	_, err := calendar.File(path).Load(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte(evening), 0o600))
	content, err := calendar.File(path).Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, evening, string(content.Data))
	require.False(t, content.Modified.IsZero())
	_, err = calendar.File(filepath.Dir(path)).Load(t.Context())
	require.ErrorContains(t, err, "is a directory; wanted a file")
}
