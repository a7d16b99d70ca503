package datadog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/forecast"
)

// answered reads three minutes from a server that says text, in which {i} is the time of minute i and {api} and {app} are keys.
func answered(t *testing.T, version, status int, text string, header ...string) ([]forecast.Sample, error) {
	t.Helper()
	for i := range 5 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), fmt.Sprint(minute(i).UnixMilli()))
	}
	text = strings.NewReplacer("{api}", apiKey, "{app}", applicationKey).Replace(text)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	defer server.Close()
	s, err := datadog.NewSource(config(version, server.URL, server.Client()))
	require.NoError(t, err)
	got, err := s.Read(t.Context(), nil, minute(0), minute(3))
	if err != nil {
		require.Empty(t, got)
		require.NotContains(t, err.Error(), apiKey)
		require.NotContains(t, err.Error(), applicationKey)
	}
	return got, err
}

func one(points string) string {
	return `{"status":"ok","series":[{"scope":"a","interval":60,"pointlist":[` + points + `]}]}`
}

func two(times, values string) string {
	return `{"data":{"attributes":{"series":[{"group_tags":[]}],"times":[` + times + `],"values":[[` + values + `]]}}}`
}

func TestFaults(t *testing.T) {
	long := strings.Repeat("y", 290) // behind it a quotation would break off within a key
	for name, c := range map[string]struct {
		version, status int
		text, want      string
	}{
		"empty":                 {1, 200, ``, "unexpected end of JSON input"},
		"cut off":               {1, 200, `{"status":"ok","series":[{"interval"`, "unexpected end of JSON input"},
		"keys in a wrong page":  {1, 200, `<html>{api} {app}`, "[hidden] [hidden]"},
		"key where it is cut":   {1, 200, long + `{api}`, "[hidden"},
		"too long":              {1, 200, strings.Repeat(" ", 5<<20), "answer of more than 4194304 bytes"},
		"null":                  {1, 200, `null`, `status ""; wanted ok`},
		"an error in an answer": {1, 200, `{"status":"error","error":"{api} unknown"}`, "HTTP 200 OK: [hidden] unknown (status error)"},
		"two series":            {1, 200, `{"status":"ok","series":[{"scope":"a","interval":60},{"scope":"b","interval":60}]}`, `several series, such as "a" and "b"`},
		"two of one scope":      {1, 200, `{"status":"ok","series":[{"scope":"a","interval":60},{"scope":"a","interval":60}]}`, `2 series of "a"`},
		"another interval":      {1, 200, `{"status":"ok","series":[{"interval":300}]}`, "interval of 300 s; wanted 60 s"},
		"NaN":                   {1, 200, one(`[{0},NaN]`), "invalid character 'N'"},
		"half a point":          {1, 200, one(`[{0}]`), "wanted a time and a value"},
		"null time":             {1, 200, one(`[null,1]`), "time of point 0"},
		"a time twice":          {1, 200, one(`[{1},1],[{1},1]`), "wanted ascending times"},
		"backward":              {1, 200, one(`[{1},1],[{0},1]`), "wanted ascending times"},
		"yesterday's data":      {1, 200, one(fmt.Sprintf(`[%d,1]`, minute(-24*60).UnixMilli())), "value at 2024-03-03T00:00:00Z; wanted none but"},
		"from a fast clock":     {1, 200, one(`[{4},1]`), "value at 2024-03-04T00:04:00Z; wanted none but"},
		"beside a bucket":       {1, 200, one(`[{1}.5,1]`), "no whole number of milliseconds"},
		"half a bucket":         {1, 200, one(fmt.Sprintf(`[%d,1]`, minute(0).UnixMilli()+500)), "wanted none but"},

		"v2 error":               {2, 200, `{"errors":"{app} {api}"}`, "[hidden] [hidden]"},
		"v2 errors":              {2, 200, `{"errors":["no"]}`, "HTTP 200 OK"},
		"v2 null":                {2, 200, `null`, "no data"},
		"v2 enlarged interval":   {2, 200, two(fmt.Sprint(minute(0).UnixMilli()+30_000), `1`), "wanted none but"},
		"v2 values missing":      {2, 200, two(`{0},{1}`, `1`), "1 values at 2 times"},
		"v2 series without":      {2, 200, `{"data":{"attributes":{"series":[{}],"times":[],"values":[]}}}`, "1 series with values of 0"},
		"v2 backward":            {2, 200, two(`{1},{0}`, `1,1`), "wanted ascending times"},
		"v2 null time":           {2, 200, two(`null`, `1`), "time of point 0"},
		"v2 yesterday":           {2, 200, two(fmt.Sprint(minute(-24*60).UnixMilli()), `1`), "wanted none but"},
		"v2 times beyond a time": {2, 200, two(`1e300`, `1`), "time of point 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answered(t, c.version, c.status, c.text)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestRefusalsAreTyped(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		for _, status := range []int{301, 400, 401, 403, 404, 422, 429, 500, 502, 503} {
			_, err := answered(t, version, status, `{"errors":["it says {api}","and \u0066edcba9876543210"]}`, "Location", "http://127.0.0.1:1/")
			var answer *datadog.APIError
			require.ErrorAs(t, err, &answer)
			require.Equal(t, status, answer.Status)
			require.Equal(t, "it says [hidden]; and [hidden]", answer.Message)
			require.Nil(t, answer.Limit)
		}
	})
}

