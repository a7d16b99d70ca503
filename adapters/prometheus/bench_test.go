package prometheus_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/prometheustest"
)

func minute(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }

const (
	token  = "tok-3141592653589793"
	tenant = "tenant-2718281828"
)

// bench is a Source with the server that it asks, what the server was asked, and what was logged.
type bench struct {
	*testing.T
	source *prometheus.Source
	log    bytes.Buffer

	mu      sync.Mutex
	handler http.HandlerFunc
	asked   []string // methods
	last    *http.Request
}

// newBench returns a Source with secrets. The server reads the form before handler has it.
func newBench(t *testing.T, handler http.HandlerFunc, edit func(*prometheus.SourceConfig)) *bench {
	b := &bench{T: t, handler: handler}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		b.mu.Lock()
		b.asked = append(b.asked, r.Method)
		b.last = r
		handler := b.handler
		b.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	cfg := prometheus.SourceConfig{
		URL: server.URL, Query: "sum(demand)", Step: time.Minute, Client: prometheustest.Client(t),
		Token: token, Header: map[string]prometheus.Secret{"X-Scope-OrgID": tenant},
		Logger: slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if edit != nil {
		edit(&cfg)
	}
	var err error
	b.source, err = prometheus.NewSource(cfg)
	require.NoError(t, err)
	return b
}

func (b *bench) answer(handler http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handler = handler
}

// fails reads minutes 0 to 2, demands an error and dst as it was, and no secret anywhere.
func (b *bench) fails() error {
	b.Helper()
	first := forecast.Sample{Time: minute(99), Value: 99}
	got, err := b.source.Read(b.Context(), []forecast.Sample{first}, minute(0), minute(3))
	require.Error(b, err)
	require.Equal(b, []forecast.Sample{first}, got, "dst, next to error %q", err)
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), b.log.String()} {
		require.NotContains(b, text, token)
		require.NotContains(b, text, tenant)
	}
	return err
}

// reads reads minutes 0 to 2 and returns them as text.
func (b *bench) reads() string {
	b.Helper()
	got, err := b.source.Read(b.Context(), nil, minute(0), minute(3))
	require.NoError(b, err)
	var out []string
	for _, s := range got {
		out = append(out, fmt.Sprintf("%s %v", s.Time.Format("15:04:05"), s.Value))
	}
	return strings.Join(out, ", ")
}

// says answers with status and text. In text, {token} and {tenant} are what the request had, and {0} to {3} the ends of
// minutes -1 to 2, which are asked for from {1} on.
func says(status int, text string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		pairs := []string{"{token}", bearer, "{tenant}", r.Header.Get("X-Scope-OrgID")}
		for i := range 6 {
			pairs = append(pairs, fmt.Sprintf("{%d}", i), fmt.Sprint(minute(i).Unix()))
		}
		_, _ = io.WriteString(w, strings.NewReplacer(pairs...).Replace(text))
	}
}

func success(values string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[` + values + `]}]}}`
}

var healthy = says(200, success(`[{1},"7"],[{2},"8.5"],[{3},"0"]`))

const healthyReads = "00:00:00 7, 00:01:00 8.5, 00:02:00 0"
