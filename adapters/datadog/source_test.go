package datadog_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/forecast"
)

// TestSource runs the conformance suite with a Source that is alone, and with one among others that are fetched along with it.
func TestSource(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		for name, others := range map[string]int{"alone": 0, "among others": 40} {
			t.Run(name, func(t *testing.T) {
				adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
					held, server := newStore(t)
					c := newClient(t, clientConfig(version, server.URL, server.Client()))
					for i := range others {
						held.fill(queryOf(i), 0, -20, 200)
						newSource(t, c, queryOf(i))
					}
					return adaptertest.SourceHarness{
						Source: newSource(t, c, query), Step: time.Minute, Break: server.Close,
						Append: func(samples ...forecast.Sample) {
							for _, s := range samples {
								held.put(query, s.Time, &s.Value)
							}
						},
						Gap: func(at time.Time) { held.put(query, at, nil) },
					}
				})
			})
		}
	})
}

func TestPagesAndDelay(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		held, server := newStore(t)
		held.fill(query, 0, 0, 25)
		c := newClient(t, clientConfig(version, server.URL, server.Client()))
		s, err := c.Source(datadog.SourceConfig{Query: query, Step: time.Minute, Points: 10, Delay: 2 * time.Minute})
		require.NoError(t, err)
		require.Equal(t, adapters.Timing{Delay: 2 * time.Minute}, s.Timing())
		got, err := s.Read(t.Context(), nil, minute(0), minute(25))
		require.NoError(t, err)
		require.Len(t, got, 23, "two minutes of delay")
		for i, one := range got {
			require.Equal(t, forecast.Sample{Time: minute(i), Value: float64(i)}, one)
		}
		require.Equal(t, 3, held.requests())
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
		change func(c *datadog.ClientConfig)
		want   string
	}{
		"site":    {func(c *datadog.ClientConfig) { c.Site = "datadog.com" }, "us3.datadoghq.com"},
		"url":     {func(c *datadog.ClientConfig) { c.URL = "http://a:" + apiKey + "@b" }, "url"},
		"keys":    {func(c *datadog.ClientConfig) { c.Keys = nil }, "keys"},
		"version": {func(c *datadog.ClientConfig) { c.Version = 3 }, "1 or 2"},
		"batch":   {func(c *datadog.ClientConfig) { c.Batch = 36 }, "1 to 35"},
		"timeout": {func(c *datadog.ClientConfig) { c.Timeout = -1 }, "timeout"},
		"limiter": {func(c *datadog.ClientConfig) { c.Limiter = rate.NewLimiter(1, 0) }, "one that lets a request pass"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := clientConfig(1, "", nil)
			c.change(&cfg)
			_, err := datadog.NewClient(cfg)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), apiKey)
		})
	}
	client := newClient(t, clientConfig(1, "", nil))
	for name, c := range map[string]struct {
		cfg  datadog.SourceConfig
		want string
	}{
		"step":             {datadog.SourceConfig{Query: query, Step: 7 * time.Second}, "divide a day"},
		"no rollup":        {datadog.SourceConfig{Query: "sum:a{*}"}, ".rollup(METHOD, 60)"},
		"another rollup":   {datadog.SourceConfig{Query: "sum:a{*}.rollup(sum, 300)"}, ".rollup(METHOD, 60)"},
		"rollup by itself": {datadog.SourceConfig{Query: "sum:a{*}.rollup(sum)"}, ".rollup(METHOD, 60)"},
		"one without":      {datadog.SourceConfig{Query: "sum:a{*}.rollup(sum, 60) + sum:b{*}"}, ".rollup(METHOD, 60)"},
		"two queries":      {datadog.SourceConfig{Query: "sum:a{*}.rollup(sum, 60),sum:b{*}.rollup(sum, 60)"}, "one query"},
		"open bracket":     {datadog.SourceConfig{Query: "(sum:a{*}.rollup(sum, 60)"}, "one query"},
		"closed bracket":   {datadog.SourceConfig{Query: "sum:a{*}.rollup(sum, 60))("}, "one query"},
		"too long":         {datadog.SourceConfig{Query: "sum:a{x:" + strings.Repeat("y", 7000) + "}.rollup(sum, 60)"}, "at most 7000"},
		"delay":            {datadog.SourceConfig{Query: query, Delay: -1}, "delay"},
		"points":           {datadog.SourceConfig{Query: query, Points: 1501}, "1 to 1500"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cfg.Step == 0 {
				c.cfg.Step = time.Minute
			}
			_, err := client.Source(c.cfg)
			require.ErrorContains(t, err, c.want)
		})
	}
}
