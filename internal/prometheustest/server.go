// Package prometheustest runs the programs of Prometheus for tests that want the real server.
package prometheustest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Program returns where a program of Prometheus is. Where it is not installed the test is skipped, and fails in CI.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%v; wanted the Debian package prometheus, or both of its programs in the path", err)
	}
	t.Skipf("%v; the Debian package prometheus has it", err)
	return ""
}

// watch is the output of a server, which says so when it is ready.
type watch struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
	once  sync.Once
}

func (w *watch) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if bytes.Contains(w.text.Bytes(), []byte("Server is ready to receive web requests")) {
		w.once.Do(func() { close(w.ready) })
	}
	return len(b), nil
}

func (w *watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Serve starts the real Prometheus in dir, with what tsdb it has there, and returns its address. It ends with the test.
func Serve(t testing.TB, dir, config string, flags ...string) string {
	t.Helper()
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	var out *watch
	for range 5 { // somebody may take the port between its choice and the start
		port := freePort(t)
		cmd := exec.CommandContext(context.Background(), Program(t, "prometheus"), append([]string{
			"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + port,
			"--storage.tsdb.retention.time=100y",
		}, flags...)...)
		out = &watch{ready: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = out, out
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait()
		}()
		stop := func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			<-ended
		}
		select {
		case <-out.ready:
			t.Cleanup(stop)
			return "http://" + port
		case <-ended:
		case <-time.After(time.Minute):
			stop()
			t.Fatalf("prometheus is not ready after a minute:\n%s", out)
		}
	}
	t.Fatalf("prometheus does not start:\n%s", out)
	return ""
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// Backfill makes blocks of an OpenMetrics text in dir.
func Backfill(t testing.TB, dir, text string) {
	t.Helper()
	file := filepath.Join(dir, "history.om")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	out, err := exec.CommandContext(context.Background(), Program(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(dir, "data")).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// Client returns a client whose connections end with the test.
func Client(t testing.TB) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
