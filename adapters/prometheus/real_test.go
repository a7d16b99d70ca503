package prometheus_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/prometheustest"
)

const outOfOrder = "storage: {tsdb: {out_of_order_time_window: 60d}}\n"

func TestSourceConformsWithTheRealServer(t *testing.T) {
	address := prometheustest.Serve(t, t.TempDir(), outOfOrder, "--web.enable-remote-write-receiver")
	target, err := url.Parse(address)
	require.NoError(t, err)
	n := 0
	for _, step := range []time.Duration{time.Minute, 15 * time.Second} {
		t.Run(step.String(), func(t *testing.T) {
			adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
				n++
				name := fmt.Sprint(n)
				c := prometheustest.Client(t)
				proxy := httputil.NewSingleHostReverseProxy(target) // can go away while the server stays
				proxy.Transport = c.Transport
				front := httptest.NewServer(proxy)
				t.Cleanup(front.Close)
				s, err := prometheus.NewSource(prometheus.SourceConfig{
					URL: front.URL, Query: fmt.Sprintf(`sum(last_over_time(visits{case=%q}[5s]))`, name), Step: step, Client: c,
				})
				require.NoError(t, err)
				write := func(samples ...forecast.Sample) {
					var ends []forecast.Sample // what happened in an interval is known at its end
					for _, x := range samples {
						ends = append(ends, forecast.Sample{Time: x.Time.Add(step), Value: x.Value})
					}
					remoteWrite(t, c, address, name, ends)
				}
				return adaptertest.SourceHarness{
					Source: s, Step: step, Append: write, Break: front.Close,
					Gap: func(at time.Time) { write(forecast.Sample{Time: at, Value: math.NaN()}) },
				}
			})
		})
	}
}

// shop is the history of a shop with two pods that are scraped every 15 s: what each minute brought, per pod. Pod b is
// replaced in minute 10, so that its counters begin at 0 again; in minutes 20 to 24 nothing is scraped, and the counters go on.
const shopMinutes = 60

func shopVisits(minute int) int { return 60 + minute*minute%47 } // of each pod

func shopHistory() string {
	var requests, up, gauge strings.Builder
	for _, pod := range []string{"a", "b"} {
		total := 0
		for quarter := range 4*shopMinutes + 1 {
			at := adaptertest.Origin().Unix() + int64(15*quarter)
			minute, part := quarter/4, quarter%4
			if minute == 10 && part == 0 && pod == "b" {
				total = 0
			}
			seen := total + shopVisits(minute)*part/4
			if part == 3 {
				total += shopVisits(minute)
			}
			if minute >= 20 && minute < 25 && quarter != 80 {
				continue
			}
			fmt.Fprintf(&requests, "requests_total{pod=%q} %d %d\n", pod, seen, at)
			fmt.Fprintf(&up, "up{pod=%q} 1 %d\n", pod, at)
			fmt.Fprintf(&gauge, "visits{pod=%q} %d %d\n", pod, shopVisits(minute), at)
		}
	}
	return "# TYPE requests counter\n" + requests.String() + "# TYPE up gauge\n" + up.String() + "# TYPE visits gauge\n" + gauge.String() + "# EOF\n"
}

// visits reads minutes i to j-1 of the shop, by minute.
func visits(t *testing.T, address string, i, j int, edit func(*prometheus.SourceConfig)) (map[int]float64, error) {
	t.Helper()
	cfg := prometheus.SourceConfig{URL: address, Query: `sum(rate(requests_total[1m]))`, Step: time.Minute, Client: prometheustest.Client(t)}
	if edit != nil {
		edit(&cfg)
	}
	s, err := prometheus.NewSource(cfg)
	require.NoError(t, err)
	at := func(i int) time.Time { return adaptertest.Origin().Add(time.Duration(i) * time.Minute) }
	got, err := s.Read(t.Context(), nil, at(i), at(j))
	out := map[int]float64{}
	for _, x := range got {
		out[int(x.Time.Sub(at(0))/time.Minute)] = x.Value
	}
	return out, err
}

