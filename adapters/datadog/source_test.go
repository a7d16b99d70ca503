package datadog_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/forecast"
)

const (
	apiKey         = "0123456789abcdef"
	applicationKey = "fedcba9876543210"
	query          = "sum:shop.requests{env:prod}.as_rate().rollup(avg, 60).fill(null)"
)

func config(version int, address string, c *http.Client) datadog.SourceConfig {
	return datadog.SourceConfig{
		URL: address, Query: query, Step: time.Minute, Version: version, Client: c,
		Keys: func() (datadog.Keys, error) { return datadog.Keys{API: apiKey, Application: applicationKey}, nil },
	}
}

// store answers both versions of the API from samples. Like Datadog it has the bucket at the end of a query of version 1, and
// refuses more than 1500 buckets by answering with others than those that were asked for.
type store struct {
	mu      sync.Mutex
	samples map[int64]*float64 // by milliseconds
	queries int
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries++
	if r.Header.Get("DD-API-KEY") != apiKey || r.Header.Get("DD-APPLICATION-KEY") != applicationKey {
		http.Error(w, `{"errors":["Forbidden"]}`, http.StatusForbidden)
		return
	}
	var from, to, past int64
	var asked string
	switch r.Method + r.URL.Path {
	case "GET/api/v1/query":
		from, _ = strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
		to, _ = strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
		from, to, past, asked = from*1000, to*1000, 1, r.URL.Query().Get("query")
	case "POST/api/v2/query/timeseries":
		var body struct {
			Data struct {
				Type       string
				Attributes struct {
					From, To, Interval int64
					Queries            []struct{ Query string }
				}
			}
		}
		if json.NewDecoder(r.Body).Decode(&body) != nil || body.Data.Type != "timeseries_request" || body.Data.Attributes.Interval != 60_000 {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		from, to, asked = body.Data.Attributes.From, body.Data.Attributes.To, body.Data.Attributes.Queries[0].Query
	default:
		http.NotFound(w, r)
		return
	}
	if asked != query || (to-from)/60_000 > 1500 {
		http.Error(w, "query", http.StatusBadRequest)
		return
	}
	times, values, points := []int64{}, []*float64{}, [][2]any{}
	for at := from; at < to+past; at += 60_000 {
		if v, ok := s.samples[at]; ok {
			times, values, points = append(times, at), append(values, v), append(points, [2]any{at, v})
		}
	}
	type object = map[string]any
	answer := object{"status": "ok", "series": []object{{"scope": "env:prod", "interval": 60, "pointlist": points}}}
	if past == 0 {
		answer = object{"data": object{"attributes": object{
			"series": []object{{"group_tags": []string{}}}, "times": times, "values": [][]*float64{values},
		}}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func versions(t *testing.T, f func(t *testing.T, version int)) {
	for _, v := range []int{1, 2} {
		t.Run(fmt.Sprintf("version %d", v), func(t *testing.T) { f(t, v) })
	}
}

func TestSource(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
			held := &store{samples: map[int64]*float64{}}
			server := httptest.NewServer(held)
			t.Cleanup(server.Close)
			s, err := datadog.NewSource(config(version, server.URL, server.Client()))
			require.NoError(t, err)
			return adaptertest.SourceHarness{
				Source: s, Step: time.Minute, Break: server.Close,
				Append: func(samples ...forecast.Sample) {
					held.mu.Lock()
					defer held.mu.Unlock()
					for _, one := range samples {
						held.samples[one.Time.UnixMilli()] = &one.Value
					}
				},
				Gap: func(at time.Time) {
					held.mu.Lock()
					defer held.mu.Unlock()
					held.samples[at.UnixMilli()] = nil
				},
			}
		})
	})
}

func TestPagesAndDelay(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		held := &store{samples: map[int64]*float64{}}
		for i := range 25 {
			v := float64(i)
			held.samples[minute(i).UnixMilli()] = &v
		}
		server := httptest.NewServer(held)
		defer server.Close()
		cfg := config(version, server.URL, server.Client())
		cfg.Points, cfg.Delay = 10, 2*time.Minute
		s, err := datadog.NewSource(cfg)
		require.NoError(t, err)
		got, err := s.Read(t.Context(), nil, minute(0), minute(25))
		require.NoError(t, err)
		require.Len(t, got, 23, "two minutes of delay")
		for i, one := range got {
			require.Equal(t, forecast.Sample{Time: minute(i), Value: float64(i)}, one)
		}
		require.Equal(t, 3, held.queries)
	})
}

func TestNullIsAGapAndZeroIsZero(t *testing.T) {
	got, err := answered(t, 1, 200, `{"status":"ok","series":[{"interval":60,"pointlist":[[{0},null],[{1}.0,0],[{3},9]]}]}`)
	require.NoError(t, err)
	require.Len(t, got, 2, "the bucket at the end is partial")
	require.True(t, math.IsNaN(got[0].Value))
	require.Equal(t, 0.0, got[1].Value)
}

func TestConfigFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *datadog.SourceConfig)
		want   string
	}{
		"site":             {func(c *datadog.SourceConfig) { c.Site = "datadog.com" }, "us3.datadoghq.com"},
		"url":              {func(c *datadog.SourceConfig) { c.URL = "http://a:" + apiKey + "@b" }, "url"},
		"keys":             {func(c *datadog.SourceConfig) { c.Keys = nil }, "keys"},
		"step":             {func(c *datadog.SourceConfig) { c.Step = 7 * time.Second }, "divide a day"},
		"no rollup":        {func(c *datadog.SourceConfig) { c.Query = "sum:a{*}" }, ".rollup(METHOD, 60)"},
		"another rollup":   {func(c *datadog.SourceConfig) { c.Query = "sum:a{*}.rollup(sum, 300)" }, ".rollup(METHOD, 60)"},
		"rollup by itself": {func(c *datadog.SourceConfig) { c.Query = "sum:a{*}.rollup(sum)" }, ".rollup(METHOD, 60)"},
		"one without":      {func(c *datadog.SourceConfig) { c.Query = "sum:a{*}.rollup(sum, 60) + sum:b{*}" }, ".rollup(METHOD, 60)"},
		"delay":            {func(c *datadog.SourceConfig) { c.Delay = -1 }, "delay"},
		"version":          {func(c *datadog.SourceConfig) { c.Version = 3 }, "1 or 2"},
		"points":           {func(c *datadog.SourceConfig) { c.Points = 1501 }, "1 to 1500"},
		"timeout":          {func(c *datadog.SourceConfig) { c.Timeout = -1 }, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(1, "", nil)
			c.change(&cfg)
			_, err := datadog.NewSource(cfg)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), apiKey)
		})
	}
	_, err := datadog.NewSource(config(1, "", nil))
	require.NoError(t, err)
}

func minute(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }
