package datadog_test

import (
	"context"
	"encoding/json"
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

// filled returns text in which {i} is the time of minute i and {api} and {app} are keys.
func filled(text string) string {
	for i := range 5 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), fmt.Sprint(minute(i).UnixMilli()))
	}
	return strings.NewReplacer("{api}", apiKey, "{app}", applicationKey).Replace(text)
}

// says returns a handler that answers each request so.
func says(status int, text string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, filled(text))
	}
}

// answered reads three minutes from a server that says text.
func answered(t *testing.T, version, status int, text string, header ...string) ([]forecast.Sample, error) {
	t.Helper()
	server := httptest.NewServer(says(status, text, header...))
	defer server.Close()
	return single(t, version, server.URL, server.Client()).Read(t.Context(), nil, minute(0), minute(3))
}

// requireNoKeys demands that no way to print things shows a key.
func requireNoKeys(t *testing.T, things ...any) {
	t.Helper()
	for _, x := range things {
		text := fmt.Sprintf("%v\n%+v\n%#v\n%s\n%q\n%x", x, x, x, x, x, x)
		encoded, _ := json.Marshal(x)
		if err, ok := x.(error); ok {
			text += err.Error()
		}
		for _, key := range []string{apiKey, applicationKey, fmt.Sprintf("%x", apiKey), fmt.Sprintf("%x", applicationKey)} {
			require.NotContains(t, text+string(encoded), key, "%T", x)
		}
	}
}

func one(points string) string {
	return `{"status":"ok","series":[{"query_index":0,"scope":"a","interval":60,"pointlist":[` + points + `]}]}`
}

func two(times, values string) string {
	return `{"data":{"attributes":{"series":[{"group_tags":[]}],"times":[` + times + `],"values":[[` + values + `]]}}}`
}

// fault is one way in which Datadog, or the way to it, fails. want begins with ! where it is an error.
type fault struct {
	name    string
	version int
	server  http.HandlerFunc
	want    string
}