func query(expression string) func(*prometheus.SourceConfig) {
	return func(c *prometheus.SourceConfig) { c.Query = expression }
}

func TestHistoryOfTheRealServer(t *testing.T) {
	dir := t.TempDir()
	prometheustest.Backfill(t, dir, shopHistory())
	address := prometheustest.Serve(t, dir, "")

	t.Run("the rate of a minute is what came in it", func(t *testing.T) {
		got, err := visits(t, address, 1, 9, nil)
		require.NoError(t, err)
		require.Len(t, got, 8)
		for minute, v := range got {
			require.InDelta(t, 2*float64(shopVisits(minute))/60, v, 1e-9, "minute %d", minute)
		}
	})
	t.Run("pages are one series", func(t *testing.T) {
		whole, err := visits(t, address, 0, shopMinutes, nil)
		require.NoError(t, err)
		for _, points := range []int{1, 7, 59, 60} {
			paged, err := visits(t, address, 0, shopMinutes, func(c *prometheus.SourceConfig) { c.Points = points })
			require.NoError(t, err)
			require.Equal(t, whole, paged, "%d points a page", points)
		}
	})
	t.Run("a pod that is replaced takes nothing off", func(t *testing.T) {
		got, err := visits(t, address, 10, 12, nil)
		require.NoError(t, err)
		require.InDelta(t, 2*float64(shopVisits(11))/60, got[11], 1e-9)
		require.Greater(t, got[10], float64(shopVisits(10))/60, "pod a is all there")
	})
	t.Run("nothing scraped is nothing, not zero", func(t *testing.T) {
		got, err := visits(t, address, 18, 28, nil)
		require.NoError(t, err)
		for minute := 21; minute < 24; minute++ {
			require.NotContains(t, got, minute)
		}
		require.Contains(t, got, 19)
		require.Contains(t, got, 26)
	})
	t.Run("a guard unmasks a zero that nobody measured", func(t *testing.T) {
		zero := query("sum(rate(requests_total[1m])) or vector(0) # no measurement is no visit?")
		got, err := visits(t, address, 18, 28, zero)
		require.NoError(t, err)
		require.Equal(t, 0.0, got[22], "the expression claims it, and a source invents and hides nothing")

		got, err = visits(t, address, 18, 28, func(c *prometheus.SourceConfig) {
			zero(c)
			c.Guard = "count_over_time(up[1m]) > 3 # scrapes of a pod"
		})
		require.NoError(t, err)
		require.NotContains(t, got, 22)
		require.NotContains(t, got, 20)
		require.InDelta(t, 2*float64(shopVisits(19))/60, got[19], 1e-9)
		require.Len(t, got, 5)
	})
	t.Run("a gauge on its own outlives its scrapes", func(t *testing.T) {
		got, err := visits(t, address, 21, 23, query("sum(visits)"))
		require.NoError(t, err)
		require.Equal(t, map[int]float64{21: 2 * float64(shopVisits(20)), 22: 2 * float64(shopVisits(20))}, got, "what the documentation warns of")
		got, err = visits(t, address, 21, 23, query("sum(last_over_time(visits[1m]))"))
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("nothing over nothing is a gap", func(t *testing.T) {
		got, err := visits(t, address, 2, 4, query("sum(0 * visits) / sum(0 * visits)"))
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.True(t, math.IsNaN(got[2]) && math.IsNaN(got[3]), "%v", got)
	})
	t.Run("something over nothing is no number, and is passed on for the engine to refuse", func(t *testing.T) {
		got, err := visits(t, address, 2, 3, query("sum(visits) / sum(0 * visits)"))
		require.NoError(t, err)
		require.Equal(t, map[int]float64{2: math.Inf(1)}, got)
	})
	t.Run("no such series is nothing", func(t *testing.T) {
		got, err := visits(t, address, 0, 9, query("sum(nonesuch)"))
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("a query of any length", func(t *testing.T) {
		got, err := visits(t, address, 2, 3, query(`sum(last_over_time(visits{pod!~"`+strings.Repeat("x", 100_000)+`"}[1m]))`))
		require.NoError(t, err)
		require.Len(t, got, 1)
	})
	t.Run("several series", func(t *testing.T) {
		_, err := visits(t, address, 2, 3, query("visits"))
		require.ErrorContains(t, err, `several series, such as {__name__="visits", pod="a"} and {__name__="visits", pod="b"}; wanted one`)
	})
	t.Run("not an expression", func(t *testing.T) {
		_, err := visits(t, address, 2, 3, query("sum(visits"))
		requireAnswer(t, err, 400, "bad_data", "parse error")
	})
	t.Run("not to be computed", func(t *testing.T) {
		_, err := visits(t, address, 2, 3, query("visits + ignoring(pod) visits"))
		requireAnswer(t, err, 422, "execution", "many-to-many")
	})
}

func TestCredentialsOfTheRealServer(t *testing.T) {
	dir := t.TempDir()
	web := filepath.Join(dir, "web.yml")
	// bcrypt of "open sesame"
	require.NoError(t, os.WriteFile(web, []byte("basic_auth_users: {reader: $2b$04$NsW3Cjc22UVqKxNMJPj2leEhCfUytSg5FiwOSaD7wNmNfTlQH8t..}\n"), 0o600))
	address := prometheustest.Serve(t, dir, "", "--web.config.file="+web)

	user := func(password prometheus.Secret) func(*prometheus.SourceConfig) {
		return func(c *prometheus.SourceConfig) { c.User, c.Password = "reader", password }
	}
	_, err := visits(t, address, 0, 1, user("open sesame"))
	require.NoError(t, err)
	_, err = visits(t, address, 0, 1, user("open barley"))
	requireAnswer(t, err, 401, "", "Unauthorized")
	_, err = visits(t, address, 0, 1, nil)
	requireAnswer(t, err, 401, "", "Unauthorized")
}

func TestTheRealServerScrapes(t *testing.T) {
	observers := crowd(t)
	handler, err := prometheus.NewHandler(observers...)
	require.NoError(t, err)
	scrapes := make(chan struct{}, 1000)
	shown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scrapes <- struct{}{}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(shown.Close)
	address := prometheustest.Serve(t, t.TempDir(), fmt.Sprintf("scrape_configs: [{job_name: engine, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{targets: [%q]}]}]\n", shown.Listener.Addr()))
	for range 3 { // the next begins when the last is stored
		<-scrapes
	}
	all := decisions(t)
	last := &all[len(all)-1]
	for expression, want := range map[string]float64{
		`max(max_over_time(up{job="engine"}[1m]))`:                                                              1,
		`max(last_over_time(headroom_replicas_desired{service="a\\b\"c\nd{e},f=ü"}[1m]))`:                       float64(last.Replicas),
		`max(last_over_time(headroom_demand_forecast{service="",level="0.95"}[1m]))`:                            last.Quantile(.95),
		`max(last_over_time(headroom_cost_replica_seconds{service="",policy="pinned",window="week"}[1m]))/3600`: 3,
		`count(last_over_time(headroom_changes_total[1m]))`:                                                     4,
	} {
		s, err := prometheus.NewSource(prometheus.SourceConfig{URL: address, Query: expression, Step: time.Second, Client: prometheustest.Client(t)})
		require.NoError(t, err)
		now := time.Now()
		got, err := s.Read(t.Context(), nil, now.Add(-2*time.Second), now.Add(time.Second))
		require.NoError(t, err)
		require.NotEmpty(t, got, expression)
		require.Equal(t, want, got[len(got)-1].Value, expression)
	}
}

// requireAnswer demands that err is the server's, of this status and type, with such a message.
func requireAnswer(t *testing.T, err error, status int, kind, message string) {
	t.Helper()
	var answer *prometheus.APIError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, status, answer.Status)
	require.Equal(t, kind, answer.Type)
	require.Contains(t, answer.Message, message)
}
