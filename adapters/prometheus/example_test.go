package prometheus_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/headroom-go/headroom/adapters/prometheus"
)

func ExampleSource() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1709510460,"117.5"],[1709510520,"NaN"],[1709510580,"120"]]}]}}`)
	}))
	defer server.Close()

	source, err := prometheus.NewSource(prometheus.SourceConfig{
		URL:   server.URL,
		Query: `sum(rate(http_requests_total{service="shop"}[1m]))`,
		Step:  time.Minute,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	samples, err := source.Read(context.Background(), nil, from, from.Add(3*time.Minute))
	for _, s := range samples {
		fmt.Println("the minute from", s.Time.Format(time.TimeOnly), "had", s.Value)
	}
	fmt.Println(err)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the test wants no goroutine left over
	// Output:
	// the minute from 00:00:00 had 117.5
	// the minute from 00:01:00 had NaN
	// the minute from 00:02:00 had 120
	// <nil>
}