var faults = []fault{
	{"nothing there", 1, says(200, `{"status":"ok","series":[]}`), "[]"},
	{"null", 1, says(200, one(`[{0},null],[{1},3]`)), "[NaN 3]"},
	{"zero", 1, says(200, one(`[{0},0]`)), "[0]"},
	{"partial bucket at the end", 1, says(200, one(`[{2},5],[{3},1]`)), "[5]"},
	{"v2 null", 2, says(200, two(`{0},{1}`, `null,3`)), "[3]"},

	{"NaN", 1, says(200, one(`[{0},NaN]`)), "!invalid character 'N'"},
	{"text for a number", 1, says(200, one(`[{0},"5"]`)), `!wanted a number or null`},
	{"half a point", 1, says(200, one(`[{0}]`)), "!wanted a time and a value"},
	{"point and a half", 1, says(200, one(`[{0},1,2]`)), "!goes on after a time and a value"},
	{"null time", 1, says(200, one(`[null,1]`)), "!time of point 0"},
	{"a time twice", 1, says(200, one(`[{1},1],[{1},1]`)), "!wanted ascending times"},
	{"backward times", 1, says(200, one(`[{1},1],[{0},1]`)), "!wanted ascending times"},
	{"yesterday's data", 1, says(200, one(fmt.Sprintf(`[%d,1]`, minute(-24*60).UnixMilli()))), "!value at 2024-03-03T00:00:00Z; wanted none but"},
	{"from a fast clock", 1, says(200, one(`[{4},1]`)), "!value at 2024-03-04T00:04:00Z; wanted none but"},
	{"from a skewed clock", 1, says(200, one(fmt.Sprintf(`[%d,1]`, minute(0).UnixMilli()+17_000))), "!wanted none but each 1m0s"},
	{"beside a bucket", 1, says(200, one(`[{1}.5,1]`)), "!no whole number of milliseconds"},
	{"another interval", 1, says(200, `{"status":"ok","series":[{"interval":300}]}`), "!interval of 300 s; wanted 60 s"},
	{"no interval", 1, says(200, `{"status":"ok","series":[{"pointlist":[[{0},1]]}]}`), "!interval of 0 s"},
	{"another query", 1, says(200, `{"status":"ok","series":[{"query_index":1,"interval":60}]}`), "!query_index 1; wanted one below 1"},
	{"two series", 1, says(200, `{"status":"ok","series":[{"scope":"a","interval":60},{"scope":"b","interval":60}]}`), `!several series, such as "a" and "b"`},
	{"two of one scope", 1, says(200, `{"status":"ok","series":[{"scope":"a","interval":60},{"scope":"a","interval":60}]}`), `!several series of "a"`},

	{"empty answer", 1, says(200, ``), "!unexpected end of JSON input"},
	{"cut off", 1, says(200, `{"status":"ok","series":[{"interval"`), "!unexpected end of JSON input"},
	{"truncated body", 1, says(200, `{"status":`, "Content-Length", "5000"), "!unexpected EOF"},
	{"keys in a wrong page", 1, says(200, `<html>{api} {app}`), "![hidden] [hidden]"},
	{"key where it is cut", 1, says(200, strings.Repeat("y", 290)+`{api}`), "![hidden"}, // behind it a quotation would break off within a key
	{"too long", 1, says(200, strings.Repeat(" ", 17<<20)), "!answer of more than 16777216 bytes"},
	{"null answer", 1, says(200, `null`), `!status ""; wanted ok`},
	{"200 with an error", 1, says(200, `{"status":"error","error":"{api} unknown"}`), "!HTTP 200 OK: [hidden] unknown (status error)"},

	{"v2 error", 2, says(200, `{"errors":"{app} {api}"}`), "![hidden] [hidden]"},
	{"v2 200 with errors", 2, says(200, `{"errors":["no"]}`), "!HTTP 200 OK"},
	{"v2 null answer", 2, says(200, `null`), "!no data"},
	{"v2 enlarged interval", 2, says(200, two(fmt.Sprint(minute(0).UnixMilli()+30_000), `1`)), "!wanted none but"},
	{"v2 values missing", 2, says(200, two(`{0},{1}`, `1`)), "!1 values at 2 times"},
	{"v2 series without values", 2, says(200, `{"data":{"attributes":{"series":[{}],"times":[],"values":[]}}}`), "!1 series with values of 0"},
	{"v2 backward", 2, says(200, two(`{1},{0}`, `1,1`)), "!wanted ascending times"},
	{"v2 null time", 2, says(200, two(`null`, `1`)), "!time of point 0"},
	{"v2 yesterday", 2, says(200, two(fmt.Sprint(minute(-24*60).UnixMilli()), `1`)), "!wanted none but"},
	{"v2 time beyond time", 2, says(200, two(`1e300`, `1`)), "!time of point 0"},

	{"301", 1, says(301, `{"errors":["{api}"]}`, "Location", "http://127.0.0.1:1/"), "!HTTP 301 Moved Permanently: [hidden]"},
	{"400", 1, says(400, `{"errors":["it says {api}","and \u0066edcba9876543210"]}`), "!HTTP 400 Bad Request: it says [hidden]; and [hidden]"},
	{"401", 1, says(401, `{"errors":["Unauthorized {app}"]}`), "!HTTP 401 Unauthorized: Unauthorized [hidden]"},
	{"403", 2, says(403, `{"errors":["Forbidden"]}`), "!HTTP 403 Forbidden"},
	{"404", 1, says(404, `not here`), "!HTTP 404 Not Found: not here"},
	{"422", 2, says(422, `{"errors":["no such metric"]}`), "!HTTP 422 Unprocessable Entity: no such metric"},
	{"429 with headers", 1, says(429, ``, limits("100", "60", "0", "30")...), "!HTTP 429 Too Many Requests; limit query [hidden] of 100 in 1m0s, next in 30s"},
	{"429 with Retry-After", 1, says(429, ``, "Retry-After", "7"), "!HTTP 429 Too Many Requests"},
	{"429 without headers", 2, says(429, ``), "!HTTP 429 Too Many Requests"},
	{"500", 1, says(500, `{"errors":["{api}"]}`), "!HTTP 500 Internal Server Error: [hidden]"},
	{"502 page", 1, says(502, "<html>\n<h1>Bad Gateway</h1>"), "!HTTP 502 Bad Gateway: <html> <h1>Bad"},
	{"503", 2, says(503, ``), "!HTTP 503 Service Unavailable"},
	{"no answer", 1, silent, "!no whole answer within 50ms"},
	{"slow body", 1, drip, "!no whole answer within 50ms"},
	{"broken connection", 2, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "!EOF"},
}

