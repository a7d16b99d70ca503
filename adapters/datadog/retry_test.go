package datadog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
)

func TestErrorsSayWhetherTheyMayPass(t *testing.T) {
	limit := &datadog.RateLimit{Reset: 17 * time.Second}
	for _, c := range []struct {
		err  datadog.APIError
		pass bool
		wait time.Duration
	}{
		{datadog.APIError{Status: 200}, false, 0},
		{datadog.APIError{Status: 400}, false, 0},
		{datadog.APIError{Status: 403, Limit: limit}, false, 0},
		{datadog.APIError{Status: 408}, true, 0},
		{datadog.APIError{Status: 422}, false, 0},
		{datadog.APIError{Status: 429}, true, 0},
		{datadog.APIError{Status: 429, Limit: limit}, true, 17 * time.Second},
		{datadog.APIError{Status: 500}, true, 0},
		{datadog.APIError{Status: 503, Limit: limit}, true, 0},
	} {
		require.Equal(t, c.pass, c.err.Temporary(), "%v", &c.err)
		require.Equal(t, c.wait, c.err.Wait(), "%v", &c.err)
	}
}

func TestSourceSaysItsDelay(t *testing.T) {
	cfg := config(1, "http://x", nil)
	cfg.Delay = 20 * time.Second
	s, err := datadog.NewSource(cfg)
	require.NoError(t, err)
	require.Equal(t, adapters.Timing{Delay: 20 * time.Second}, s.Timing())
}