func TestEndsEarlyAndRefusesConnections(t *testing.T) {
	_, err := answered(t, 1, 200, `{"status":`, "Content-Length", "5000")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	s, err := datadog.NewSource(config(1, "http://"+l.Addr().String(), nil))
	require.NoError(t, err)
	_, err = s.Read(t.Context(), nil, minute(0), minute(3))
	require.ErrorContains(t, err, "connection refused")
}

// transport answers without a network, so that time can be a test's own.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRateLimitIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, status, header := 0, 429, http.Header{}
		for name, v := range map[string]string{"Limit": "100", "Period": "60", "Remaining": "0", "Reset": "30", "Name": "query " + apiKey} {
			header.Set("X-RateLimit-"+name, v)
		}
		s, err := datadog.NewSource(config(1, "http://x", &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(one("")))}, nil
		})}))
		require.NoError(t, err)
		read := func() error {
			_, err := s.Read(t.Context(), nil, minute(0), minute(3))
			return err
		}
		for range 2 { // the second is not sent
			var answer *datadog.APIError
			require.ErrorAs(t, read(), &answer)
			require.Equal(t, 429, answer.Status)
			require.Equal(t, &datadog.RateLimit{Name: "query [hidden]", Limit: 100, Period: time.Minute, Reset: 30 * time.Second}, answer.Limit)
		}
		require.Equal(t, 1, asked)
		time.Sleep(30 * time.Second)
		status = 200
		header.Set("X-RateLimit-Remaining", "1")
		require.NoError(t, read())
		header.Set("X-RateLimit-Remaining", "0")
		header.Set("X-RateLimit-Reset", "99999999")
		require.NoError(t, read())
		limit, ok := s.RateLimit()
		require.True(t, ok)
		require.Equal(t, 5*time.Minute, limit.Reset, "bounded")
		require.Error(t, read(), "none remains")
		require.Equal(t, 3, asked)
		time.Sleep(5 * time.Minute)
		require.NoError(t, read())
	})
}

func TestSlowAnswerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := datadog.NewSource(config(1, "http://x", &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, fmt.Errorf("%s: %w", r.Header.Get("DD-API-KEY"), r.Context().Err())
		})}))
		require.NoError(t, err)
		began := time.Now()
		_, err = s.Read(t.Context(), nil, minute(0), minute(3))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no whole answer within 10s")
		require.NotContains(t, err.Error(), apiKey)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestKeys(t *testing.T) {
	cfg := config(1, "http://x", nil)
	s, err := datadog.NewSource(cfg)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		require.NotContains(t, fmt.Sprintf(verb, s)+fmt.Sprintf(verb, cfg), apiKey)
	}
	gone := errors.New("gone")
	for want, keys := range map[error]datadog.Keys{gone: {}, nil: {API: apiKey}} {
		cfg.Keys = func() (datadog.Keys, error) { return keys, want }
		s, err := datadog.NewSource(cfg)
		require.NoError(t, err)
		_, err = s.Read(t.Context(), nil, minute(0), minute(3))
		require.Error(t, err)
		if want != nil {
			require.ErrorIs(t, err, want)
		}
		require.NotContains(t, err.Error(), apiKey)
	}
}
