package prometheus_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/prometheus"
)

func FuzzAnswer(f *testing.F) {
	for _, text := range []string{success(`[60,"7"],[120,"NaN"]`), success(`[60,null]`), `{"status":"error"}`, success(`[1e18,"7"]`), `null`, success(`[-60.5,"0x1p-2"]`)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := prometheus.NewSource(prometheus.SourceConfig{URL: "http://server", Query: "x", Step: time.Minute, Client: &http.Client{Transport: constant(text)}})
		require.NoError(t, err)
		from, to := time.Unix(0, 0), time.Unix(600, 0)
		got, err := s.Read(t.Context(), nil, from, to)
		if err != nil {
			require.Empty(t, got)
			return
		}
		before := from.Add(-1)
		for _, x := range got {
			require.True(t, x.Time.After(before) && !x.Time.Add(time.Minute).After(to), "%v", x.Time)
			require.Zero(t, x.Time.Unix()%60)
			before = x.Time
		}
	})
}

// constant is a server with one answer to everything.
type constant string

func (c constant) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c)))}, nil
}
