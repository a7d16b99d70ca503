package datadog_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/datadog"
)

const (
	apiKey         = "0123456789abcdef"
	applicationKey = "fedcba9876543210"
	query          = "sum:shop.requests{env:prod}.as_rate().rollup(avg, 60).fill(null)"
)

func minute(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }

// queryOf is the query of service i.
func queryOf(i int) string {
	return fmt.Sprintf("sum:service%d.requests{env:prod,az:*}.rollup(avg, 60)", i)
}

func clientConfig(version int, address string, c *http.Client) datadog.ClientConfig {
	return datadog.ClientConfig{
		URL: address, Version: version, HTTP: c, Limiter: rate.NewLimiter(rate.Inf, 0),
		Keys: func() (datadog.Keys, error) { return datadog.Keys{API: apiKey, Application: applicationKey}, nil },
	}
}

func newClient(t testing.TB, cfg datadog.ClientConfig) *datadog.Client {
	t.Helper()
	c, err := datadog.NewClient(cfg)
	require.NoError(t, err)
	return c
}

func newSource(t testing.TB, c *datadog.Client, query string) *datadog.Source {
	t.Helper()
	s, err := c.Source(datadog.SourceConfig{Query: query, Step: time.Minute})
	require.NoError(t, err)
	return s
}

// single returns the only Source of a Client.
func single(t testing.TB, version int, address string, c *http.Client) *datadog.Source {
	t.Helper()
	return newSource(t, newClient(t, clientConfig(version, address, c)), query)
}

func versions(t *testing.T, f func(t *testing.T, version int)) {
	for _, v := range []int{1, 2} {
		t.Run(fmt.Sprintf("version %d", v), func(t *testing.T) { f(t, v) })
	}
}

// store answers both versions of the API. Like Datadog it has the bucket at the end of a query of version 1, refuses a request
// for one query that it does not understand, and gives no more than 1500 points.
type store struct {
	mu      sync.Mutex
	series  map[string]map[int64]*float64 // by query and milliseconds
	refuse  map[string]bool               // queries for which a request is refused
	heavy   map[string]int                // and those for which it has this status, in the place of an answer
	asked   [][]string                    // the queries of each request
	windows [][2]int64                    // and their windows, in milliseconds
	before  func(r *http.Request)         // is called without the mutex
	most    int                           // points of a request; there is no answer to those for more; 0 for any number
	endless bool                          // every minute of every query has a value
}

// at returns what a query has at a time.
func (s *store) at(query string, at int64) (*float64, bool) {
	if s.endless {
		return new(float64(100 + len(query))), true
	}
	v, ok := s.series[query][at]
	return v, ok
}

func newStore(t testing.TB) (*store, *httptest.Server) {
	s := &store{series: map[string]map[int64]*float64{}, refuse: map[string]bool{}, heavy: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

// put makes interval at of a query hold v, nil for null.
func (s *store) put(query string, at time.Time, v *float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.series[query] == nil {
		s.series[query] = map[int64]*float64{}
	}
	s.series[query][at.UnixMilli()] = v
}

// fill makes minutes i to j-1 of a query hold base and their numbers.
func (s *store) fill(query string, base float64, i, j int) {
	for ; i < j; i++ {
		s.put(query, minute(i), new(base+float64(i)))
	}
}

func (s *store) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// commas that do not stand in brackets.
var between = regexp.MustCompile(`,(sum|avg|max):`)

type object = map[string]any

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.before != nil {
		s.before(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("DD-API-KEY") != apiKey || r.Header.Get("DD-APPLICATION-KEY") != applicationKey {
		http.Error(w, `{"errors":["Forbidden"]}`, http.StatusForbidden)
		return
	}
	var from, to, past int64
	var asked []string
	switch r.Method + r.URL.Path {
	case "GET/api/v1/query":
		from, _ = strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
		to, _ = strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
		from, to, past = from*1000, to*1000, 1
		asked = strings.Split(between.ReplaceAllString(r.URL.Query().Get("query"), "\n$1:"), "\n")
		if len(r.URL.RawQuery) > 8000 {
			http.Error(w, "", http.StatusRequestURITooLong)
			return
		}
	case "POST/api/v2/query/timeseries":
		var body struct {
			Data struct {
				Type       string
				Attributes struct {
					From, To, Interval int64
					Queries            []struct{ Name, Query string }
					Formulas           []struct{ Formula string }
				}
			}
		}
		if json.NewDecoder(r.Body).Decode(&body) != nil || body.Data.Type != "timeseries_request" || body.Data.Attributes.Interval != 60_000 {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		from, to = body.Data.Attributes.From, body.Data.Attributes.To
		for i, q := range body.Data.Attributes.Queries {
			if body.Data.Attributes.Formulas[i].Formula != q.Name {
				http.Error(w, "formula", http.StatusBadRequest)
				return
			}
			asked = append(asked, q.Query)
		}
	default:
		http.NotFound(w, r)
		return
	}
	s.asked, s.windows = append(s.asked, asked), append(s.windows, [2]int64{from, to})
	if (to-from)/60_000 > 1500 || len(asked) > 35 {
		http.Error(w, "too much", http.StatusBadRequest)
		return
	}
	if s.most > 0 && len(asked)*int((to-from)/60_000) > s.most {
		w.WriteHeader(http.StatusGatewayTimeout)
		return
	}
	for _, q := range asked {
		if s.refuse[q] {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprintf(w, `{"errors":["Error parsing query: %s"]}`, q[:12])
			return
		}
		if status := s.heavy[q]; status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	// A column for each query that has points at all; in version 2 they share their times.
	times, lists, series := []int64{}, [][]*float64{}, []object{}
	if past == 0 {
		for at := from; at < to; at += 60_000 {
			has := func(q string) bool { _, ok := s.at(q, at); return ok }
			if slices.ContainsFunc(asked, has) {
				times = append(times, at)
			}
		}
	}
	for i, q := range asked {
		points, values := [][2]any{}, []*float64{}
		for at := from; at < to+past; at += 60_000 {
			v, ok := s.at(q, at)
			if ok {
				points = append(points, [2]any{at, v})
			}
			if past == 1 || slices.Contains(times, at) {
				values = append(values, v)
			}
		}
		if len(points) == 0 {
			continue
		}
		series = append(series, object{"query_index": i, "scope": "of " + q, "group_tags": []string{q}, "interval": 60, "pointlist": points})
		lists = append(lists, values)
	}
	answer := object{"status": "ok", "series": series}
	if past == 0 {
		answer = object{"data": object{"attributes": object{"series": series, "times": times, "values": lists}}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}