func limits(limit, period, remaining, reset string) []string {
	return []string{
		"X-RateLimit-Limit", limit, "X-RateLimit-Period", period, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset,
		"X-RateLimit-Name", "query " + apiKey,
	}
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip begins an answer and does not go on.
func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"status":"ok",`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestFaults shows, with -v, what becomes of each fault. Where there is an error, it comes without samples, and never with a key.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			server := httptest.NewServer(f.server)
			defer server.Close()
			cfg := clientConfig(f.version, server.URL, server.Client())
			if want := "no whole answer within 50ms"; strings.HasSuffix(f.want, want) {
				cfg.Timeout = 50 * time.Millisecond
			}
			c := newClient(t, cfg)
			s := newSource(t, c, query)
			got, err := s.Read(t.Context(), nil, minute(0), minute(3))
			requireNoKeys(t, err, got, c, s)
			if want, fails := strings.CutPrefix(f.want, "!"); fails {
				require.ErrorContains(t, err, want)
				require.Empty(t, got)
				t.Logf("v%d  %-26s %s", f.version, f.name, err)
				return
			}
			require.NoError(t, err)
			values := []float64{}
			for _, s := range got {
				values = append(values, s.Value)
			}
			require.Equal(t, f.want, fmt.Sprint(values))
			t.Logf("v%d  %-26s %v", f.version, f.name, values)
		})
	}
	t.Run("connection refused", func(t *testing.T) {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = single(t, 1, "http://"+l.Addr().String(), nil).Read(t.Context(), nil, minute(0), minute(3))
		require.ErrorContains(t, err, "connection refused")
		var network net.Error
		require.ErrorAs(t, err, &network, "so that the Runner tries again")
		require.NotContains(t, err.Error(), "shop.requests", "the address has all queries")
		t.Logf("v1  %-26s %v", "connection refused", err)
	})
}

// TestOneSeriesOnEachPageIsNotOneSeries demands that a query which answers with another series later is found out.
func TestOneSeriesOnEachPageIsNotOneSeries(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"status":"ok","series":[{"interval":60,"scope":"host:%s"}]}`, r.URL.Query().Get("from"))
	}))
	defer server.Close()
	s, err := newClient(t, clientConfig(1, server.URL, server.Client())).Source(datadog.SourceConfig{Query: query, Step: time.Minute, Points: 5})
	require.NoError(t, err)
	_, err = s.Read(t.Context(), nil, minute(0), minute(20))
	require.ErrorContains(t, err, `several series, such as "host:1709510400" and "host:1709510700"`)
}

