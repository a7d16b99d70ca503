package prometheus_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/prometheus"
)

// pipes is a listener without a network, so that time stands still while a request is on its way.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.accept <- there
	return here, nil
}

// rig is a Source and its server in a bubble of testing/synctest.
type rig struct {
	source *prometheus.Source
	log    bytes.Buffer
	asked  int
}

// inBubble runs test with a Source of which handler is the server.
func inBubble(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.asked++
			_ = req.ParseForm()
			handler(w, req)
		})}
		go func() { _ = server.Serve(l) }()
		transport := &http.Transport{DialContext: l.dial}
		defer func() {
			transport.CloseIdleConnections()
			require.NoError(t, server.Shutdown(context.Background()))
		}()
		var err error
		r.source, err = prometheus.NewSource(prometheus.SourceConfig{
			URL: "http://server", Query: "sum(demand)", Step: time.Minute, Client: &http.Client{Transport: transport},
			Logger: slog.New(slog.NewTextHandler(&r.log, nil)),
		})
		require.NoError(t, err)
		test(t, r)
	})
}

func (r *rig) read(t *testing.T) error {
	got, err := r.source.Read(t.Context(), nil, minute(0), minute(3))
	if err != nil {
		require.Empty(t, got)
	}
	return err
}

func TestTimeouts(t *testing.T) {
	cut := success(`[{1},"7"]`)[:40]
	for name, handler := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"an answer that stops": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, cut)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"an answer that drips": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		},
		"an error that drips": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, handler, func(t *testing.T, r *rig) {
				begin := time.Now()
				err := r.read(t)
				require.Equal(t, 10*time.Second, time.Since(begin))
				require.ErrorContains(t, err, "no whole answer within 10s")
				var answer *prometheus.APIError
				if !errors.As(err, &answer) {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		})
	}
}

func TestASlowAnswerInTime(t *testing.T) {
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(9 * time.Second)
		healthy(w, r)
	}, func(t *testing.T, r *rig) { require.NoError(t, r.read(t)) })
}

func TestEndOfTheContextBeforeTheTimeout(t *testing.T) {
	inBubble(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, r *rig) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := r.source.Read(ctx, nil, minute(0), minute(3))
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotContains(t, err.Error(), "no whole answer")
	})
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		want  time.Duration
	}{
		"seconds":              {"30", 30 * time.Second},
		"a date":               {"Sat, 01 Jan 2000 00:01:15 GMT", 75 * time.Second}, // bubbles begin at midnight
		"a date that is past":  {"Fri, 31 Dec 1999 23:59:00 GMT", 0},
		"zero":                 {"0", 0},
		"negative":             {"-5", 0},
		"nonsense":             {"soon", 0},
		"nothing":              {"", 0},
		"a year":               {"31536000", 5 * time.Minute},
		"more than a duration": {"99999999999999999999", 0},
	} {
		t.Run(name, func(t *testing.T) {
			busy := true
			handler := func(w http.ResponseWriter, r *http.Request) {
				if busy {
					says(429, "slow down", "Retry-After", c.value)(w, r)
					return
				}
				healthy(w, r)
			}
			inBubble(t, handler, func(t *testing.T, r *rig) {
				var answer *prometheus.APIError
				require.ErrorAs(t, r.read(t), &answer)
				require.Equal(t, 429, answer.Status)
				require.Equal(t, c.want, answer.RetryAfter)
				require.Equal(t, 1, r.asked)
				busy = false
				if c.want > 0 {
					time.Sleep(c.want - time.Second)
					err := r.read(t)
					require.ErrorContains(t, err, "not asked, 1s too early, since the last answer was HTTP 429 Too Many Requests: slow down")
					require.ErrorAs(t, err, &answer)
					require.Equal(t, 1, r.asked, "it was left alone")
					time.Sleep(time.Second)
				}
				require.NoError(t, r.read(t))
				require.Equal(t, 2, r.asked)
			})
		})
	}
}

func TestSkewOfTheServer(t *testing.T) {
	var skew time.Duration
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
		healthy(w, r)
	}
	inBubble(t, handler, func(t *testing.T, r *rig) {
		require.Zero(t, r.source.Skew(), "before the first answer")
		for _, c := range []struct {
			skew time.Duration
			logs int // altogether
		}{
			{0, 0}, {time.Minute, 0}, {61 * time.Second, 0}, {62 * time.Second, 1}, {time.Hour, 1}, {0, 1}, {-2 * time.Minute, 2}, {-61 * time.Second, 2}, {-24 * time.Hour, 3},
		} {
			skew = c.skew
			require.NoError(t, r.read(t), "times are those that were asked for, whatever the server's clock says")
			require.Equal(t, c.skew, r.source.Skew())
			require.Equal(t, c.logs, strings.Count(r.log.String(), "clock of the server"), "after a skew of %v", c.skew)
		}
	})
}

func TestSkewWithoutADate(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		healthy(w, r)
	}
	inBubble(t, handler, func(t *testing.T, r *rig) {
		require.NoError(t, r.read(t))
		require.Zero(t, r.source.Skew())
		require.Empty(t, r.log.String())
	})
}
