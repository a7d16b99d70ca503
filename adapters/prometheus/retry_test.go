package prometheus_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/prometheus"
)

func TestErrorsSayWhetherTheyMayPass(t *testing.T) {
	for status, pass := range map[int]bool{302: false, 400: false, 401: false, 408: true, 422: false, 429: true, 500: true, 501: false, 503: true} {
		err := prometheus.APIError{Status: status, RetryAfter: 3 * time.Second}
		require.Equal(t, pass, err.Temporary(), "%v", &err)
		require.Equal(t, 3*time.Second, err.Wait())
	}
}

func TestSourceSaysItsDelay(t *testing.T) {
	s, err := prometheus.NewSource(prometheus.SourceConfig{URL: "http://x", Query: "q", Step: time.Minute, Delay: 20 * time.Second})
	require.NoError(t, err)
	require.Equal(t, adapters.Timing{Delay: 20 * time.Second}, s.Timing())
}