func TestRefusalsAreTyped(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		for _, c := range []struct {
			status  int
			header  []string
			pass    bool
			wait    time.Duration
			limited bool
		}{
			{200, nil, false, 0, false},
			{301, nil, false, 0, false},
			{400, nil, false, 0, false},
			{401, nil, false, 0, false},
			{403, limits("1", "60", "1", "30"), false, 0, false},
			{404, nil, false, 0, false},
			{408, nil, true, 0, false},
			{422, nil, false, 0, false},
			{429, nil, true, 15 * time.Second, true},
			{429, []string{"Retry-After", "7"}, true, 7 * time.Second, true},
			{429, limits("100", "60", "0", "30"), true, 30 * time.Second, true},
			{429, limits("100", "60", "0", "0"), true, time.Second, true},
			{429, limits("100", "60", "0", "99999999"), true, 5 * time.Minute, true},
			{429, limits("100", "60", "", "30"), true, 15 * time.Second, true},
			{500, nil, true, 0, false},
			{502, nil, true, 0, false},
			{503, limits("1", "60", "1", "30"), true, 0, false},
		} {
			text := `{"errors":["no"]}`
			if version == 1 && c.status == 200 {
				text = `{"error":"no"}`
			}
			_, err := answered(t, version, c.status, text, c.header...)
			var refused *datadog.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.status, refused.Status)
			require.Contains(t, refused.Message, "no")
			require.Equal(t, c.pass, refused.Temporary(), "%v", refused)
			require.Equal(t, c.wait, refused.Wait(), "%v", refused)
			require.Equal(t, c.limited, errors.Is(err, datadog.ErrRateLimited), "%v", refused)
		}
	})
}

// transport answers without a network, so that time can be a test's own.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRateLimitIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, status, header := 0, 429, http.Header{}
		set := limits("100", "60", "0", "30")
		for i := 0; i < len(set); i += 2 {
			header.Set(set[i], set[i+1])
		}
		c := newClient(t, clientConfig(1, "http://x", &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(one("")))}, nil
		})}))
		s, sibling := newSource(t, c, query), newSource(t, c, queryOf(1))
		read := func(s *datadog.Source) error {
			_, err := s.Read(t.Context(), nil, minute(0), minute(3))
			return err
		}
		for _, s := range []*datadog.Source{s, s, sibling} { // the later ones are not sent
			err := read(s)
			var answer *datadog.APIError
			require.ErrorAs(t, err, &answer)
			require.ErrorIs(t, err, datadog.ErrRateLimited)
			require.Equal(t, 30*time.Second, answer.Wait())
			require.Equal(t, &datadog.RateLimit{Name: "query [hidden]", Limit: 100, Period: time.Minute, Reset: 30 * time.Second}, answer.Limit)
		}
		require.Equal(t, 1, asked)
		time.Sleep(10 * time.Second)
		var answer *datadog.APIError
		require.ErrorAs(t, read(s), &answer)
		require.Equal(t, 20*time.Second, answer.Wait(), "what is left")
		time.Sleep(20 * time.Second)
		status = 200
		header.Set("X-RateLimit-Remaining", "1")
		require.NoError(t, read(s))
		limit, ok := c.RateLimit()
		require.True(t, ok)
		require.Equal(t, 1, limit.Remaining)
		header.Set("X-RateLimit-Remaining", "0")
		header.Set("X-RateLimit-Reset", "99999999")
		require.NoError(t, read(s))
		limit, _ = c.RateLimit()
		require.Equal(t, 5*time.Minute, limit.Reset, "bounded")
		require.ErrorIs(t, read(s), datadog.ErrRateLimited, "none remains")
		require.Equal(t, 3, asked)
		time.Sleep(5 * time.Minute)
		require.NoError(t, read(s))
	})
}

func TestSlowAnswerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := single(t, 1, "http://x", &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, fmt.Errorf("%s: %w", r.Header.Get("DD-API-KEY"), r.Context().Err())
		})})
		began := time.Now()
		_, err := s.Read(t.Context(), nil, minute(0), minute(3))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no whole answer within 10s")
		requireNoKeys(t, err)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestKeys(t *testing.T) {
	requireNoKeys(t, datadog.Keys{API: apiKey, Application: applicationKey}, &datadog.Keys{API: apiKey, Application: applicationKey})
	cfg := clientConfig(1, "http://x", nil)
	gone := errors.New("gone")
	for want, keys := range map[error]datadog.Keys{gone: {}, nil: {API: apiKey}} {
		cfg.Keys = func() (datadog.Keys, error) { return keys, want }
		_, err := newSource(t, newClient(t, cfg), query).Read(t.Context(), nil, minute(0), minute(3))
		require.Error(t, err)
		if want != nil {
			require.ErrorIs(t, err, want)
		}
		requireNoKeys(t, err)
	}
}
